import type { Tensor } from '../backend/backend.js';
import type { Activation, BatchRows, Dropout, SparseRows } from '../backend/ops.js';
import { dropThreshold, mix } from '../backend/random.js';
import { FoldinError } from '../errors.js';
import { GpuTensor } from './memory.js';

/** The numbers that shaders/include/activation.wgsl gives the activations. */
export const ACTIVATIONS: Record<Activation, number> = { linear: 0, relu: 1, tanh: 2, sigmoid: 3, gelu: 4 };

/** The tensor as this backend's own; CONFIG when another backend made it. */
export function gpu(tensor: Tensor): GpuTensor {
  if (tensor instanceof GpuTensor) return tensor;
  throw new FoldinError('CONFIG', 'a tensor of another backend was given to the GPU backend', {
    remedy: 'Read it there, and make a tensor of its values here.',
  });
}

export const vec4s = (elements: number): number => elements / 4;

/** A grid of at least n workgroups, within 65,535 in each of two dimensions. */
export function grid(n: number): [number, number, number] {
  if (n <= maxWorkgroups) return [n, 1, 1];
  const y = Math.ceil(n / maxWorkgroups);
  return [Math.ceil(n / y), y, 1];
}

let maxWorkgroups = 65535;

/** For tests: pretends that a dimension holds fewer workgroups, so that small cases take two dimensions. */
export function fakeMaxWorkgroups(limit: number): void {
  maxWorkgroups = limit;
}

/** The buffers of sparse rows under the names that shaders use: PREFIXIndptr, PREFIXIndices, PREFIXValues. */
export const sparse = (prefix: string, matrix: SparseRows): Record<string, GpuTensor> => ({
  [`${prefix}Indptr`]: gpu(matrix.indptr),
  [`${prefix}Indices`]: gpu(matrix.indices),
  [`${prefix}Values`]: gpu(matrix.values),
});

/** How far the values array moves with each entry: 0 where one number stands for all. */
export const valueStep = (matrix: SparseRows): number =>
  matrix.values.size === 1 && matrix.indices.size !== 1 ? 0 : 1;

export const batchParams = (batch: BatchRows) => ({ first: batch.first, count: batch.count });

export const dropoutParams = (dropout: Dropout) => ({
  dropKey: mix(mix(dropout.seed) ^ dropout.step),
  dropThreshold: dropThreshold(dropout.rate),
  keepScale: 1 / (1 - dropout.rate),
});
