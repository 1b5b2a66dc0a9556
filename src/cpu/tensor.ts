import type { DType, Tensor } from '../backend/backend.js';
import { FoldinError } from '../errors.js';

export type Floats = Float32Array | Float64Array;

/** A tensor in the host's memory. */
export class CpuTensor implements Tensor {
  readonly size: number;
  #numbers: Floats | Uint32Array | undefined;
  readonly #onFree: (bytes: number) => void;

  constructor(
    readonly dtype: DType,
    readonly shape: readonly number[],
    numbers: Floats | Uint32Array,
    onFree: (bytes: number) => void,
    /** What it is a slice of, which frees it. */
    private readonly whole?: CpuTensor,
  ) {
    this.size = numbers.length;
    this.#numbers = numbers;
    this.#onFree = onFree;
  }

  /** The numbers themselves, not a copy. FREED after free(). */
  get numbers(): Floats | Uint32Array {
    if (this.#numbers === undefined || this.whole?.freed) {
      throw new FoldinError(
        'FREED',
        `a tensor ${this.dtype}[${this.shape.join(', ')}] is used after free()`,
        {
          remedy: 'Free a tensor after its last use, and return from scope() what is used outside it.',
        },
      );
    }
    return this.#numbers;
  }

  get freed(): boolean {
    return this.#numbers === undefined;
  }

  free(): void {
    if (this.#numbers === undefined) return;
    this.#onFree(this.#numbers.byteLength);
    this.#numbers = undefined;
  }
}

/** The numbers of an f32 tensor of this backend. */
export const floats = (tensor: Tensor): Floats => own(tensor).numbers as Floats;

/** The numbers of a u32 tensor of this backend. */
export const integers = (tensor: Tensor): Uint32Array => own(tensor).numbers as Uint32Array;

/** The tensor as this backend's own; CONFIG when another backend made it. */
export function own(tensor: Tensor): CpuTensor {
  if (tensor instanceof CpuTensor) return tensor;
  throw new FoldinError('CONFIG', 'a tensor of another backend was given to the CPU backend', {
    remedy: 'Read it there, and make a tensor of its values here.',
  });
}
