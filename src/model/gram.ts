import type { Backend } from '../backend/backend.js';
import type { ItemBlock } from '../backend/blocks.js';
import { freeAll, uploadRows } from '../backend/sparse.js';
import type { Blocked } from '../backend/stored.js';
import { type Csr, columnRange, transposed } from '../data/csr.js';

/** Rows of the Gram matrix that one launch works on: short enough for any watchdog. */
const ROWS = 64;

/** How many times `fillGram` calls `step`, of a matrix in so many blocks of columns. */
export const gramSteps = (items: number, blocks: number): number => blocks * Math.ceil(items / ROWS);

/**
 * out = XT diag(weights) X + diag(ridge), 64 rows of a block of columns at a time; `step` is awaited after each. The
 * entries of X are `values` f32[nnz], all 1 where undefined.
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
    /** f32[items, items], by columns */
    readonly out: Blocked;
    readonly step: () => Promise<void>;
  },
): Promise<void> {
  const { values, weights, out, step } = options;
  const items = matrix.columns;
  const turned = transposed({ ...matrix, values }, weights);
  const columns = uploadRows(backend, turned, turned.values);
  const ridge = backend.tensor(options.ridge);
  try {
    for (const [b, block] of out.blocks.entries()) {
      const users = uploadRows(backend, within({ ...matrix, values }, out.items[b]));
      const outFirst = out.items[b].first;
      try {
        for (let first = 0; first < items; first += ROWS) {
          const count = Math.min(ROWS, items - first);
          backend.gram({ columns, users, ridge, out: block, outFirst, first, count });
          await step();
        }
      } finally {
        users.free();
      }
    }
  } finally {
    columns.free();
    freeAll([ridge]);
  }
}

const within = (matrix: Csr, { first, count }: ItemBlock): Csr =>
  count === matrix.columns ? matrix : columnRange(matrix, first, count);

/** out = I: the Gram matrix of nothing, with a ridge of 1. */
export async function fillIdentity(backend: Backend, out: Blocked): Promise<void> {
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
