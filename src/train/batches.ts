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
export function windowCapacity(matrix: Csr, batch: number): { starts: number; entries: number } {
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
export function windows(
  matrix: Csr,
  order: Uint32Array,
  batch: number,
  capacity: { starts: number; entries: number },
): Window[] {
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

/** The columns of a window's batches, by counting; `values` are the inputs (all 1 where absent). */
export function batchColumns(
  matrix: Csr,
  values: Float32Array | undefined,
  order: Uint32Array,
  batch: number,
  { firstStep, steps }: Window,
): BatchColumns {
  const { columns, indptr, indices } = matrix;
  const rows = order.subarray(firstStep * batch, (firstStep + steps) * batch);
  let count = 0;
  for (const row of rows) count += indptr[row + 1] - indptr[row];
  const starts = new Uint32Array(steps * (columns + 1));
  const entries = new Uint32Array(2 * count);
  const entryFloats = new Float32Array(entries.buffer);
  const next = new Uint32Array(columns);
  let begin = 0;
  for (let step = 0; step < steps; step++) {
    const mine = rows.subarray(step * batch, (step + 1) * batch);
    next.fill(0);
    for (const row of mine) for (let e = indptr[row]; e < indptr[row + 1]; e++) next[indices[e]]++;
    const base = step * (columns + 1);
    for (let column = 0; column < columns; column++) {
      starts[base + column] = begin;
      begin += next[column];
      next[column] = starts[base + column];
    }
    starts[base + columns] = begin;
    for (let b = 0; b < mine.length; b++) {
      for (let e = indptr[mine[b]]; e < indptr[mine[b] + 1]; e++) {
        const at = next[indices[e]]++;
        entries[2 * at] = b;
        entryFloats[2 * at + 1] = values ? values[e] : 1;
      }
    }
  }
  return { starts, entries };
}
