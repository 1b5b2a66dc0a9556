import type { Backend, Tensor } from '../backend/backend.js';
import { PANEL } from '../backend/ops.js';
import { uploadRows } from '../backend/sparse.js';
import { createCpuBackend } from '../cpu/backend.js';
import { type Csr, columnRange } from '../data/csr.js';
import {
  EPSILON,
  type KernelCase,
  magnitudes,
  type Outputs,
  outputsOf,
  SUM_UNITS,
  stale,
  unitsOf,
} from './case.js';
import { absolute, columnsOf, numbers, randomCsr } from './inputs.js';

type Sign = (x: Float32Array) => Float32Array;
const same: Sign = (x) => x;

interface GramShape {
  readonly users: number;
  readonly items: number;
  readonly share: number | ((user: number) => number);
  readonly valued?: boolean;
  readonly first?: number;
  readonly count?: number;
  /** The columns of `out`; all of them where absent. */
  readonly block?: readonly [first: number, count: number];
}

function gram(shape: GramShape): KernelCase {
  const { users, items, share, valued, first = 0, count = items, block = [0, items] } = shape;
  const [outFirst, width] = block;
  const ridge = () => numbers(items, 72, 0, 3);
  const percent = typeof share === 'number' ? `${100 * share}% full` : 'every other history empty';
  return {
    kernel: 'gram',
    name: `rows ${first}..${first + count} of ${items}${shape.block ? `, ${width} columns from ${outFirst}` : ''}, ${users} users, ${percent}${valued ? ', values' : ''}`,
    run: (backend) =>
      outputsOf(backend, () => {
        const matrix = randomCsr(users, items, share, 71, valued);
        const columns = turned(matrix);
        const out = stale(backend, items, width);
        backend.gram({
          columns: uploadRows(backend, columns),
          users: uploadRows(backend, columnRange(matrix, outFirst, width)),
          ridge: backend.tensor(ridge()),
          out,
          outFirst,
          first,
          count,
        });
        return { out };
      }),
    // All terms are positive; the rows that were not asked for stay.
    bound: ({ out }) => ({
      out: unitsOf(out)
        .fill(0, 0, first * width)
        .fill(0, (first + count) * width),
    }),
  };
}

/** The matrix by columns, each entry twice itself, as if its row had the weight 2. */
function turned(matrix: Csr): Csr {
  const { starts, entries } = columnsOf(
    matrix,
    Array.from({ length: matrix.rows }, (_, row) => row),
  );
  const bits = new Float32Array(entries.buffer);
  const indices = entries.filter((_, i) => i % 2 === 0);
  const values = bits.filter((_, i) => i % 2 === 1).map((x) => 2 * x);
  return { rows: matrix.columns, columns: matrix.rows, indptr: starts, indices, values };
}

interface PanelShape {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly bFirst?: number;
  readonly first?: number;
  readonly rows: number;
  readonly outRow?: number;
  readonly from?: number;
  readonly to: number;
  readonly firstColumn?: number;
  readonly endColumn: number;
  readonly bIsLower?: boolean;
}

function matmulPanel(shape: PanelShape): KernelCase {
  const { m, k, n, first = 0, rows, outRow = 0, from = 0, to, firstColumn = 0, endColumn } = shape;
  const { bIsLower = false, bFirst = 0 } = shape;
  const inside = (i: number) => {
    const [r, c] = [Math.floor(i / n) - outRow, i % n];
    return r >= 0 && r < rows && c >= firstColumn && c < endColumn;
  };
  const run = (backend: Backend, sign = same) =>
    outputsOf(backend, () => {
      const right = sign(numbers(m * n, 74)).map((x, i) =>
        bIsLower && bFirst + (i % n) > Math.floor(i / n) ? 0 : x,
      );
      const out = stale(backend, PANEL + 5, n);
      backend.matmulPanel({
        a: backend.tensor(sign(numbers(m * k, 73)), [m, k]),
        b: backend.tensor(right, [m, n]),
        bFirst,
        out,
        outRow,
        first,
        rows,
        from,
        to,
        firstColumn,
        endColumn,
        bIsLower,
      });
      return { out };
    });
  return {
    kernel: 'matmulPanel',
    name: `[${m}, ${k}]' x [${m}, ${n}], ${rows} rows from ${first} to ${outRow}, columns ${firstColumn}..${endColumn}, terms ${from}..${to}${bIsLower ? `, lower from ${bFirst}` : ''}`,
    run: (backend) => run(backend),
    async bound() {
      const { out } = await magnitudes((backend) => run(backend, absolute));
      return { out: unitsOf(out).map((allowed, i) => (inside(i) ? allowed : 0)) };
    },
  };
}

