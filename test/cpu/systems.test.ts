import { afterAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/backend/backend.js';
import { freeAll, uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';

const backend = createCpuBackend({ precision: 'f64' });
afterAll(() => expect(backend.liveBytes).toBe(0));

const tensor = (values: number[], ...shape: number[]): Tensor =>
  backend.tensor(Float64Array.from(values), shape);

describe('normalEquations', () => {
  it('by hand: sums over the entries of a row, beside the base; rows beyond the batch', async () => {
    // Row 1 has items 0 (twice as heavy) and 2; of three rows there are, the second alone is asked for.
    const input = uploadRows(backend, csrFromRows([[1], [0, 2], []], 3, [[1], [2, 3], []]));
    const tensors = {
      factors: tensor([1, 2, 5, 7, -1, 3], 3, 2),
      base: tensor([10, 1, 1, 20], 2, 2),
      systems: tensor(new Array(8).fill(99), 4, 2),
      rhs: tensor(new Array(4).fill(99), 2, 2),
    };
    const rows = backend.tensor(Uint32Array.of(0, 1, 2));
    const batch = { rows, first: 1, count: 1 };
    backend.normalEquations({ input, batch, ...tensors, baseWeight: 0.5, ridge: 4, entryRidge: 0.1 });
    const systems = Array.from(await backend.read(tensors.systems));
    // 2 (1, 2)(1, 2)T + 3 (-1, 3)(-1, 3)T, half the base, and 4 + .1 (2 + 3) on the diagonal.
    expect([systems[0], systems[1], systems[3]]).toEqual([
      5 + 2 * 1 + 3 * 1 + 4.5,
      0.5 + 2 * 2 - 3 * 3,
      10 + 2 * 4 + 3 * 9 + 4.5,
    ]);
    expect(systems.slice(4)).toEqual([99, 99, 99, 99]);
    expect(Array.from(await backend.read(tensors.rhs))).toEqual([2 - 3, 4 + 9, 0, 0]);
    input.free();
    freeAll([rows, ...Object.values(tensors)]);
  });
});

describe('solveSystems', () => {
  it('solves what it was made from, and leaves UT U = A', async () => {
    const a = [
      [4, 1, -2],
      [1, 5, 0.5],
      [-2, 0.5, 6],
    ];
    const x = [1, -2, 3];
    const right = a.map((row) => row.reduce((sum, value, j) => sum + value * x[j], 0));
    // Below the diagonal is what means nothing.
    const upper = a.flatMap((row, i) => row.map((value, j) => (j < i ? 1e9 : value)));
    const tensors = {
      systems: tensor([...upper, ...new Array(9).fill(7)], 6, 3),
      rhs: tensor([...right, 1, 1, 1], 2, 3),
      solutions: tensor(new Array(6).fill(99), 2, 3),
    };
    backend.solveSystems({ ...tensors, count: 1 });
    const found = await backend.read(tensors.solutions);
    for (const [i, value] of [...x, 0, 0, 0].entries()) expect(found[i]).toBeCloseTo(value, 12);
    const u = await backend.read(tensors.systems);
    for (const i of [0, 1, 2]) {
      for (let j = i; j < 3; j++) {
        let sum = 0;
        for (let t = 0; t <= i; t++) sum += u[3 * t + i] * u[3 * t + j];
        expect(sum).toBeCloseTo(a[i][j], 12);
      }
    }
    freeAll(Object.values(tensors));
  });

  it('gives an unknown 0 where its pivot is not positive', async () => {
    const tensors = {
      systems: tensor([4, 0, 0, -1], 2, 2),
      rhs: tensor([8, 3], 1, 2),
      solutions: tensor([9, 9], 1, 2),
    };
    backend.solveSystems({ ...tensors, count: 1 });
    expect(Array.from(await backend.read(tensors.solutions))).toEqual([2, 0]);
    freeAll(Object.values(tensors));
  });
});

describe('gaussianKernel', () => {
  it('is 1 for the same direction and falls off as asked', async () => {
    const cosines = tensor([1, 0, -1, 0.5], 2, 2);
    backend.gaussianKernel({ cosines, sharpness: 3 });
    expect(Array.from(await backend.read(cosines))).toEqual([1, Math.exp(-3), Math.exp(-6), Math.exp(-1.5)]);
    cosines.free();
  });
});

describe('standardise', () => {
  const scores = () => tensor([1, 2, 3, 4, 4, 4], 2, 3);
  const sd = Math.sqrt(2 / 3);

  it('by hand: mean 0 and standard deviation 1 over the row; 0 in a row of equals', async () => {
    const tensors = { scores: scores(), out: tensor(new Array(6).fill(99), 2, 3) };
    backend.standardise({ ...tensors, weight: 2 });
    const found = await backend.read(tensors.out);
    for (const [i, x] of [-2 / sd, 0, 2 / sd, 0, 0, 0].entries()) expect(found[i]).toBeCloseTo(x, 12);
    freeAll(Object.values(tensors));
  });

  it('adds to what is there, times the weight of the row', async () => {
    const tensors = {
      scores: scores(),
      out: tensor([1, 1, 1, 1, 1, 1], 2, 3),
      rowWeights: tensor([3, 5], 2),
    };
    backend.standardise({ ...tensors, weight: 1, accumulate: true });
    const found = await backend.read(tensors.out);
    for (const [i, x] of [1 - 3 / sd, 1, 1 + 3 / sd, 1, 1, 1].entries()) expect(found[i]).toBeCloseTo(x, 12);
    freeAll(Object.values(tensors));
  });
});

describe('bagSparse', () => {
  it('by hand: adds rows of a sparse table, weighted; other rows keep their values', async () => {
    const input = uploadRows(backend, csrFromRows([[], [0, 2]], 4, [[], [2, 0.5]]));
    const table = uploadRows(backend, csrFromRows([[1, 3], [0], [1], []], 4, [[3, 4], [9], [8], []]));
    const out = tensor([1, 1, 1, 1, 5, 5, 5, 5], 2, 4);
    const rows = backend.tensor(Uint32Array.of(1));
    backend.bagSparse({ input, batch: { rows, first: 0, count: 1 }, table, out });
    expect(Array.from(await backend.read(out))).toEqual([1, 1 + 2 * 3 + 0.5 * 8, 1, 1 + 2 * 4, 5, 5, 5, 5]);
    input.free();
    table.free();
    freeAll([rows, out]);
  });
});

describe('accumulate', () => {
  it('adds element by element', async () => {
    const tensors = { input: tensor([1, -2, 0.5], 3), out: tensor([10, 20, 30], 3) };
    backend.accumulate(tensors);
    expect(Array.from(await backend.read(tensors.out))).toEqual([11, 18, 30.5]);
    freeAll(Object.values(tensors));
  });
});
