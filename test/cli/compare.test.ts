import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, failure, lines, makeModel, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
});
afterAll(() => remove());

const CPU = ['--device', 'cpu', '--epochs', '60', '--planner', 'worker'];

describe.concurrent('compare', () => {
  it('measures every model on the same users, best first, with a test against the best', async () => {
    const args = ['compare', 'log.csv', '--models', 'random,popular,linear', '-k', '5', ...CPU];
    const { stdout } = await done([...args, '--json'], { cwd });
    const { protocol, users, models } = JSON.parse(stdout);
    expect(protocol).toEqual({ split: 'heldOutUsers', ranking: 'full', ties: 'expected', seed: 1 });
    expect(users.scored).toBeGreaterThan(5);
    const names = models.map(({ model }: { model: string }) => model);
    expect(names).toHaveLength(3);
    expect(names[0]).toBe('linear');
    const ndcg = models.map(
      ({ metrics }: { metrics: Record<string, { mean: number }> }) => metrics['ndcg@100'].mean,
    );
    expect(ndcg).toEqual([...ndcg].sort((a, b) => b - a));
    expect(models[0].versusBest).toBeUndefined();
    for (const [place, { versusBest, metrics, parameters, peakBytes }] of models.entries()) {
      expect(peakBytes).toBeGreaterThan(0);
      expect(metrics['precision@5']).toBeDefined();
      expect(parameters).toBeGreaterThanOrEqual(0);
      if (place === 0) continue;
      expect(versusBest.metric).toBe('ndcg@100');
      expect(versusBest.difference).toBeCloseTo(ndcg[place] - ndcg[0], 10);
      expect(versusBest.p).toBeGreaterThan(0);
      expect(versusBest.p).toBeLessThanOrEqual(1);
    }
    // The same figures from the command that trains one of them.
    await done(['train', 'log.csv', '--model', 'linear', '--out', 'linear.safetensors', ...CPU], { cwd });
    const evaluated = JSON.parse(
      (await done(['evaluate', join(cwd, 'linear.safetensors'), '--json'], { cwd })).stdout,
    );
    expect(evaluated.metrics['ndcg@100']).toEqual(models[0].metrics['ndcg@100']);
  });

  it('prints a table with the protocol under it', async () => {
    const { stdout } = await done(
      ['compare', 'log.csv', '--models', 'popular,random', '--metrics', 'mrr', ...CPU],
      { cwd },
    );
    expect(lines(stdout)[0]).toMatch(/^model +ndcg@100 +± +mrr +p +parameters +memory +time$/);
    expect(stdout).toMatch(/mean ± standard error over \d+ users/);
  });

  it('searches options on the validation part, keeps a journal and goes on from it', async () => {
    const args = ['compare', 'log.csv', '--models', 'popular,ease', '--tune', '4', '--metrics', 'ndcg@10'];
    const journal = join(cwd, 'search.jsonl');
    const tuned = async (...more: string[]) =>
      JSON.parse(
        (await done([...args, '--device', 'cpu', '--journal', journal, '--json', ...more], { cwd })).stdout,
      );
    const first = await tuned();
    const ease = first.models.find(({ model }: { model: string }) => model === 'ease');
    expect(ease.tuned).toMatchObject({ trials: 4, failed: 0 });
    expect(ease.tuned.validation).toBeGreaterThanOrEqual(ease.tuned.defaults);
    const kept = lines(await readFile(journal, 'utf8'));
    // The head, popularity's one trial, and four.
    expect(kept).toHaveLength(6);
    // As after an interruption: the last trial was not finished.
    await writeFile(journal, `${kept.slice(0, 5).join('\n')}\n{"model":"ease","tri`);
    const again = await tuned();
    const timeless = ({ models }: { models: Record<string, unknown>[] }) =>
      models.map(({ ms: _, ...model }) => model);
    expect(timeless(again)).toEqual(timeless(first));
    expect(lines(await readFile(journal, 'utf8')).filter((line) => line.includes('"trial"'))).toHaveLength(5);
    // What was found is what train takes.
    const flags = ease.tuned.flags.split(' ').filter((word: string) => word !== '');
    await done(
      ['train', 'log.csv', '--model', 'ease', ...flags, '--device', 'cpu', '--out', 'e.safetensors'],
      { cwd },
    );
    const alone = JSON.parse((await done(['evaluate', 'e.safetensors', '--json'], { cwd })).stdout);
    expect(alone.metrics['ndcg@10']).toEqual(ease.metrics['ndcg@10']);
    const text = await done([...args, '--device', 'cpu', '--journal', journal], { cwd });
    expect(text.stdout).toMatch(/^ease +\S.* validation 0\.\d+ \(4 trials, defaults 0\.\d+\)$/m);
    expect(await failure([...args, '--journal', journal, '--seed', '2'], { cwd })).toMatchObject({
      exit: 2,
      code: 'CONFIG',
    });
    expect(await failure(['compare', 'log.csv', '--journal', 'x'], { cwd })).toMatchObject({ exit: 2 });
  }, 120_000);

  it('refuses an unknown model and a comparison without a test part', async () => {
    expect(await failure(['compare', 'log.csv', '--models', 'mlpp'], { cwd })).toMatchObject({
      exit: 2,
      code: 'CONFIG',
    });
    expect(await failure(['compare', 'log.csv', '--test', '0'], { cwd })).toMatchObject({
      exit: 2,
      code: 'USAGE',
    });
  });
});
