import type { Backend } from '../backend/backend.js';
import type { BatchRows } from '../backend/ops.js';
import { randomOrder, randomUniform } from '../backend/random.js';
import type { Csr } from '../data/csr.js';

/** Seeded numbers in [low, high), exact in f32. */
export function numbers(count: number, seed: number, low = -1, high = 1): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => low + (high - low) * randomUniform(seed, 0, 0, i));
}

export const absolute = (values: Float32Array): Float32Array => values.map(Math.abs);

/**
 * A seeded matrix. `share` is the probability of an entry, per row; at 1 a row is full, at 0 empty.
 * Values, if any, are in [0.5, 2).
 */
export function randomCsr(
  rows: number,
  columns: number,
  share: number | ((row: number) => number),
  seed: number,
  valued = false,
): Csr {
  const indptr = new Uint32Array(rows + 1);
  const indices: number[] = [];
  for (let r = 0; r < rows; r++) {
    const p = typeof share === 'number' ? share : share(r);
    for (let c = 0; c < columns; c++) if (randomUniform(seed, 1, r, c) < p) indices.push(c);
    indptr[r + 1] = indices.length;
  }
  const values = valued ? numbers(indices.length, seed + 1, 0.5, 2) : undefined;
  return { rows, columns, indptr, indices: Uint32Array.from(indices), values };
}

/** Where a batch lies among the users: `users` in a seeded order, of which it takes `count` from `first` on. */
export interface BatchPlace {
  readonly users: number;
  readonly first: number;
  readonly count: number;
  /** Take the users in their own order. */
  readonly inOrder?: boolean;
}

export const orderOf = (place: BatchPlace): Uint32Array =>
  place.inOrder ? Uint32Array.from({ length: place.users }, (_, i) => i) : randomOrder(place.users, 11, 2, 0);

export const uploadBatch = (backend: Backend, place: BatchPlace): BatchRows => ({
  rows: backend.tensor(orderOf(place)),
  first: place.first,
  count: place.count,
});

/** The columns of the batch's rows: entries (row of the batch, bits of the value) by item. */
export function columnsOf(csr: Csr, users: ArrayLike<number>): { starts: Uint32Array; entries: Uint32Array } {
  const columns: number[][] = Array.from({ length: csr.columns }, () => []);
  const values = csr.values ?? new Float32Array(csr.indices.length).fill(1);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let b = 0; b < users.length; b++) {
    for (let e = csr.indptr[users[b]]; e < csr.indptr[users[b] + 1]; e++)
      columns[csr.indices[e]].push(b, bits[e]);
  }
  const starts = new Uint32Array(csr.columns + 1);
  columns.forEach((column, item) => {
    starts[item + 1] = starts[item] + column.length / 2;
  });
  return { starts, entries: Uint32Array.from(columns.flat()) };
}
