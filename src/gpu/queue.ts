import { FoldinError } from '../errors.js';
import { Kernels } from './kernel.js';
import type { Shader } from './layout.js';
import type { GpuTensor } from './memory.js';

/** A launch: the shader, its buffers and uniform fields by name, override constants, workgroups in x, y, z. */
export interface Launch {
  readonly shader: Shader;
  readonly tensors: Readonly<Record<string, GpuTensor>>;
  readonly params: Readonly<Record<string, number>>;
  readonly constants?: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
}

/** Part of a buffer, in bytes. */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

type Command = (encoder: GPUCommandEncoder, pass: () => GPUComputePassEncoder, endPass: () => void) => void;

/** minUniformBufferOffsetAlignment is at most 256 everywhere. */
const SLOT = 256;
const SLOTS = 2048;
/** Submits of about this much work keep a page responsive and stay far from any watchdog. */
const TARGET_MS = 15;
const MAX_IN_FLIGHT = 3;
const NONE: Readonly<Record<string, number>> = {};

/**
 * Collects launches and hands them to the device in few submits: one upload of all uniform fields and,
 * where no copy intervenes, one pass.
 */
export class Queue {
  readonly kernels: Kernels;
  /** Counters for the benchmark and the tests. */
  readonly counts = { dispatches: 0, submits: 0, uploadedBytes: 0 };
  readonly #uniforms: GPUBuffer;
  readonly #staging = new ArrayBuffer(SLOT * SLOTS);
  readonly #view = new DataView(this.#staging);
  readonly #commands: Command[] = [];
  readonly #readback = new Map<number, GPUBuffer[]>();
  readonly #inFlight: Promise<void>[] = [];
  #slots = 0;
  #dispatchesPending = 0;
  #msPerDispatch = 0;
  #lastDone = 0;
  #failure: FoldinError | undefined;

  constructor(
    private readonly device: GPUDevice,
    /** By the device where absent. */
    hasSubgroups?: boolean,
  ) {
    this.kernels = new Kernels(device, (error) => this.fail(error), hasSubgroups);
    this.#uniforms = device.createBuffer({
      label: 'params',
      size: SLOT * SLOTS,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  /** Keeps the first failure, or the refused kernel behind it; every later call throws it. */
  fail(error: FoldinError): void {
    if (!this.#failure || error.code === 'SHADER_INVALID') this.#failure = error;
  }

  check(): void {
    if (this.#failure) throw this.#failure;
  }

  launch({ shader, tensors, params, constants = NONE, workgroups }: Launch): void {
    this.check();
    // Nothing to do for this launch; the browser would warn of it.
    if (workgroups.includes(0)) return;
    if (this.#slots === SLOTS) this.submit();
    const kernel = this.kernels.get(shader, constants);
    const offset = SLOT * this.#slots++;
    kernel.writeParams(this.#view, offset, params);
    const group = kernel.bindGroup(tensors, this.#uniforms);
    const [x, y, z] = workgroups;
    this.#dispatchesPending++;
    this.#commands.push((_, pass) => {
      const compute = pass();
      compute.setPipeline(kernel.pipeline);
      compute.setBindGroup(0, group, [offset]);
      compute.dispatchWorkgroups(x, y, z);
    });
  }

  copy(from: BufferRange, to: BufferRange): void {
    this.check();
    this.#commands.push((encoder, _, endPass) => {
      endPass();
      encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, from.bytes);
    });
  }

  clear(buffer: GPUBuffer): void {
    this.check();
    this.#commands.push((encoder, _, endPass) => {
      endPass();
      encoder.clearBuffer(buffer);
    });
  }

  /** Gives a buffer back to the device after the work enqueued so far. */
  retire(buffer: GPUBuffer): void {
    this.submit();
    buffer.destroy();
    this.kernels.forgetBindGroups();
  }

  /** Writes in order with the launches: what was enqueued before sees the old bytes. */
  write({ buffer, offset }: BufferRange, bytes: ArrayBufferView): void {
    this.submit();
    this.device.queue.writeBuffer(
      buffer,
      offset,
      bytes.buffer as ArrayBuffer,
      bytes.byteOffset,
      bytes.byteLength,
    );
    this.counts.uploadedBytes += bytes.byteLength;
  }

  submit(): void {
    this.check();
    if (this.#commands.length === 0) return;
    if (this.#slots > 0) {
      this.device.queue.writeBuffer(this.#uniforms, 0, this.#staging, 0, SLOT * this.#slots);
      this.counts.uploadedBytes += SLOT * this.#slots;
    }
    const encoder = this.device.createCommandEncoder();
    let open: GPUComputePassEncoder | undefined;
    const pass = () => (open ??= encoder.beginComputePass());
    const endPass = () => {
      open?.end();
      open = undefined;
    };
    for (const command of this.#commands) command(encoder, pass, endPass);
    endPass();
    this.device.queue.submit([encoder.finish()]);
    this.counts.submits++;
    this.counts.dispatches += this.#dispatchesPending;
    this.#track(this.#dispatchesPending);
    this.#commands.length = 0;
    this.#slots = 0;
    this.#dispatchesPending = 0;
  }

  #track(dispatches: number): void {
    const submitted = performance.now();
    const done = this.device.queue.onSubmittedWorkDone().then(
      () => {
        const now = performance.now();
        const ms = now - Math.max(submitted, this.#lastDone);
        this.#lastDone = now;
        if (dispatches > 0) this.#msPerDispatch = ms / dispatches;
      },
      () => {}, // A lost device is reported by `lost`.
    );
    this.#inFlight.push(done);
    void done.then(() => this.#inFlight.splice(this.#inFlight.indexOf(done), 1));
  }

  /** Call between steps: submits once enough is enqueued, waits while too much is unfinished. */
  async throttle(): Promise<void> {
    const ms = this.#dispatchesPending * this.#msPerDispatch;
    if (ms >= TARGET_MS || this.#slots >= SLOTS / 2 || this.#msPerDispatch === 0) this.submit();
    while (this.#inFlight.length >= MAX_IN_FLIGHT) await this.#inFlight[0];
    this.check();
  }

  /** Waits for all work so far. */
  async idle(): Promise<void> {
    this.submit();
    await this.device.queue.onSubmittedWorkDone().catch(() => {}); // A lost device is reported by `lost`.
    this.check();
  }

  /** Waits for all work so far and returns a copy of the bytes. */
  async read(range: BufferRange): Promise<ArrayBuffer> {
    const size = range.bytes;
    const free = this.#readback.get(size) ?? [];
    this.#readback.set(size, free);
    const staging =
      free.pop() ??
      this.device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    this.copy(range, { buffer: staging, offset: 0, bytes: size });
    this.submit();
    try {
      await staging.mapAsync(GPUMapMode.READ);
    } catch (cause) {
      this.check();
      throw new FoldinError('GPU_ERROR', 'the device could not hand back a result', {
        remedy: 'Start again; if it stays, choose another adapter or --device cpu.',
        cause,
      });
    }
    const bytes = staging.getMappedRange().slice(0);
    staging.unmap();
    // Large copies are rare (weights, once): keeping their staging buffers would double the memory.
    if (size <= 1 << 20) free.push(staging);
    else staging.destroy();
    this.check();
    return bytes;
  }

  dispose(): void {
    this.#commands.length = 0;
    this.#uniforms.destroy();
    for (const buffers of this.#readback.values()) for (const buffer of buffers) buffer.destroy();
  }
}
