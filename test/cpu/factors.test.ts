// The steps of the inverse by blocks, each by itself against its definition in plain loops; the whole is in solve.test.ts.
import { afterAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/backend/backend.js';
import { PANEL } from '../../src/backend/ops.js';
import { freeAll, uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { columnRange, transposed } from '../../src/data/csr.js';
import { numbers, randomCsr } from '../../src/verify/inputs.js';

const backend = createCpuBackend({ precision: 'f64' });
afterAll(() => expect(backend.liveBytes).toBe(0));

type Matrix = number[][];

const matrix = (rows: number, columns: number, at: (r: number, c: number) => number): Matrix =>
  Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => at(r, c)));

function seeded(rows: number, columns: number, seed: number): Matrix {
  const values = numbers(rows * columns, seed);
  return matrix(rows, columns, (r, c) => values[r * columns + c]);
}

const upload = (m: Matrix): Tensor => backend.tensor(Float64Array.from(m.flat()), [m.length, m[0].length]);

async function download(tensor: Tensor): Promise<Matrix> {
  const [rows, columns] = tensor.shape;
  const values = await backend.read(tensor);
  return matrix(rows, columns, (r, c) => values[r * columns + c]);
}

function expectClose(found: Matrix, expected: Matrix): void {
  found.forEach((row, r) => {
    row.forEach((x, c) => {
      expect(x, `${r}, ${c}`).toBeCloseTo(expected[r][c], 12);
    });
  });
}

const sum = (count: number, term: (t: number) => number): number =>
  Array.from({ length: count }, (_, t) => term(t)).reduce((a, b) => a + b, 0);

/** Diagonally dominant and symmetric. */
function definite(n: number, seed: number): Matrix {
  const m = seeded(n, n, seed);
  return matrix(n, n, (r, c) => (m[r][c] + m[c][r]) / 2 + (r === c ? n : 0));
}

describe('matmulPanel', () => {
  const [k, n, rows] = [130, 100, 3];
  const [a, b, before] = [seeded(140, k, 1), seeded(140, n, 2), seeded(PANEL, n, 3)];

  it.each([
    [0, 140, 0, n, false],
    [7, 20, 64, n, false],
    [3, 38, 0, 64, true],
    [5, 5, 0, n, false],
  ])('terms %i..%i, columns %i..%i, lower: %s', async (from, to, firstColumn, endColumn, bIsLower) => {
    const right = bIsLower ? matrix(140, n, (t, c) => (t < c ? 0 : b[t][c])) : b;
    const tensors = { a: upload(a), b: upload(right), out: upload(before) };
    const part = { outRow: 2, first: 64, rows, from, to, firstColumn, endColumn, bIsLower };
    backend.matmulPanel({ ...tensors, ...part });
    const product = (r: number, c: number) =>
      sum(to - from, (t) => a[from + t][64 + r - 2] * right[from + t][c]);
    const isInside = (r: number, c: number) => r >= 2 && r < 2 + rows && c >= firstColumn && c < endColumn;
    expectClose(
      await download(tensors.out),
      matrix(PANEL, n, (r, c) => (isInside(r, c) ? product(r, c) : before[r][c])),
    );
    freeAll(Object.values(tensors));
  });
});

