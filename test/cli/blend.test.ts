import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, failure, makeModel, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
});
afterAll(() => remove());

const train = (...args: string[]) => ['train', 'log.csv', '--device', 'cpu', '--model', 'blend', ...args];

describe.concurrent('train --model blend', () => {
  it('makes one file of several models, which answers like any other', async () => {
    const made = await done(
      train(
        '--members',
        'ease,itemknn',
        '--member',
        'ials --factors 8 --sweeps 3',
        '--out',
        'three.safetensors',
      ),
      { cwd },
    );
    expect(made.stdout).toMatch(/weights +ease \d\.\d\d \+ itemknn \d\.\d\d \+ ials \d\.\d\d/);
    expect(made.stderr).toContain('member 3 of 3: ials');
    const { stdout } = await done(
      ['recommend', 'three.safetensors', '--user', 'u0001', '-k', '3', '--json'],
      { cwd },
    );
    expect(JSON.parse(stdout)[0].items).toHaveLength(3);
  });

  it('takes weights as they are given, and leaves members without weight out', async () => {
    const args = ['--members', 'ease,popular,itemknn', '--weights', '1,0,3', '--out', 'two.safetensors'];
    const made = await done(train(...args), { cwd });
    expect(made.stdout).toContain('ease 0.25 + popular 0.00 + itemknn 0.75, as asked for');
    const item = JSON.parse(
      (await done(['recommend', 'two.safetensors', '--user', 'u0001', '-k', '1', '--json'], { cwd })).stdout,
    )[0].items[0].item;
    const told = await done(['explain', 'two.safetensors', '--user', 'u0001', '--item', item, '--json'], {
      cwd,
    });
    expect(JSON.parse(told.stdout)).toMatchObject({ method: 'additive' });
  });

  it.each([
    [['--members', 'ease,easy'], /the member "easy" of the blend/],
    [
      ['--members', 'ease', '--member', 'ials --fctors 8'],
      /the member "ials --fctors 8" of the blend: .*--fctors/,
    ],
    [['--members', 'ease', '--member', 'ials --hidden 8'], /--hidden means nothing to the model ials/],
    [['--members', 'ease'], /a blend of 1 members/],
    [['--members', 'ease,ials', '--weights', '1'], /expected 2 numbers/],
    [['--l2', '3'], /--l2 means nothing to the model blend/],
  ])('refuses %o before anything is read', async (args, message) => {
    const found = await failure(train(...args, '--out', 'no.safetensors'), { cwd });
    expect(found).toMatchObject({ exit: 2, code: 'CONFIG', message: expect.stringMatching(message) });
  });

  it('has no checkpoint to go on from', async () => {
    const args = train('--resume', 'some.checkpoint', '--out', 'no.safetensors');
    expect(await failure(args, { cwd })).toMatchObject({ exit: 2, code: 'USAGE' });
  });

  it('stands in a comparison', async () => {
    const { stdout } = await done(
      ['compare', 'log.csv', '--models', 'ease,blend', '--device', 'cpu', '--json'],
      {
        cwd,
      },
    );
    expect(
      JSON.parse(stdout)
        .models.map(({ model }: { model: string }) => model)
        .sort(),
    ).toEqual(['blend', 'ease']);
  });
});
