import type { DType, Tensor, TensorGroup, Values } from '../backend/backend.js';
import { mismatch } from '../backend/check.js';
import { Scopes } from '../backend/scope.js';
import { FoldinError } from '../errors.js';
import { type BufferPool, sizeClass } from './pool.js';

/**
 * A tensor on the GPU. Rows of two-dimensional f32 tensors are padded (see `padded`), so that kernels
 * work in vec4 blocks without bounds checks. Invariant: padding is always zero; every kernel keeps it so.
 */
export class GpuTensor implements Tensor {
  readonly size: number;
  /** Row length in memory, in elements. */
  readonly stride: number;
  /** Rows in memory. */
  readonly rows: number;
  #freed = false;

  constructor(
    readonly buffer: GPUBuffer,
    readonly dtype: DType,
    readonly shape: readonly number[],
    /** Bytes before it in the buffer, and its own. */
    readonly offset: number,
    readonly bytes: number,
    private readonly onFree: () => void,
    /** What it is a slice of, which frees it. */
    private readonly whole?: GpuTensor,
    /** What it consists of where one buffer is too small for it: the whole of a large group, which no kernel binds. */
    readonly segments?: readonly Piece[],
  ) {
    this.size = elements(shape);
    [this.rows, this.stride] = storage(dtype, shape);
  }

  get columns(): number {
    return this.shape[this.shape.length - 1];
  }

  get freed(): boolean {
    return this.#freed || (this.whole?.freed ?? false);
  }

  free(): void {
    if (this.freed) return;
    this.#freed = true;
    this.onFree();
  }

  /**
   * Rows first .. first + count. It is bound to the end of the whole tensor, so that slices of any length share their
   * bind groups.
   */
  slice(first: number, count: number): GpuTensor {
    const at = 4 * first * (this.shape.length === 1 ? 1 : this.stride);
    const shape = [count, ...this.shape.slice(1)];
    return new GpuTensor(this.buffer, this.dtype, shape, this.offset + at, this.bytes - at, () => {}, this);
  }
}

const elements = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** To 64 (two workgroups of register blocks) where that wastes little, else to 8 (the rows of one). */
const padded = (n: number): number => (n >= 256 ? Math.ceil(n / 64) * 64 : Math.ceil(n / 8) * 8);

/** Rows and row stride in memory. */
function storage(dtype: DType, shape: readonly number[]): [rows: number, stride: number] {
  if (dtype === 'u32') return shape.length === 1 ? [1, shape[0]] : [shape[0], shape[1]];
  if (shape.length === 1) return [1, padded(shape[0])];
  return [Math.ceil(shape[0] / 8) * 8, padded(shape[1])];
}

/** What a device allows. */
export type MemoryLimits = Pick<GPUSupportedLimits, 'maxStorageBufferBindingSize' | 'maxBufferSize'>;

/** Part of a vector: numbers start .. start + numbers of it. */
export interface Piece {
  readonly tensor: GpuTensor;
  readonly start: number;
  readonly numbers: number;
}

/** Makes and counts the tensors of one device. */
export class Memory {
  liveBytes = 0;
  peakBytes = 0;
  readonly #scopes = new Scopes();
  readonly #pieces = new WeakMap<GpuTensor, readonly Piece[]>();
  #unused: GPUBuffer | undefined;

  constructor(
    private readonly limits: MemoryLimits,
    private readonly pool: BufferPool,
    private readonly clear: (buffer: GPUBuffer) => void,
    private readonly write: (tensor: GpuTensor, bytes: ArrayBufferView) => void,
    /** Bytes of a piece; tests make it small. */
    private readonly largestPiece: number,
  ) {}

