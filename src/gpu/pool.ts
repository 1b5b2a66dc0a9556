/** Free buffers above this many bytes are given back to the device. */
const MOST_FREE_BYTES = 64 * 2 ** 20;
/** Up to here sizes are rounded up, so that histories of any length share a few buffers. */
const LARGE = 2 ** 20;

/** Sizes that differ by at most a quarter share a class; large ones are exact, since there a quarter is much. */
export function sizeClass(bytes: number): number {
  const size = Math.max(256, bytes);
  if (size >= LARGE) return size;
  const step = 2 ** (Math.floor(Math.log2(size - 1)) - 2);
  return Math.ceil(size / step) * step;
}

/**
 * Buffers of one device that no tensor holds. Work is ordered on one queue, so a buffer can be used again at
 * once. Bounded: a long-lived service sees histories of every length.
 */
export class BufferPool {
  readonly #free = new Map<number, GPUBuffer[]>();
  readonly #all = new Set<GPUBuffer>();
  #freeBytes = 0;

  constructor(
    private readonly device: GPUDevice,
    /** Gives a buffer back to the device, once the work that was enqueued no longer needs it. */
    private readonly retire: (buffer: GPUBuffer) => void,
  ) {}

  /** A buffer of this size class; `used` says that it holds old bytes. */
  take(size: number): { buffer: GPUBuffer; used: boolean } {
    const pooled = this.#free.get(size)?.pop();
    if (pooled) {
      this.#freeBytes -= size;
      return { buffer: pooled, used: true };
    }
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.device.createBuffer({ size, usage });
    this.#all.add(buffer);
    return { buffer, used: false };
  }

  give(buffer: GPUBuffer): void {
    if (this.#freeBytes + buffer.size > MOST_FREE_BYTES) {
      this.#all.delete(buffer);
      this.retire(buffer);
      return;
    }
    this.#freeBytes += buffer.size;
    const free = this.#free.get(buffer.size);
    if (free) free.push(buffer);
    else this.#free.set(buffer.size, [buffer]);
  }

  dispose(): void {
    for (const buffer of this.#all) buffer.destroy();
    this.#all.clear();
    this.#free.clear();
  }
}
