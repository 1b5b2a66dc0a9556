import type { Backend, Tensor } from '../backend/backend.js';
import type { Activation, Ops } from '../backend/ops.js';
import { createCpuBackend } from '../cpu/backend.js';

/** What a case reads back, by name. */
export type Outputs = Record<string, Float32Array | Float64Array | Uint32Array>;

/** How far each output may be from the f64 reference: one number, or one an element. 0 means equal. */
export type Bounds = Record<string, number | Float64Array>;

/** A row of the kernel table: one op on one seeded input. */
export interface KernelCase {
  readonly kernel: keyof Ops;
  /** The shape in words, e.g. "5 of 33 rows, 257 items". */
  readonly name: string;
  run(backend: Backend): Promise<Outputs>;
  /** Given what the f64 reference found. */
  bound(reference: Outputs): Bounds | Promise<Bounds>;
}

/** Half the distance from 1 to the next f32: the error of one rounded operation, relative. */
export const EPSILON = 2 ** -24;

/**
 * Allowed for a sum of products, in units of EPSILON * sum|terms|. A few roundings a term (dropout, scale,
 * value) and those of the additions, which for the lengths of the table add up to no more: sums in blocks
 * or trees stay below 3, one long chain of 1000 terms below 8.
 */
export const SUM_UNITS = 8;

/**
 * Allowed for exp, tanh and sigmoid near 1, in units of EPSILON: WGSL lets exp(x) be off by 3 + 2|x| units in
 * the last place, each 2 EPSILON, and a division by 2.5.
 */
export const FUNCTION_UNITS = 16;

/** Makes tensors and runs ops in `work`, reads back what it returns, and leaves nothing behind. */
export async function outputsOf(backend: Backend, work: () => Record<string, Tensor>): Promise<Outputs> {
  const tensors = backend.scope(work);
  try {
    const outputs: Outputs = {};
    for (const [name, tensor] of Object.entries(tensors)) outputs[name] = await backend.read(tensor);
    return outputs;
  } finally {
    for (const tensor of Object.values(tensors)) tensor.free();
  }
}

/** What an output holds before the op: it must be overwritten, or kept where the op has no business. */
export const STALE = 7.25;

/** A tensor for an output, full of stale numbers. */
export const stale = (backend: Backend, ...shape: number[]): Tensor =>
  backend.tensor(new Float32Array(shape.reduce((size, n) => size * n, 1)).fill(STALE), shape);

/** A tensor for an output of indices, full of stale numbers. */
export const staleIndices = (backend: Backend, ...shape: number[]): Tensor =>
  backend.tensor(new Uint32Array(shape.reduce((size, n) => size * n, 1)).fill(77), shape);

/** The same work with all inputs positive and no activation, in f64: the sums of |terms|. */
export const magnitudes = (run: (backend: Backend) => Promise<Outputs>): Promise<Outputs> =>
  run(createCpuBackend({ precision: 'f64' }));

/** units * EPSILON * magnitude, element by element. */
export const unitsOf = (magnitude: ArrayLike<number>, units = SUM_UNITS): Float64Array =>
  Float64Array.from(magnitude, (m) => units * EPSILON * m);

/**
 * The bound of activation(z), |z| <= magnitude: no activation has a slope above 1.13, and the function's own
 * error is FUNCTION_UNITS, for gelu times |z|.
 */
export function activated(
  magnitude: ArrayLike<number>,
  activation: Activation,
  units = SUM_UNITS,
): Float64Array {
  if (activation === 'linear' || activation === 'relu') return unitsOf(magnitude, units);
  return Float64Array.from(magnitude, (m) => EPSILON * (1.13 * units * m + FUNCTION_UNITS * Math.max(1, m)));
}

export const ACTIVATIONS: readonly Activation[] = ['linear', 'relu', 'tanh', 'sigmoid', 'gelu'];
