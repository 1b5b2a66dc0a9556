import type { Csr } from '../data/csr.js';

/** The columns of a few consecutive batches, as Ops.bagBackward reads them. */
export interface BatchColumns {
  /** u32[batches * (columns + 1)]: offsets into `entries`, one batch after another. */
  readonly starts: Uint32Array;
  /** u32[2 * nnz]: row within the batch, bits of the f32 value. */
  readonly entries: Uint32Array;
}

/** Steps whose columns are built and uploaded together. */
export interface Window {
  readonly firstStep: number;
  readonly steps: number;
}

/** At most this many numbers of either kind are resident at once (32 MiB). */
const MOST_NUMBERS = 1 << 23;

/** How many steps an epoch has; the last batch may be short. */
export const stepCount = (rows: number, batch: number): number => Math.ceil(rows / batch);

/** Numbers that `starts` and `entries` may need in any window of any epoch. */
export interface WindowCapacity {
  readonly starts: number;
  readonly entries: number;
}

export function windowCapacity(matrix: Csr, batch: number): WindowCapacity {
  const lengths = Array.from({ length: matrix.rows }, (_, r) => matrix.indptr[r + 1] - matrix.indptr[r]);
  lengths.sort((a, b) => b - a);
  const largestBatch = lengths.slice(0, batch).reduce((sum, n) => sum + n, 0);
  const all = matrix.indptr[matrix.rows];
  const perStep = matrix.columns + 1;
  const steps = stepCount(matrix.rows, batch);
  return {
    starts: Math.min(steps * perStep, Math.max(perStep, MOST_NUMBERS)),
    entries: Math.max(1, 2 * Math.min(all, Math.max(largestBatch, MOST_NUMBERS / 2))),
  };
}

/** Cuts an epoch, whose batches are consecutive slices of `order`, into windows that fit the capacity. */
export function windows(matrix: Csr, order: Uint32Array, batch: number, capacity: WindowCapacity): Window[] {
  const all: Window[] = [];
  const steps = stepCount(order.length, batch);
  let firstStep = 0;
  let entries = 0;
  for (let step = 0; step < steps; step++) {
    let mine = 0;
    for (const row of order.subarray(step * batch, (step + 1) * batch)) {
      mine += 2 * (matrix.indptr[row + 1] - matrix.indptr[row]);
    }
    const count = step - firstStep + 1;
    if (entries + mine > capacity.entries || count * (matrix.columns + 1) > capacity.starts) {
      all.push({ firstStep, steps: step - firstStep });
      firstStep = step;
      entries = 0;
    }
    entries += mine;
  }
  all.push({ firstStep, steps: steps - firstStep });
  return all;
}

/** Arrays to write a window's columns into: at least `WindowCapacity` long. What they held does not count. */
export interface ColumnMemory {
  readonly starts: Uint32Array;
  readonly entries: Uint32Array;
}

/**
 * The columns of a window's batches, by counting; `values` are the inputs (all 1 where absent). Written into
 * `memory` where given, of which the result is then a part; else into new arrays.
 */
export function batchColumns(
  matrix: Csr,
  values: Float32Array | undefined,
  order: Uint32Array,
  batch: number,
  { firstStep, steps }: Window,
  memory?: ColumnMemory,
): BatchColumns {
  const { columns, indptr } = matrix;
  const rows = order.subarray(firstStep * batch, (firstStep + steps) * batch);
  let count = 0;
  for (const row of rows) count += indptr[row + 1] - indptr[row];
  const starts = memory?.starts.subarray(0, steps * (columns + 1)) ?? new Uint32Array(steps * (columns + 1));
  const entries = memory?.entries.subarray(0, 2 * count) ?? new Uint32Array(2 * count);
  if (memory) starts.fill(0);
  const one = Float32Array.of(1);
  const bits = new Uint32Array((values ?? one).buffer, values?.byteOffset, (values ?? one).length);
  let end = 0;
  for (let step = 0; step < steps; step++) {
    const mine = rows.subarray(step * batch, (step + 1) * batch);
    const ends = starts.subarray(step * (columns + 1), (step + 1) * (columns + 1));
    countItems(ends, matrix, mine);
    for (let column = 0; column <= columns; column++) {
      end += ends[column];
      ends[column] = end;
    }
    placeEntries(ends, entries, matrix, mine, bits);
  }
  return { starts, entries };
}

// A row holds an item at most once, so the counters of four entries are four different ones: all are read before any
// is written, and no read has to wait for a write. The plain loop does what is left of a row.

/** Adds to `counts` how often the rows hold each item. */
function countItems(counts: Uint32Array, { indptr, indices }: Csr, rows: Uint32Array): void {
  for (let b = 0; b < rows.length; b++) {
    const end = indptr[rows[b] + 1];
    let e = indptr[rows[b]];
    for (; e + 4 <= end; e += 4) {
      const i = indices[e];
      const j = indices[e + 1];
      const k = indices[e + 2];
      const l = indices[e + 3];
      const countI = counts[i];
      const countJ = counts[j];
      const countK = counts[k];
      const countL = counts[l];
      counts[i] = countI + 1;
      counts[j] = countJ + 1;
      counts[k] = countK + 1;
      counts[l] = countL + 1;
    }
    for (; e < end; e++) counts[indices[e]]++;
  }
}

/**
 * Writes the entries of the rows into their columns, last row first, each before those that are there: where `ends`
 * had the ends of the columns it has their starts then. `bits`: of the values, or of the one that stands for all.
 */
function placeEntries(
  ends: Uint32Array,
  entries: Uint32Array,
  { indptr, indices }: Csr,
  rows: Uint32Array,
  bits: Uint32Array,
): void {
  const each = bits.length > 1 ? ~0 : 0;
  for (let b = rows.length - 1; b >= 0; b--) {
    const end = indptr[rows[b] + 1];
    let e = indptr[rows[b]];
    for (; e + 4 <= end; e += 4) {
      const i = indices[e];
      const j = indices[e + 1];
      const k = indices[e + 2];
      const l = indices[e + 3];
      const atI = ends[i] - 1;
      const atJ = ends[j] - 1;
      const atK = ends[k] - 1;
      const atL = ends[l] - 1;
      ends[i] = atI;
      ends[j] = atJ;
      ends[k] = atK;
      ends[l] = atL;
      entries[2 * atI] = b;
      entries[2 * atI + 1] = bits[e & each];
      entries[2 * atJ] = b;
      entries[2 * atJ + 1] = bits[(e + 1) & each];
      entries[2 * atK] = b;
      entries[2 * atK + 1] = bits[(e + 2) & each];
      entries[2 * atL] = b;
      entries[2 * atL + 1] = bits[(e + 3) & each];
    }
    for (; e < end; e++) {
      const at = --ends[indices[e]];
      entries[2 * at] = b;
      entries[2 * at + 1] = bits[e & each];
    }
  }
}
