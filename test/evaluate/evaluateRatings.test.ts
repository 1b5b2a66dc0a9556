import { afterAll, expect, it } from 'vitest';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { evaluateRatings } from '../../src/evaluate/evaluateRatings.js';
import { ItemTable } from '../../src/model/itemTable.js';
import { errorOf } from '../data/helpers.js';

const backend = createCpuBackend();
afterAll(() => backend.dispose());

/** Item 0 gives item 1 a score of 2 and item 2 a score of 3. */
const model = () => new ItemTable('table', backend, 3, {}, Float32Array.of(0, 2, 3, 0, 0, 0, 0, 0, 0));
const train = csrFromRows([[0, 1], [1]], 3, [[5, 1], [3]]);
const set = {
  history: csrFromRows([[0], [0]], 3),
  heldOut: csrFromRows([[1, 2], [2]], 3, [[1, 4], [5]]),
};

it('is the error of scores over held-out ratings, beside what needs no model', async () => {
  const table = model();
  const found = await evaluateRatings(backend, table, set, { train, calibration: set, threshold: 3 });
  table.dispose();
  // Scores 2, 3, 3 for the ratings 1, 4, 5.
  expect(found.pairs).toBe(3);
  expect(found.model.mae).toBeCloseTo(4 / 3, 14);
  expect(found.model.rmse).toBeCloseTo(Math.sqrt(6 / 3), 14);
  expect(found.model.decisions).toEqual({ accuracy: 1, precision: 1, recall: 1, f1: 1 });
  // The line through (2, 1) and the mean of (3, 4) and (3, 5): 3.5 x - 6.
  expect(found.calibrated!.mae).toBeCloseTo(1 / 3, 14);
  // Mean rating 3; of item 1 it is 2, of item 2, which nobody rated, 3.
  expect(found.mean.mae).toBeCloseTo((2 + 1 + 2) / 3, 14);
  expect(found.itemMean.mae).toBeCloseTo((1 + 1 + 2) / 3, 14);
  expect(found.itemMean.decisions).toMatchObject({ accuracy: 1 });
});

it('needs ratings', async () => {
  const table = model();
  const plain = { ...set, heldOut: csrFromRows([[1, 2], [2]], 3) };
  await errorOf(() => evaluateRatings(backend, table, plain, { train }), 'CONFIG');
  table.dispose();
});