describe('cholesky', () => {
  it.each([
    [5, 0],
    [64, 0],
    [100, 64],
  ])('of order %i, block at %i: UT U is the block less the panel', async (n, first) => {
    const size = Math.min(PANEL, n - first);
    const [whole, panel] = [definite(n, 4), seeded(PANEL, n, 5)];
    const tensors = {
      matrix: upload(whole),
      panel: upload(panel),
      diagonal: backend.zeros('f32', [n, PANEL]),
    };
    backend.cholesky({ ...tensors, first });
    const found = await download(tensors.diagonal);
    const u = found.slice(first, first + size);
    const product = matrix(size, size, (r, c) => sum(size, (t) => u[t][r] * u[t][c]));
    // Of the block only what is above the diagonal is read.
    const block = (r: number, c: number) => whole[first + r][first + c] - panel[r][first + c];
    expectClose(
      product,
      matrix(size, size, (r, c) => block(Math.min(r, c), Math.max(r, c))),
    );
    found.forEach((row, r) => {
      row.forEach((x, c) => {
        if (r < first || c < r - first || c >= size) expect(x).toBe(0);
      });
    });
    freeAll(Object.values(tensors));
  });

  it('gives a row of zeros for a pivot that is not positive', async () => {
    const whole = [
      [4, 2, 0],
      [2, 1, 3],
      [0, 3, 9],
    ];
    const tensors = {
      matrix: upload(whole),
      panel: backend.zeros('f32', [PANEL, 3]),
      diagonal: backend.zeros('f32', [3, PANEL]),
    };
    backend.cholesky({ ...tensors, first: 0 });
    const found = (await download(tensors.diagonal)).map((row) => row.slice(0, 3));
    expect(found).toEqual([
      [2, 1, 0],
      [0, 0, 0],
      [0, 0, 3],
    ]);
    freeAll(Object.values(tensors));
  });
});

describe('triangularSolve', () => {
  it.each([
    [64, 64, 0, 0, 64],
    [100, 100, 64, 0, 64],
    [70, 100, 64, 64, 100],
  ])(
    'of [%i, %i], rows from %i, columns %i..%i: UT X is what was there less the panel',
    async (n, m, first, from, end) => {
      const size = Math.min(PANEL, n - first);
      const values = seeded(n, PANEL, 6);
      const factors = matrix(n, PANEL, (r, c) =>
        c < r % PANEL ? 0 : values[r][c] + (c === r % PANEL ? 3 : 0),
      );
      const [before, panel] = [seeded(n, m, 7), seeded(PANEL, m, 8)];
      const tensors = { diagonal: upload(factors), panel: upload(panel), out: upload(before) };
      backend.triangularSolve({ ...tensors, first, firstColumn: from, endColumn: end });
      const found = await download(tensors.out);
      const isInside = (r: number, c: number) => r >= first && r < first + size && c >= from && c < end;
      const back = (r: number, c: number) =>
        sum(size, (t) => factors[first + t][r - first] * found[first + t][c]) + panel[r - first][c];
      expectClose(
        matrix(n, m, (r, c) => (isInside(r, c) ? back(r, c) : found[r][c])),
        before,
      );
      freeAll(Object.values(tensors));
    },
  );

  it('gives 0 where the factor has a row of zeros', async () => {
    const factors = matrix(2, PANEL, (r, c) => (r === 0 && c === 0 ? 2 : 0));
    const tensors = {
      diagonal: upload(factors),
      panel: backend.zeros('f32', [PANEL, 1]),
      out: upload([[6], [5]]),
    };
    backend.triangularSolve({ ...tensors, first: 0, firstColumn: 0, endColumn: 1 });
    expect(await download(tensors.out)).toEqual([[3], [0]]);
    freeAll(Object.values(tensors));
  });
});

describe('residual', () => {
  it.each([
    [70, 70, 0, 70],
    [70, 9, 64, 6],
    [5, 5, 0, 0],
  ])('of [%i, %i], rows %i and %i more: scale I - a b', async (n, m, first, count) => {
    const [a, b, before] = [definite(n, 9), seeded(n, m, 10), seeded(n, m, 11)];
    const tensors = { a: upload(a), b: upload(b), out: upload(before) };
    backend.residual({ ...tensors, scale: 2, first, count });
    const missing = (r: number, c: number) => (r === c ? 2 : 0) - sum(n, (t) => a[r][t] * b[t][c]);
    expectClose(
      await download(tensors.out),
      matrix(n, m, (r, c) => (r >= first && r < first + count ? missing(r, c) : before[r][c])),
    );
    freeAll(Object.values(tensors));
  });
});