/** PT Q of two blocks of PANEL columns, in doubles; what a factor or a solution is judged by. */
function product(p: ArrayLike<number>, q: ArrayLike<number>, rows: number, columns = PANEL): Float64Array {
  const out = new Float64Array(PANEL * columns);
  for (let t = 0; t < rows; t++) {
    for (let i = 0; i < PANEL; i++) {
      for (let j = 0; j < columns; j++) out[i * columns + j] += p[t * PANEL + i] * q[t * columns + j];
    }
  }
  return out;
}

/**
 * Higham, Accuracy and Stability of Numerical Algorithms, theorems 10.3 and 8.5: what UT U (or UT X) is off by is at most
 * (size + 1) roundings of |UT| |U| (or |X|); here twice as many, for WGSL's divisions and roots are less exact.
 */
const backward = (size: number, magnitude: Float64Array): Float64Array => unitsOf(magnitude, 2 * (size + 2));

/** The outputs of a backend as the f64 reference finds them. */
async function inDoubles(run: (backend: Backend) => Promise<Outputs>): Promise<Outputs> {
  const reference = createCpuBackend({ precision: 'f64' });
  try {
    return await run(reference);
  } finally {
    reference.dispose();
  }
}

/** A diagonally dominant block, or one that is not positive definite. */
function cholesky(n: number, first: number, definite = true, matrixFirst = 0): KernelCase {
  const columns = n - matrixFirst;
  const size = Math.min(PANEL, n - first);
  const factor = (backend: Backend) =>
    outputsOf(backend, () => {
      const matrix = numbers(n * columns, 75);
      for (let i = 0; i < columns; i++) {
        matrix[(matrixFirst + i) * columns + i] = definite || i % 3 !== 2 ? 100 + i / 8 : -1;
      }
      const diagonal = stale(backend, n, PANEL);
      backend.cholesky({
        matrix: backend.tensor(matrix, [n, columns]),
        matrixFirst,
        panel: backend.tensor(numbers(PANEL * columns, 76, -0.5, 0.5), [PANEL, columns]),
        diagonal,
        first,
      });
      return { diagonal };
    });
  const [begin, end] = [first * PANEL, (first + size) * PANEL];
  return {
    kernel: 'cholesky',
    name: `block at ${first} of ${n}, columns from ${matrixFirst}${definite ? '' : ', not positive definite'}`,
    async run(backend) {
      const { diagonal } = await factor(backend);
      const u = diagonal.slice(begin, end);
      return { product: product(u, u, size), rest: Float64Array.from(diagonal).fill(0, begin, end) };
    },
    async bound() {
      const u = (await inDoubles(factor)).diagonal.slice(begin, end).map(Math.abs);
      return { product: backward(size, product(u, u, size)), rest: 0 };
    },
  };
}

function triangularSolve(n: number, columns: number, first: number, from: number, end: number): KernelCase {
  const size = Math.min(PANEL, n - first);
  const [begin, last] = [first * columns, (first + size) * columns];
  const inside = (i: number) => i >= begin && i < last && i % columns >= from && i % columns < end;
  const factors = numbers(n * PANEL, 77).map((x, i) => {
    const [r, c] = [Math.floor(i / PANEL) % PANEL, i % PANEL];
    return c < r ? 0 : c === r ? 2 + x : x / 8;
  });
  const u = factors.slice(first * PANEL, (first + size) * PANEL);
  const solve = (backend: Backend) =>
    outputsOf(backend, () => {
      const out = backend.tensor(numbers(n * columns, 78), [n, columns]);
      backend.triangularSolve({
        diagonal: backend.tensor(factors, [n, PANEL]),
        panel: backend.tensor(numbers(PANEL * columns, 79), [PANEL, columns]),
        out,
        first,
        firstColumn: from,
        endColumn: end,
      });
      return { out };
    });
  const solution = (out: Outputs['out']) =>
    Float64Array.from(out.slice(begin, last), (x, i) => (inside(begin + i) ? x : 0));
  return {
    kernel: 'triangularSolve',
    name: `block at ${first} of ${n}, columns ${from}..${end} of ${columns}`,
    async run(backend) {
      const { out } = await solve(backend);
      const rest = Float64Array.from(out, (x, i) => (inside(i) ? 0 : x));
      return { product: product(u, solution(out), size, columns), rest };
    },
    async bound() {
      const x = solution((await inDoubles(solve)).out).map(Math.abs);
      return { product: backward(size, product(absolute(u), x, size, columns)), rest: 0 };
    },
  };
}

