import type { Activation, Ops } from './ops.js';
import type { Tuned, TuneRequest, Tuning } from './tuning.js';

export type { Activation, Ops } from './ops.js';

/** Where a slice of a tensor may begin: multiples of this many rows, so that every adapter can bind it. */
export const SLICE = 64;

export type DType = 'f32' | 'u32';

/** A block of numbers that lives on the backend, row-major. Who makes it frees it. */
export interface Tensor {
  readonly dtype: DType;
  /** One or two dimensions, in the notation of the docs: f32[batch, items] has shape [batch, items]. */
  readonly shape: readonly number[];
  readonly size: number;
  free(): void;
}

export type Values = Float32Array | Float64Array | Uint32Array;

/**
 * Tensors that lie one after the other in memory, so that one op can work on all of them. `whole` is f32[any]:
 * the backend may leave gaps between the parts, which hold zeros. Free the whole; its parts go with it.
 */
export interface TensorGroup {
  readonly whole: Tensor;
  readonly parts: readonly Tensor[];
  /** Where in `whole` each part begins. Groups of the same shapes have the same starts. */
  readonly starts: readonly number[];
}

/** What computes: `hardware` GPU, `software` adapter (WebGPU on the CPU), or the `cpu` reference. */
export type DeviceKind = 'gpu' | 'software' | 'cpu';

export interface DeviceInfo {
  readonly kind: DeviceKind;
  /** Name of the adapter, e.g. "llvmpipe (LLVM 15.0.6, 256 bits)"; "CPU reference" for `cpu`. */
  readonly adapter: string;
  readonly vendor: string;
  readonly driver: string;
}

/**
 * One list of ops, run by plain loops (`cpu/`) or by WGSL kernels (`gpu/`). Models know this and
 * nothing below it. Ops enqueue work and return at once; only `read` waits.
 */
export interface Backend extends Ops {
  readonly device: DeviceInfo;
  /** Storage of f32 tensors: a GPU is always f32; the reference can also run in f64. */
  readonly precision: 'f32' | 'f64';
  /** Bytes held by tensors that have not been freed. */
  readonly liveBytes: number;
  /** The most `liveBytes` has been since the backend was made, or since `resetPeak`. */
  readonly peakBytes: number;
  /** From now on `peakBytes` is that of what follows. */
  resetPeak(): void;
  /** The most bytes that `zeros` takes for one tensor: an adapter's limit; infinite for the reference. */
  readonly maxTensorBytes: number;
  /** The most rows that one tensor f32[rows, columns] can have, or columns of one f32[columns, rows]: by the same limit. */
  mostRows(columns: number): number;

  /** A tensor of zeros; every dimension is at least 1. LIMIT_EXCEEDED or OUT_OF_MEMORY when it cannot be had. */
  zeros(dtype: DType, shape: readonly number[]): Tensor;
  /** A tensor with these values (row-major, exactly `size` of them). */
  tensor(values: Values | readonly number[], shape?: readonly number[]): Tensor;
  /** Tensors of zeros in one piece of memory. */
  group(shapes: readonly (readonly number[])[]): TensorGroup;
  /**
   * Rows first .. first + count of a tensor (of one of one dimension, numbers) as a tensor that shares its memory;
   * `first` is a multiple of SLICE. It goes with the tensor, and needs no free(). Ops may overwrite what lies behind
   * a slice up to the next multiple of SLICE.
   */
  slice(tensor: Tensor, first: number, count: number): Tensor;
  /** Overwrites the first `values.length` numbers of a tensor of one dimension, or all of one of two. */
  write(tensor: Tensor, values: Values): void;
  /** Copies all of `from` into `to`, which has the same shape and type. */
  copy(from: Tensor, to: Tensor): void;
  /** Waits for all work so far and returns the values: f32 as Float32Array (Float64Array in f64), u32 as Uint32Array. */
  read(tensor: Tensor): Promise<Float32Array | Float64Array | Uint32Array>;
  /** Runs `work` and frees every tensor made inside it but the ones it returns. */
  scope<T>(work: () => T): T;

  /** Into how many parts a product that sums over `depth` should be cut to keep this backend busy. */
  splits(rows: number, columns: number, depth: number): number;
  /** How products are computed; undefined where there is one way only. */
  readonly tuning: Tuning | undefined;
  /** Computes products so from now on. CONFIG for a way that the backend does not know. */
  useTuning(tuning: Tuning): void;
  /**
   * Finds the fastest way to compute the products of these layers, and computes them so from now on; `off` goes back to
   * the usual way. To be called before a training: rounding, and what `splits` answers, depend on it.
   */
  tune(request: TuneRequest): Promise<Tuned | undefined>;
  /** Hands the enqueued work to the device. */
  submit(): void;
  /** Submits, then waits while more than a few submits are unfinished. Call it between steps of long work. */
  throttle(): Promise<void>;
  /** Frees everything. Later calls throw. */
  dispose(): void;
}

/** Activations whose derivative is a function of their output; gelu needs its input kept. */
export const derivativeFromOutput = (activation: Activation): boolean => activation !== 'gelu';
