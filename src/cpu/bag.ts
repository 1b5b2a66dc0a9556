import type { Dropout, Ops } from '../backend/ops.js';
import { dropThreshold, randomBits } from '../backend/random.js';
import { ACTIVATIONS } from './activation.js';
import { columnSums } from './matmul.js';
import { floats, integers } from './tensor.js';

export const bagForward: Ops['bagForward'] = (args) => {
  const indptr = integers(args.input.indptr);
  const indices = integers(args.input.indices);
  const values = floats(args.input.values);
  const rows = integers(args.batch.rows);
  const weights = floats(args.weights);
  const bias = floats(args.bias);
  const out = floats(args.out);
  const hidden = args.weights.shape[1];
  const activation = ACTIVATIONS[args.activation];
  const scales = args.scales && floats(args.scales);
  const kept = keptFactor(args.dropout, scales !== undefined);
  const sums = new Float64Array(hidden);
  const value = (e: number): number => values[values.length === 1 ? 0 : e];

  for (let b = 0; b < args.batch.count; b++) {
    const row = rows[args.batch.first + b];
    let scale = 1;
    if (scales) {
      let squares = 0;
      for (let e = indptr[row]; e < indptr[row + 1]; e++) squares += (value(e) * kept(b, indices[e])) ** 2;
      scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
      scales[b] = scale;
    }
    sums.set(bias);
    for (let e = indptr[row]; e < indptr[row + 1]; e++) {
      const item = indices[e];
      const x = scale * value(e) * kept(b, item);
      if (x === 0) continue;
      const from = item * hidden;
      for (let h = 0; h < hidden; h++) sums[h] += x * weights[from + h];
    }
    for (let h = 0; h < hidden; h++) out[b * hidden + h] = activation(sums[h]);
  }
  out.fill(0, args.batch.count * hidden);
  scales?.fill(0, args.batch.count);
};

export const bagBackward: Ops['bagBackward'] = (args) => {
  const starts = integers(args.starts);
  const entries = integers(args.entries);
  const entryValues = new Float32Array(entries.buffer, entries.byteOffset, entries.length);
  const outGrad = floats(args.outGrad);
  const out = floats(args.out);
  const [items, hidden] = args.out.shape;
  const { firstItem = 0 } = args;
  const scales = args.scales && floats(args.scales);
  const kept = keptFactor(args.dropout, scales !== undefined);
  const sums = new Float64Array(hidden);

  for (let item = 0; item < items; item++) {
    if (args.accumulate) sums.set(out.subarray(item * hidden, (item + 1) * hidden));
    else sums.fill(0);
    const first = args.firstStart + firstItem + item;
    for (let e = starts[first]; e < starts[first + 1]; e++) {
      const row = entries[2 * e];
      const x = entryValues[2 * e + 1] * kept(row, firstItem + item) * (scales ? scales[row] : 1);
      if (x === 0) continue;
      for (let h = 0; h < hidden; h++) sums[h] += x * outGrad[row * hidden + h];
    }
    out.set(sums, item * hidden);
  }
  columnSums(args.outGrad, args.sums);
};

export const bagInputGrad: Ops['bagInputGrad'] = (args) => {
  const indptr = integers(args.places.indptr);
  const indices = integers(args.places.indices);
  const rows = integers(args.batch.rows);
  const weights = floats(args.weights);
  const outGrad = floats(args.outGrad);
  const out = floats(args.out);
  const [items, hidden] = args.weights.shape;
  const { firstItem = 0 } = args;

  for (let b = 0; b < args.batch.count; b++) {
    const row = rows[args.batch.first + b];
    for (let e = indptr[row]; e < indptr[row + 1]; e++) {
      const item = indices[e] - firstItem;
      if (item < 0 || item >= items) continue;
      let sum = 0;
      for (let h = 0; h < hidden; h++) sum += weights[item * hidden + h] * outGrad[b * hidden + h];
      out[e] = sum;
    }
  }
};

export const dropout: Ops['dropout'] = (args) => {
  const values = floats(args.values);
  const [rows, columns] = args.values.shape;
  const kept = keptFactor(args.dropout);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) values[r * columns + c] *= kept(r, c);
  }
};

/** What an input is multiplied by: 0 where it is dropped, else 1 / (1 - rate), or 1 where rows are scaled to length 1. */
export function keptFactor(
  { rate, seed, step }: Dropout,
  isScaled = false,
): (row: number, item: number) => number {
  if (rate === 0) return () => 1;
  const threshold = dropThreshold(rate);
  const factor = isScaled ? 1 : 1 / (1 - rate);
  return (row, item) => (randomBits(seed, step, row, item) < threshold ? 0 : factor);
}
