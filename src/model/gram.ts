import type { Backend, Tensor } from '../backend/backend.js';
import { freeAll, uploadRows } from '../backend/sparse.js';
import { type Csr, transposed } from '../data/csr.js';

/** Rows of the Gram matrix that one launch works on: short enough for any watchdog. */
const ROWS = 64;

/** How many times `fillGram` calls `step`. */
export const gramSteps = (items: number): number => Math.ceil(items / ROWS);

/**
 * out = XT diag(weights) X + diag(ridge), block by block; `step` is awaited after each. The entries of X are
 * `values` f32[nnz], all 1 where undefined.
 */
export async function fillGram(
  backend: Backend,
  matrix: Csr,
  options: {
    readonly values: Float32Array | undefined;
    /** One number a row of the matrix, or undefined for all 1. */
    readonly weights?: ArrayLike<number>;
    /** One number a column. */
    readonly ridge: Float64Array;
    readonly out: Tensor;
    readonly step: () => Promise<void>;
  },
): Promise<void> {
  const { values, weights, out, step } = options;
  const items = matrix.columns;
  const users = uploadRows(backend, matrix, values);
  const turned = transposed({ ...matrix, values }, weights);
  const columns = uploadRows(backend, turned, turned.values);
  const ridge = backend.tensor(options.ridge);
  try {
    for (let first = 0; first < items; first += ROWS) {
      backend.gram({ columns, users, ridge, out, first, count: Math.min(ROWS, items - first) });
      await step();
    }
  } finally {
    users.free();
    columns.free();
    freeAll([ridge]);
  }
}

/** out = I: the Gram matrix of nothing, with a ridge of 1. */
export async function fillIdentity(backend: Backend, out: Tensor): Promise<void> {
  const [items] = out.shape;
  const nothing: Csr = {
    rows: 1,
    columns: items,
    indptr: new Uint32Array(2),
    indices: new Uint32Array(0),
  };
  const ridge = new Float64Array(items).fill(1);
  await fillGram(backend, nothing, { values: undefined, ridge, out, step: () => backend.throttle() });
}