  zeros(dtype: DType, shape: readonly number[]): GpuTensor {
    if (shape.length < 1 || shape.length > 2 || shape.some((n) => !Number.isSafeInteger(n) || n < 0)) {
      throw mismatch('zeros', 'shape', 'one or two whole numbers', `[${shape.join(', ')}]`);
    }
    const [rows, stride] = storage(dtype, shape);
    const buffer = this.#buffer(rows * stride * 4, dtype, shape);
    const tensor = new GpuTensor(buffer, dtype, shape, 0, buffer.size, () => this.#release(buffer));
    this.#count(buffer.size);
    this.#scopes.made(tensor);
    return tensor;
  }

  /**
   * f32 tensors one after the other, each at an offset that can be bound: in one buffer, or in as many as the largest
   * buffer of the adapter makes necessary.
   */
  group(shapes: readonly (readonly number[])[]): TensorGroup {
    const numbers = shapes.map((shape) => {
      const [rows, stride] = storage('f32', shape);
      return Math.ceil((rows * stride) / 64) * 64;
    });
    shapes.forEach((shape, i) => {
      this.#refuseBeyond(this.bindingLimit, 4 * numbers[i], 'f32', shape);
    });
    const starts = numbers.map((_, i) => numbers.slice(0, i).reduce((sum, n) => sum + n, 0));
    const total = numbers.reduce((sum, n) => sum + n, 0);
    const segments = this.#segments(numbers);
    const parts = shapes.map((shape, i) => {
      const { tensor, start } = segments.findLast(({ start }) => start <= starts[i])!;
      const offset = 4 * (starts[i] - start);
      return new GpuTensor(tensor.buffer, 'f32', shape, offset, 4 * numbers[i], () => {});
    });
    const free = () => {
      for (const part of parts) part.free();
      for (const { tensor } of segments) this.#release(tensor.buffer);
    };
    const { buffer, bytes } = segments[0].tensor;
    const whole = new GpuTensor(
      buffer,
      'f32',
      [total],
      0,
      bytes,
      free,
      undefined,
      segments.length > 1 ? segments : undefined,
    );
    this.#count(segments.reduce((sum, { tensor }) => sum + tensor.bytes, 0));
    this.#scopes.made(whole);
    return { whole, parts, starts };
  }

  /** Buffers for parts of these lengths: as few as hold them in order, no part in two. */
  #segments(parts: readonly number[]): Piece[] {
    const lengths: number[] = [];
    let room = 0;
    for (const part of parts) {
      if (part > room) {
        lengths.push(0);
        room = Math.floor(this.limits.maxBufferSize / 4);
      }
      lengths[lengths.length - 1] += part;
      room -= part;
    }
    let start = 0;
    return lengths.map((numbers) => {
      const buffer = this.#take(4 * numbers);
      const tensor = new GpuTensor(buffer, 'f32', [numbers], 0, buffer.size, () => {});
      start += numbers;
      return { tensor, start: start - numbers, numbers };
    });
  }

  resetPeak(): void {
    this.peakBytes = 0;
    this.#count(0);
  }