describe('a block of columns', () => {
  const [n, from, width] = [200, 64, 100];
  const own = (m: Matrix) => m.map((row) => row.slice(from, from + width));
  const whole = definite(n, 12);
  /** What an op makes of whole matrices, by those of the columns that the block has; and of the block alone. */
  async function both(
    run: (cut: (m: Matrix) => Matrix, first: number) => { out: Tensor; others: Tensor[] },
  ): Promise<[Matrix, Matrix]> {
    const made = [run((m) => m, 0), run(own, from)];
    const [all, found] = await Promise.all(made.map(({ out }) => download(out)));
    freeAll(made.flatMap(({ out, others }) => [out, ...others]));
    return [all, found];
  }

  it('of the Gram matrix has the rows of the whole, and its part of the ridge', async () => {
    const log = randomCsr(50, n, 0.2, 13, true);
    const turned = transposed(log);
    const [all, found] = await both((cut, outFirst) => {
      const columns = uploadRows(backend, turned);
      const users = uploadRows(backend, columnRange(log, outFirst, outFirst === 0 ? n : width));
      const ridge = backend.tensor(Float64Array.from({ length: n }, (_, i) => 1 + i));
      const out = upload(cut(matrix(n, n, () => 0)));
      backend.gram({ columns, users, ridge, out, outFirst, first: 0, count: n });
      const parts = [columns, users].flatMap(({ indptr, indices, values }) => [indptr, indices, values]);
      return { out, others: [ridge, ...parts] };
    });
    expect(found).toEqual(own(all));
    expect(found[70][6]).toBeGreaterThan(71);
  });

  it('of a lower triangular matrix is multiplied from its own diagonal on', async () => {
    const lower = matrix(n, n, (t, c) => (t < c ? 0 : whole[t][c]));
    const [all, found] = await both((cut, bFirst) => {
      const [a, b, out] = [upload(whole), upload(cut(lower)), upload(cut(matrix(PANEL, n, () => 0)))];
      const part = { outRow: 0, first: 0, rows: PANEL, from: 0, to: n, firstColumn: 0 };
      backend.matmulPanel({ a, b, bFirst, out, ...part, endColumn: out.shape[1], bIsLower: true });
      return { out, others: [a, b] };
    });
    expectClose(found, own(all));
  });

  it('is factorised where the diagonal crosses it', async () => {
    const [all, found] = await both((cut, matrixFirst) => {
      const [square, panel] = [upload(cut(whole)), upload(cut(seeded(PANEL, n, 14)))];
      const diagonal = backend.zeros('f32', [n, PANEL]);
      backend.cholesky({ matrix: square, matrixFirst, panel, diagonal, first: 64 });
      return { out: diagonal, others: [square, panel] };
    });
    expect(found).toEqual(all);
  });

  it('has its part of what an inverse lacks, with a block of the matrix, too', async () => {
    const [all, found] = await both((cut, first) => {
      const [a, b] = [upload(cut(whole)), upload(cut(seeded(n, n, 15)))];
      const out = upload(cut(matrix(n, n, () => 0)));
      backend.residual({ a, aFirst: first, b, bFirst: first, out, scale: 2, first: 64, count: PANEL });
      return { out, others: [a, b] };
    });
    expectClose(found, own(all));
    expect(Math.abs(found[70][6])).toBeGreaterThan(0);
  });

  it('SHAPE_MISMATCH where the block lacks the columns that are asked for', () => {
    const tensors = backend.scope(() => ({
      matrix: backend.zeros('f32', [n, width]),
      panel: backend.zeros('f32', [PANEL, width]),
      diagonal: backend.zeros('f32', [n, PANEL]),
    }));
    for (const first of [0, 128]) {
      expect(() => backend.cholesky({ ...tensors, matrixFirst: from, first })).toThrow(
        expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
      );
    }
    freeAll(Object.values(tensors));
  });
});
