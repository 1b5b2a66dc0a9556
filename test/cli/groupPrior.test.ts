import { afterAll, beforeAll, expect, it } from 'vitest';
import { done, failure, makeModel, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
});
afterAll(() => remove());

const train = ['train', 'log.csv', '--model', 'ease', '--device', 'cpu'];

it('train --group-prior says what it chose and by what, and the file answers as any other', async () => {
  const made = await done([...train, '--group-prior', '3', '--out', 'g.safetensors'], { cwd });
  expect(made.stderr).toMatch(
    /groups +3, counting [\d.]+ \/ \(n \+ [\d.]+\) of n items; ndcg@100 by items shown: 1 0\.\d+ \(without 0\.\d+\)/,
  );
  expect(made.stdout).toMatch(/grouped/);
  const told = await done(['recommend', 'g.safetensors', '--user', 'u0001', '-k', '3', '--json'], { cwd });
  expect(JSON.parse(told.stdout)[0].items).toHaveLength(3);
});

it('refuses groups that make no sense', async () => {
  const many = [...train, '--group-prior', '5000', '--out', 'n.safetensors'];
  expect(await failure(many, { cwd })).toMatchObject({
    code: 'CONFIG',
    message: expect.stringMatching(/5000 groups/),
  });
  const word = [...train, '--group-prior', 'some', '--out', 'n.safetensors'];
  expect(await failure(word, { cwd })).toMatchObject({ exit: 2, code: 'CONFIG' });
});
