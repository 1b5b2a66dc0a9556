import { type Ops, PANEL } from '../backend/ops.js';
import { floats, integers } from './tensor.js';

export const gram: Ops['gram'] = (args) => {
  const itemIndptr = integers(args.columns.indptr);
  const itemUsers = integers(args.columns.indices);
  const itemValues = floats(args.columns.values);
  const userIndptr = integers(args.users.indptr);
  const userItems = integers(args.users.indices);
  const userValues = floats(args.users.values);
  const ridge = floats(args.ridge);
  const out = floats(args.out);
  const [, columns] = args.out.shape;
  const sums = new Float64Array(columns);

  for (let i = args.first; i < args.first + args.count; i++) {
    sums.fill(0);
    for (let e = itemIndptr[i]; e < itemIndptr[i + 1]; e++) {
      const x = itemValues[itemValues.length === 1 ? 0 : e];
      const user = itemUsers[e];
      for (let f = userIndptr[user]; f < userIndptr[user + 1]; f++) {
        sums[userItems[f]] += x * userValues[userValues.length === 1 ? 0 : f];
      }
    }
    const diagonal = i - (args.outFirst ?? 0);
    if (diagonal >= 0 && diagonal < columns) sums[diagonal] += ridge[i];
    out.set(sums, i * columns);
  }
};

export const matmulPanel: Ops['matmulPanel'] = (args) => {
  const a = floats(args.a);
  const b = floats(args.b);
  const out = floats(args.out);
  const k = args.a.shape[1];
  const n = args.b.shape[1];
  const { firstColumn, endColumn, bFirst = 0 } = args;
  const sums = new Float64Array(n);

  for (let r = 0; r < args.rows; r++) {
    sums.fill(0);
    const column = args.first + r;
    let t = args.from;
    // Four terms at a time: without a GPU this is where all the time goes.
    for (; t + 4 <= args.to; t += 4) {
      const [x0, x1, x2, x3] = [0, 1, 2, 3].map((i) => a[(t + i) * k + column]);
      const [b0, b1, b2, b3] = [0, 1, 2, 3].map((i) => (t + i) * n);
      const end = args.bIsLower ? Math.min(endColumn, t + 4 - bFirst) : endColumn;
      for (let c = firstColumn; c < end; c++) {
        sums[c] += x0 * b[b0 + c] + x1 * b[b1 + c] + x2 * b[b2 + c] + x3 * b[b3 + c];
      }
    }
    for (; t < args.to; t++) {
      const x = a[t * k + column];
      const end = args.bIsLower ? Math.min(endColumn, t + 1 - bFirst) : endColumn;
      for (let c = firstColumn; c < end; c++) sums[c] += x * b[t * n + c];
    }
    out.set(sums.subarray(firstColumn, endColumn), (args.outRow + r) * n + firstColumn);
  }
};

export const cholesky: Ops['cholesky'] = (args) => {
  const matrix = floats(args.matrix);
  const panel = floats(args.panel);
  const diagonal = floats(args.diagonal);
  const { first, matrixFirst = 0 } = args;
  const [n, columns] = args.matrix.shape;
  const column = first - matrixFirst;
  const size = Math.min(PANEL, n - first);
  const u = new Float64Array(PANEL * PANEL);

  for (let r = 0; r < size; r++) {
    for (let c = r; c < size; c++) {
      let sum = matrix[(first + r) * columns + column + c] - panel[r * columns + column + c];
      for (let p = 0; p < r; p++) sum -= u[p * PANEL + r] * u[p * PANEL + c];
      if (c === r) u[r * PANEL + r] = Math.sqrt(Math.max(sum, 0));
      else u[r * PANEL + c] = divided(sum, u[r * PANEL + r]);
    }
  }
  diagonal.set(u.subarray(0, size * PANEL), first * PANEL);
};

export const triangularSolve: Ops['triangularSolve'] = (args) => {
  const diagonal = floats(args.diagonal);
  const panel = floats(args.panel);
  const out = floats(args.out);
  const { first, firstColumn, endColumn } = args;
  const [rows, n] = args.out.shape;
  const size = Math.min(PANEL, rows - first);
  const sums = new Float64Array(n);

  for (let r = 0; r < size; r++) {
    for (let c = firstColumn; c < endColumn; c++) sums[c] = out[(first + r) * n + c] - panel[r * n + c];
    for (let p = 0; p < r; p++) {
      const u = diagonal[(first + p) * PANEL + r];
      for (let c = firstColumn; c < endColumn; c++) sums[c] -= u * out[(first + p) * n + c];
    }
    const pivot = diagonal[(first + r) * PANEL + r];
    for (let c = firstColumn; c < endColumn; c++) out[(first + r) * n + c] = divided(sums[c], pivot);
  }
};

/** A pivot of 0 stands for a matrix that is not positive definite: its row is left out, and whoever asked is told. */
const divided = (x: number, pivot: number): number => (pivot > 0 ? x / pivot : 0);

export const residual: Ops['residual'] = (args) => {
  const a = floats(args.a);
  const b = floats(args.b);
  const out = floats(args.out);
  const [n, m] = args.b.shape;
  const [, k] = args.a.shape;
  const { aFirst = 0, bFirst = 0 } = args;
  const sums = new Float64Array(m);

  for (let i = args.first; i < args.first + args.count; i++) {
    sums.fill(0);
    const diagonal = i - bFirst;
    if (diagonal >= 0 && diagonal < m) sums[diagonal] = args.scale;
    for (let t = 0; t < n; t++) {
      const x = a[t * k + i - aFirst];
      for (let j = 0; j < m; j++) sums[j] -= x * b[t * m + j];
    }
    out.set(sums, i * m);
  }
};