  #count(bytes: number): void {
    this.liveBytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
  }

  /** A tensor to bind where a kernel's branch does not look at it. */
  unused(): GpuTensor {
    this.#unused ??= this.#buffer(32, 'f32', [1, 1]);
    return new GpuTensor(this.#unused, 'f32', [1, 1], 0, this.#unused.size, () => {});
  }

  #release(buffer: GPUBuffer): void {
    this.liveBytes -= buffer.size;
    this.pool.give(buffer);
  }

  /** The most bytes a tensor that is bound whole can have. */
  get bindingLimit(): number {
    return Math.min(this.limits.maxStorageBufferBindingSize, this.limits.maxBufferSize);
  }

  #buffer(bytes: number, dtype: DType, shape: readonly number[]): GPUBuffer {
    this.#refuseBeyond(this.bindingLimit, bytes, dtype, shape);
    return this.#take(bytes);
  }

  #take(bytes: number): GPUBuffer {
    const { buffer, used } = this.pool.take(sizeClass(bytes));
    if (used) this.clear(buffer);
    return buffer;
  }

  #refuseBeyond(limit: number, bytes: number, dtype: DType, shape: readonly number[]): void {
    if (bytes <= limit) return;
    throw new FoldinError(
      'LIMIT_EXCEEDED',
      `${dtype}[${shape}] needs ${bytes} bytes; this adapter takes at most ${limit} bytes at once`,
      {
        remedy:
          'Use fewer items (--min-item), a smaller batch or hidden layer, or another adapter or --device cpu.',
        details: { bytes, limit, shape },
      },
    );
  }

  /** The most rows of f32[rows, columns] within the limit; see `storage`. */
  mostRows(columns: number): number {
    return 8 * Math.floor(this.bindingLimit / 4 / padded(columns) / 8);
  }

  /** A vector cut into pieces that can be bound, in order; most are one piece. */
  pieces(tensor: GpuTensor): readonly Piece[] {
    let cut = this.#pieces.get(tensor);
    if (!cut) {
      const numbers = tensor.rows * tensor.stride;
      cut = (tensor.segments ?? [{ tensor, start: 0, numbers }]).flatMap((segment) => this.#cut(segment));
      this.#pieces.set(tensor, cut);
    }
    return cut;
  }

  #cut({ tensor, start, numbers }: Piece): Piece[] {
    const largest = 64 * Math.floor(Math.min(this.bindingLimit, this.largestPiece) / 256);
    if (numbers <= largest) return [{ tensor, start, numbers }];
    return Array.from({ length: Math.ceil(numbers / largest) }, (_, i) => {
      const mine = Math.min(largest, numbers - i * largest);
      const offset = tensor.offset + 4 * i * largest;
      const piece = new GpuTensor(tensor.buffer, 'f32', [mine], offset, 4 * mine, () => {}, tensor);
      return { tensor: piece, start: start + i * largest, numbers: mine };
    });
  }

  scope<T>(work: () => T): T {
    return this.#scopes.run(work);
  }

  /** Writes row-major values without padding into a tensor's memory. */
  upload(tensor: GpuTensor, values: Values): void {
    const bits = tensor.dtype === 'u32' ? toUint32(values) : toFloat32(values);
    if (tensor.segments) {
      for (const { tensor: segment, start, numbers } of tensor.segments) {
        this.write(segment, bits.subarray(start, start + numbers));
      }
      return;
    }
    if (tensor.shape.length === 1 || tensor.stride === tensor.columns) {
      this.write(tensor, bits);
      return;
    }
    const whole =
      tensor.dtype === 'u32'
        ? new Uint32Array(tensor.rows * tensor.stride)
        : new Float32Array(tensor.rows * tensor.stride);
    for (let r = 0; r < tensor.shape[0]; r++) {
      whole.set(bits.subarray(r * tensor.columns, (r + 1) * tensor.columns), r * tensor.stride);
    }
    this.write(tensor, whole);
  }

  dispose(): void {
    this.pool.dispose();
    this.liveBytes = 0;
  }
}

const toUint32 = (values: Values): Uint32Array =>
  values instanceof Uint32Array ? values : Uint32Array.from(values);

const toFloat32 = (values: Values): Float32Array =>
  values instanceof Float32Array ? values : Float32Array.from(values);

/** The values of a tensor's memory without its padding. */
export function unpad(tensor: GpuTensor, memory: ArrayBuffer): Float32Array | Uint32Array {
  const whole = tensor.dtype === 'u32' ? new Uint32Array(memory) : new Float32Array(memory);
  if (tensor.shape.length === 1 || tensor.stride === tensor.columns) return whole.subarray(0, tensor.size);
  const values = tensor.dtype === 'u32' ? new Uint32Array(tensor.size) : new Float32Array(tensor.size);
  for (let r = 0; r < tensor.shape[0]; r++) {
    values.set(whole.subarray(r * tensor.stride, r * tensor.stride + tensor.columns), r * tensor.columns);
  }
  return values;
}
