import { afterAll, describe, expect, it } from 'vitest';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { sampleLog } from '../../src/data/sample.js';
import { heldOutUsers } from '../../src/data/split.js';
import { evaluate } from '../../src/evaluate/evaluate.js';
import { fit } from '../../src/recommend/fit.js';
import type { Trial } from '../../src/search/journal.js';
import { type Searched, type SearchSettings, search } from '../../src/search/search.js';
import { errorOf, interactionsOf } from '../data/helpers.js';

const backend = createCpuBackend();
afterAll(() => backend.dispose());

const interactions = interactionsOf(sampleLog({ users: 150, items: 40 }).rows);
const split = heldOutUsers(interactions, { validation: 0.2, test: 0.2 });
const run = (model: string, options: Partial<SearchSettings> = {}) =>
  search(backend, interactions, model, { trials: 6, split, seed: 1, ...options });
const timeless = ({ trials }: Searched) => trials.map(({ ms: _, ...trial }) => trial);

describe('search', () => {
  it('finds options that are at least as good on the validation part as the defaults', async () => {
    const before = backend.liveBytes;
    const found = await run('ease');
    expect(backend.liveBytes).toBe(before);
    expect(found.trials).toHaveLength(6);
    expect(found.trials[0]).toMatchObject({ options: { network: {}, train: {} }, value: found.defaults });
    expect(found.best.value).toBe(Math.max(...found.trials.map(({ value }) => value!)));
    expect(found.best.value).toBeGreaterThan(found.defaults!);
    // The figure is that of a model made with these options.
    const { network } = found.best.options;
    const { recommender } = await fit(backend, interactions, { model: 'ease', network, split });
    const { metrics } = await evaluate(backend, recommender.model, split.validation, {
      metrics: ['ndcg@100'],
    });
    recommender.dispose();
    expect(metrics['ndcg@100'].mean).toBe(found.best.value);
  });

  it('never looks at the test part', async () => {
    const nothing = csrFromRows(
      Array.from({ length: split.test.heldOut.rows }, () => [0]),
      split.train.columns,
    );
    const others = { ...split, test: { ...split.test, heldOut: nothing, history: nothing } };
    expect(timeless(await run('ease', { split: others }))).toEqual(timeless(await run('ease')));
  });

  const short = { train: { epochs: 13, patience: 0 }, trials: 5 };

  it('stops trials that are behind, and goes on where it was interrupted', async () => {
    const kept: Trial[] = [];
    const onTrial = async (trial: Trial) => void kept.push(trial);
    const whole = await run('linear', { ...short, onTrial });
    expect(kept).toEqual(whole.trials);
    const stopped = whole.trials.filter(({ status }) => status === 'stopped');
    expect(stopped.length).toBeGreaterThan(0);
    for (const { epochs, rungs } of stopped) {
      expect([4, 12]).toContain(epochs);
      expect(rungs[rungs.length - 1].epoch).toBe(epochs);
    }
    const again: number[] = [];
    const resumed = await run('linear', {
      ...short,
      before: kept.slice(0, 3),
      onTrial: async ({ trial }) => void again.push(trial),
    });
    expect(again).toEqual([3, 4]);
    expect(timeless(resumed)).toEqual(timeless(whole));
  }, 60_000);

  it('has one trial of a model with nothing to search', async () => {
    expect((await run('popular')).trials).toHaveLength(1);
  });

  it('goes on when a trial fails, and says so when all do', async () => {
    const diverging = { learningRate: 1e6, optimizer: 'sgd' as const, epochs: 20 };
    // The rate is searched, so the defaults fail and the others do not.
    const found = await run('linear', { trials: 2, train: diverging });
    expect(found.trials[0]).toMatchObject({ status: 'failed', value: null });
    expect(found.trials[0].reason).toContain('learning rate');
    expect(found.defaults).toBeNull();
    expect(found.best.trial).toBe(1);
    await errorOf(() => run('linear', { trials: 1, train: diverging }), 'DIVERGED');
  });

  it('needs a validation part, and stops when told', async () => {
    const without = heldOutUsers(interactions, { validation: 0 });
    await errorOf(() => run('ease', { split: without }), 'SPLIT_EMPTY');
    await errorOf(() => run('linear', { ...short, signal: AbortSignal.abort() }), 'ABORTED');
  });
});
