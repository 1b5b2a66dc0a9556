import type { Tensor } from '../backend/backend.js';
import type { Ops } from '../backend/ops.js';
import { ACTIVATIONS, DERIVATIVES } from './activation.js';
import { floats } from './tensor.js';

export const matmulNN: Ops['matmulNN'] = (args) => {
  const a = floats(args.a);
  const b = floats(args.b);
  const bias = floats(args.bias);
  const out = floats(args.out);
  const [m, k] = args.a.shape;
  const n = args.b.shape[1];
  const activation = ACTIVATIONS[args.activation];
  const sums = new Float64Array(n);

  for (let i = 0; i < m; i++) {
    sums.set(bias);
    for (let p = 0; p < k; p++) {
      const x = a[i * k + p];
      const from = p * n;
      for (let j = 0; j < n; j++) sums[j] += x * b[from + j];
    }
    for (let j = 0; j < n; j++) out[i * n + j] = activation(sums[j]);
  }
};

export const matmulNT: Ops['matmulNT'] = (args) => {
  const a = floats(args.a);
  const b = floats(args.b);
  const out = floats(args.out);
  const [m, k] = args.a.shape;
  const n = args.b.shape[0];
  const splits = args.out.shape[0] / m;
  const slice = Math.ceil(k / splits);

  for (let s = 0; s < splits; s++) {
    const from = Math.min(k, s * slice);
    const to = Math.min(k, from + slice);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = from; p < to; p++) sum += a[i * k + p] * b[j * k + p];
        out[(s * m + i) * n + j] = sum;
      }
    }
  }
};

export const matmulNTActivation: Ops['matmulNTActivation'] = ({ a, b, saved, out, activation }) => {
  matmulNT({ a, b, out });
  reduceActivation({ parts: out, saved, out, activation });
};

export const transpose: Ops['transpose'] = (args) => {
  const input = floats(args.input);
  const out = floats(args.out);
  const [m, n] = args.input.shape;
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = input[i * n + j];
};

export const matmulTN: Ops['matmulTN'] = (args) => {
  const a = floats(args.a);
  const b = floats(args.b);
  const out = floats(args.out);
  const [m, k] = args.a.shape;
  const n = args.b.shape[1];
  const sums = new Float64Array(n);

  for (let p = 0; p < k; p++) {
    if (args.accumulate) sums.set(out.subarray(p * n, (p + 1) * n));
    else sums.fill(0);
    for (let i = 0; i < m; i++) {
      const x = a[i * k + p];
      const from = i * n;
      for (let j = 0; j < n; j++) sums[j] += x * b[from + j];
    }
    out.set(sums, p * n);
  }
  columnSums(args.b, args.sums, args.accumulate);
};

export const reduceActivation: Ops['reduceActivation'] = (args) => {
  const parts = floats(args.parts);
  const saved = floats(args.saved);
  const out = floats(args.out);
  const derivative = DERIVATIVES[args.activation];

  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let at = i; at < parts.length; at += out.length) sum += parts[at];
    out[i] = sum * derivative(saved[i]);
  }
};

export const activate: Ops['activate'] = (args) => {
  const input = floats(args.input);
  const out = floats(args.out);
  const activation = ACTIVATIONS[args.activation];
  for (let i = 0; i < out.length; i++) out[i] = activation(input[i]);
};

/** sums[n] = sum over rows of matrix[m, n]: the gradient of a bias. */
export function columnSums(matrix: Tensor, into: Tensor, accumulate = false): void {
  const input = floats(matrix);
  const [m, n] = matrix.shape;
  const sums = accumulate ? Float64Array.from(floats(into)) : new Float64Array(n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) sums[j] += input[i * n + j];
  floats(into).set(sums);
}
