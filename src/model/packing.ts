import type { Csr } from '../data/csr.js';
import { entriesInOrder } from '../data/order.js';

/** One time step of packed sequences: positions first .. first + count, one a sequence that has begun. */
export interface PackedStep {
  readonly first: number;
  readonly count: number;
}

/**
 * Sequences of different lengths without padding, step by step, the longest first. They end together, so that a
 * step's positions belong to the first of the sequences, and those of the last step to all of them:
 *
 *            steps ->
 *   longest  0  1  3  6      Sequence i is at position first + i of every step that it takes part in.
 *               2  4  7
 *   shortest       5  8
 */
export interface Packing {
  readonly positions: number;
  readonly steps: readonly PackedStep[];
}

/** `lengths` descending, each at least 1. */
export function pack(lengths: ArrayLike<number>): Packing {
  const steps: PackedStep[] = [];
  const longest = lengths.length > 0 ? lengths[0] : 0;
  let first = 0;
  let count = 0;
  for (let step = 0; step < longest; step++) {
    while (count < lengths.length && lengths[count] >= longest - step) count++;
    steps.push({ first, count });
    first += count;
  }
  return { positions: first, steps };
}

/** Writes each sequence's elements to its positions, counted from `at`. Sequences stand as in the packing. */
export function packInto(
  { steps }: Packing,
  sequences: readonly ArrayLike<number>[],
  out: Uint32Array,
  at = 0,
): void {
  sequences.forEach((sequence, i) => {
    const begin = steps.length - sequence.length;
    for (let k = 0; k < sequence.length; k++) out[at + steps[begin + k].first + i] = sequence[k];
  });
}

/** Part of a history to learn from: the items `first` .. `first + length` of it, each followed by its target. */
export interface SequenceWindow {
  readonly row: number;
  readonly first: number;
  readonly length: number;
}

/** Histories cut from the end into windows of at most `most` targets; one of a single item has no target. */
export function sequenceWindows({ rows, indptr }: Csr, most: number): SequenceWindow[] {
  const windows: SequenceWindow[] = [];
  for (let row = 0; row < rows; row++) {
    for (let end = indptr[row + 1] - indptr[row] - 1; end > 0; end -= most) {
      const first = Math.max(0, end - most);
      windows.push({ row, first, length: end - first });
    }
  }
  return windows;
}

/** The latest entries of rows of histories, packed. */
export interface PackedEntries {
  /** Rows that have any, counted from the first asked for: the longest first. */
  readonly order: readonly number[];
  readonly packing: Packing;
  /** u32[positions], at least one: which entry of the histories is at each position. */
  readonly packed: Uint32Array;
}

/** The entries of the last `most` items of rows first .. first + count, each row in order. */
export function packedEntries(histories: Csr, first: number, count: number, most: number): PackedEntries {
  const latest = Array.from({ length: count }, (_, b) => {
    const entries = entriesInOrder(histories, first + b);
    return entries.subarray(Math.max(0, entries.length - most));
  });
  const order = Array.from(latest.keys()).filter((b) => latest[b].length > 0);
  order.sort((a, b) => latest[b].length - latest[a].length || a - b);
  const sequences = order.map((b) => latest[b]);
  const packing = pack(sequences.map(({ length }) => length));
  const packed = new Uint32Array(Math.max(1, packing.positions));
  packInto(packing, sequences, packed);
  return { order, packing, packed };
}
