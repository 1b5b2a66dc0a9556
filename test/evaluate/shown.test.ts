import { afterAll, describe, expect, it } from 'vitest';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { sampleLog } from '../../src/data/sample.js';
import { heldOutUsers } from '../../src/data/split.js';
import type { EvaluationSet } from '../../src/data/splitTypes.js';
import { evaluate } from '../../src/evaluate/evaluate.js';
import { fit } from '../../src/recommend/fit.js';
import { errorOf, interactionsOf } from '../data/helpers.js';

const backend = createCpuBackend();
afterAll(() => backend.dispose());

const interactions = interactionsOf(sampleLog({ users: 120, items: 40 }).rows);
const split = heldOutUsers(interactions);
const linear = (zeroDiagonal: boolean) =>
  fit(backend, interactions, {
    model: 'linear',
    network: { zeroDiagonal },
    train: { epochs: 30, learningRate: 0.01, l2: 0.01 },
    split,
  });
const METRICS = { metrics: ['ndcg@10'] };

/** The users of the test part shown all they have, and asked for a part of it. */
const ownInput: EvaluationSet = {
  history: csrFromRows(
    Array.from({ length: split.test.history.rows }, (_, row) => [
      ...split.test.history.indices.subarray(
        split.test.history.indptr[row],
        split.test.history.indptr[row + 1],
      ),
      ...split.test.heldOut.indices.subarray(
        split.test.heldOut.indptr[row],
        split.test.heldOut.indptr[row + 1],
      ),
    ]),
    split.train.columns,
  ),
  heldOut: split.test.heldOut,
};

describe('a model that is shown what it is to find', () => {
  it('is refused, by the ids, and an echo is told where there is one', async () => {
    const names = { user: (row: number) => `reader ${row}`, item: (column: number) => `book ${column}` };
    const { recommender: plain } = await linear(true);
    const { recommender: echoing } = await linear(false);
    try {
      const error = await errorOf(
        () => evaluate(backend, plain.model, ownInput, { ...METRICS, names }),
        'LEAKAGE',
      );
      expect(error.details.kind).toBe('pair');
      expect(error.message).toMatch(/user "reader 0", item "book \d+"/);
      const echo = await errorOf(
        () => evaluate(backend, echoing.model, ownInput, { ...METRICS, names }),
        'LEAKAGE',
      );
      expect(echo.details.kind).toBe('echo');
      expect(echo.message).toContain('linear model gives back what goes in');
    } finally {
      plain.dispose();
      echoing.dispose();
    }
  });

  it('can be looked at: then the echo shows in the figures, and on clean data nothing does', async () => {
    const { recommender, test } = await linear(false);
    try {
      const found = await evaluate(backend, recommender.model, ownInput, { ...METRICS, allowLeak: true });
      expect(found.leaks!.map(({ kind }) => kind)).toEqual(['echo', 'pair']);
      const clean = await evaluate(backend, recommender.model, split.test, METRICS);
      expect(clean.leaks).toBeUndefined();
      expect(clean.metrics['ndcg@10'].mean).toBe(test!.model.metrics['ndcg@10'].mean);
      expect(found.metrics['ndcg@10'].mean).toBeGreaterThan(1.1 * clean.metrics['ndcg@10'].mean);
    } finally {
      recommender.dispose();
    }
  });
});

it('labels of the test part do not touch the weights', async () => {
  const other = {
    ...split,
    test: { ...split.test, heldOut: split.test.history, history: split.test.heldOut },
  };
  const weights = async (of: typeof split) => {
    const { recommender } = await fit(backend, interactions, {
      model: 'mlp',
      network: { hidden: [8] },
      train: { epochs: 4 },
      split: of,
    });
    const { tensors } = await recommender.contents();
    recommender.dispose();
    return tensors;
  };
  expect(await weights(other)).toEqual(await weights(split));
});
