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
    for (const [place, { versusBest, metrics, parameters }] of models.entries()) {
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
    expect(lines(stdout)[0]).toMatch(/^model +ndcg@100 +mrr +p +parameters +time$/);
    expect(stdout).toMatch(/mean ± standard error over \d+ users/);
  });

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