/** Half a last place of the result, and of what is lost in the low halves: 2^-10 of the terms. */
function residual(
  n: number,
  m: number,
  scale: number,
  first = 0,
  count = n,
  { aFirst = 0, bFirst = 0 } = {},
): KernelCase {
  const run = (backend: Backend, sign = same) =>
    outputsOf(backend, () => {
      const a = sign(numbers(n * n, 80));
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[i * n + j] = a[j * n + i];
      // Of the other sign where magnitudes are asked for: out = scale I - a b.
      const b = sign(numbers(n * m, 81)).map((x) => (sign === same ? x : -x));
      const out: Tensor = stale(backend, n, m);
      backend.residual({
        a: backend.tensor(
          a.filter((_, i) => i % n >= aFirst),
          [n, n - aFirst],
        ),
        aFirst,
        b: backend.tensor(b, [n, m]),
        bFirst,
        out,
        scale,
        first,
        count,
      });
      return { out };
    });
  return {
    kernel: 'residual',
    name: `rows ${first}..${first + count} of ${scale} I - [${n}, ${n}] x [${n}, ${m}], columns from ${aFirst} and ${bFirst}`,
    run: (backend) => run(backend),
    async bound(reference) {
      const terms = (await magnitudes((backend) => run(backend, absolute))).out;
      return {
        out: Float64Array.from(
          terms,
          (sum, i) => EPSILON * (2 * Math.abs(reference.out[i]) + SUM_UNITS * 2 ** -10 * sum),
        )
          .fill(0, 0, first * m)
          .fill(0, (first + count) * m),
      };
    },
  };
}

export const solveCases: readonly KernelCase[] = [
  gram({ users: 1, items: 1, share: 1 }),
  gram({ users: 5, items: 7, share: 0 }),
  gram({ users: 33, items: 30, share: 1, valued: true }),
  gram({ users: 40, items: 65, share: (user) => 0.4 * (user % 2), valued: true }),
  gram({ users: 300, items: 257, share: 0.1 }),
  gram({ users: 60, items: 130, share: 0.3, valued: true, first: 64, count: 64 }),
  gram({ users: 60, items: 130, share: 0.3, first: 128, count: 2 }),
  gram({ users: 60, items: 200, share: 0.3, valued: true, block: [64, 66] }),
  matmulPanel({ m: 1, k: 1, n: 1, rows: 1, to: 1, endColumn: 1 }),
  matmulPanel({ m: 30, k: 30, n: 30, rows: 30, to: 0, endColumn: 30 }),
  matmulPanel({ m: 130, k: 130, n: 130, first: 64, rows: 64, to: 64, firstColumn: 64, endColumn: 130 }),
  matmulPanel({ m: 130, k: 130, n: 130, first: 128, rows: 2, outRow: 3, from: 7, to: 121, endColumn: 64 }),
  matmulPanel({ m: 300, k: 70, n: 257, rows: 50, from: 5, to: 300, endColumn: 257 }),
  matmulPanel({ m: 200, k: 200, n: 200, rows: 64, outRow: 5, to: 200, endColumn: 200, bIsLower: true }),
  matmulPanel({
    m: 257,
    k: 257,
    n: 257,
    first: 64,
    rows: 64,
    from: 64,
    to: 257,
    endColumn: 128,
    bIsLower: true,
  }),
  matmulPanel({ m: 200, k: 64, n: 130, bFirst: 64, rows: 50, to: 200, endColumn: 130, bIsLower: true }),
  cholesky(1, 0),
  cholesky(7, 0),
  cholesky(64, 0),
  cholesky(130, 64),
  cholesky(130, 128),
  cholesky(30, 0, false),
  cholesky(200, 128, true, 64),
  triangularSolve(1, 1, 0, 0, 1),
  triangularSolve(7, 5, 0, 0, 5),
  triangularSolve(130, 130, 64, 64, 130),
  triangularSolve(130, 130, 128, 0, 130),
  triangularSolve(130, 257, 0, 64, 192),
  residual(1, 1, 1),
  residual(7, 5, 2),
  residual(65, 65, 1),
  residual(257, 30, 2),
  residual(300, 300, 1),
  residual(130, 66, 2, 64, 64),
  residual(130, 130, 1, 128, 2),
  residual(200, 70, 2, 128, 64, { aFirst: 64, bFirst: 128 }),
];
