import { expect, it } from 'vitest';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { reconstructionError } from '../../src/evaluate/reconstruction.js';
import { Popular } from '../../src/model/baselines.js';

// A model whose scores are known: 0, 1 and 2 for every row.
const scores = Float32Array.of(0, 1, 2);

it('is the mean of |output - x| by hand, for every output, over more rows than a batch', async () => {
  const backend = createCpuBackend();
  const model = new Popular(backend, scores);
  const one = csrFromRows([[0, 2]], 3);
  // |0 - 1| + |1 - 0| + |2 - 1| = 3
  expect(await reconstructionError(backend, model, one, 'linear')).toBeCloseTo(3 / 3, 12);
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const bySigmoid = 1 - sigmoid(0) + sigmoid(1) + (1 - sigmoid(2));
  expect(await reconstructionError(backend, model, one, 'sigmoid')).toBeCloseTo(bySigmoid / 3, 12);
  const total = 1 + Math.E + Math.E ** 2;
  const bySoftmax = 1 - 1 / total + Math.E / total + (1 - Math.E ** 2 / total);
  expect(await reconstructionError(backend, model, one, 'softmax')).toBeCloseTo(bySoftmax / 3, 12);

  const weighted = csrFromRows([[1]], 3, [[4]]);
  expect(await reconstructionError(backend, model, weighted, 'linear')).toBeCloseTo((0 + 3 + 2) / 3, 12);
  // Rows without an item: 0 + 1 + 2 each.
  const many = csrFromRows([...Array(199).fill([]), [0, 2]], 3);
  expect(await reconstructionError(backend, model, many, 'linear')).toBeCloseTo((3 * 199 + 3) / 600, 12);
  model.dispose();
  expect(backend.liveBytes).toBe(0);
});

it('refuses no rows and broken scores', async () => {
  const backend = createCpuBackend();
  const model = new Popular(backend, Float32Array.of(Number.NaN, 1, 1));
  const rejects = (rows: number[][]) =>
    expect(reconstructionError(backend, model, csrFromRows(rows, 3), 'linear'));
  await rejects([]).rejects.toMatchObject({ code: 'SPLIT_EMPTY' });
  await rejects([[0]]).rejects.toMatchObject({ code: 'DIVERGED' });
});
