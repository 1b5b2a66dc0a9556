import type { Backend, DeviceInfo, Ops, Tensor } from '../backend/backend.js';
import { checkAlike, checkedOps, checkSlice, describe, mismatch } from '../backend/check.js';
import type { Tuning } from '../backend/tuning.js';
import { FoldinError } from '../errors.js';
import { bagOps } from './bag.js';
import { clusterOps } from './cluster.js';
import { type Family, familyFor } from './family.js';
import { gruOps } from './gru.js';
import { itemOps } from './items.js';
import { latentOps } from './latent.js';
import { gpu } from './launch.js';
import { lossOps } from './loss.js';
import { matmulOps } from './matmul.js';
import { type GpuTensor, Memory, type MemoryLimits, unpad } from './memory.js';
import { optimiserOps } from './optimiser.js';
import { pairOps } from './pair.js';
import { BufferPool } from './pool.js';
import { Queue } from './queue.js';
import { randomOps } from './random.js';
import { rankOps } from './rank.js';
import { scoreOps } from './scores.js';
import { solveOps } from './solve.js';
import { systemOps } from './systems.js';
import { allBy, type Choice, choiceOf, tune } from './tune.js';
import { DEFAULT_VARIANT, partsFor, VARIANTS } from './variants.js';

/** A backend on a WebGPU device, plus what only a GPU has: counters for the benchmark, the device for tests. */
export interface GpuBackend extends Backend {
  readonly gpuDevice: GPUDevice;
  readonly family: Family;
  readonly counts: Readonly<{ dispatches: number; submits: number; uploadedBytes: number }>;
}

const REMEDY = 'Start again; if it stays, update the driver, choose another adapter, or use --device cpu.';

export interface GpuBackendOptions {
  /** By kind of device where absent. */
  readonly family?: Family;
  /** The ways to compute products before anything is tuned; the family's where absent. */
  readonly tuning?: Tuning;
  /** Whether kernels may use subgroups of eight threads; by the device where absent. */
  readonly hasSubgroups?: boolean;
  /** Bytes of a large vector that one launch works on; the adapter's limit where absent. */
  readonly largestPiece?: number;
  /** Limits below the device's own: tests make them small, so that small cases have what else only large ones do. */
  readonly limits?: Partial<MemoryLimits>;
}

/** Runs the ops as WGSL kernels on `device`, which it then owns. */
export function createGpuBackend(
  device: GPUDevice,
  info: DeviceInfo,
  {
    family = familyFor(info.kind),
    tuning,
    hasSubgroups,
    largestPiece = Number.POSITIVE_INFINITY,
    limits,
  }: GpuBackendOptions = {},
): GpuBackend {
  const usual = DEFAULT_VARIANT[family];
  const choice: Choice = tuning ? choiceOf(tuning) : allBy(usual);
  const queue = new Queue(device, hasSubgroups);
  const memory = new Memory(
    {
      maxStorageBufferBindingSize: device.limits.maxStorageBufferBindingSize,
      maxBufferSize: device.limits.maxBufferSize,
      ...limits,
    },
    new BufferPool(device, (buffer) => queue.retire(buffer)),
    (buffer) => queue.clear(buffer),
    (tensor, bytes) => queue.write(tensor, bytes),
    largestPiece,
  );
  let disposed = false;

  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    queue.fail(typedError(event.error));
  });
  void device.lost.then(({ message, reason }) => {
    if (disposed) return;
    queue.fail(
      new FoldinError('DEVICE_LOST', `the device ${info.adapter} was lost (${reason}): ${message}`, {
        remedy: REMEDY,
      }),
    );
  });

  const zeros: Backend['zeros'] = (dtype, shape) => {
    queue.check();
    return memory.zeros(dtype, shape);
  };

  const ops = checkedOps(gpuOps(queue, memory, family, choice), () => queue.check());

  return {
    ...ops,
    device: info,
    precision: 'f32',
    gpuDevice: device,
    family,
    counts: queue.counts,
    get liveBytes() {
      return memory.liveBytes;
    },
    get peakBytes() {
      return memory.peakBytes;
    },
    resetPeak: () => memory.resetPeak(),
    maxTensorBytes: memory.bindingLimit,
    mostRows: (columns) => memory.mostRows(columns),
    zeros,
    group(shapes) {
      queue.check();
      return memory.group(shapes);
    },
    tensor(values, shape = [values.length]) {
      const dtype = values instanceof Uint32Array ? 'u32' : 'f32';
      const tensor = memory.zeros(dtype, shape);
      if (values.length !== tensor.size) {
        tensor.free();
        throw mismatch('tensor', 'values', `${tensor.size} numbers`, `${values.length}`);
      }
      memory.upload(tensor, Array.isArray(values) ? Float32Array.from(values) : (values as Float32Array));
      return tensor;
    },
    slice(tensor, first, count) {
      checkSlice(tensor, first, count);
      return own(tensor).slice(first, count);
    },
    write(tensor, values) {
      const fits = tensor.shape.length === 1 ? values.length <= tensor.size : values.length === tensor.size;
      if (!fits || values instanceof Uint32Array !== (tensor.dtype === 'u32')) {
        throw mismatch('write', 'values', `numbers for ${describe(tensor)}`, `${values.length} numbers`);
      }
      memory.upload(own(tensor), values);
    },
    copy(from, to) {
      checkAlike('copy', 'to', to, from);
      const targets = memory.pieces(own(to));
      memory.pieces(own(from)).forEach(({ tensor }, i) => {
        queue.copy(tensor, targets[i].tensor);
      });
    },
    async read(tensor: Tensor) {
      const source = own(tensor);
      if (!source.segments) return unpad(source, await queue.read(source));
      const values = new Float32Array(source.size);
      // All are asked for at once: what comes after this call must not show.
      const reading = source.segments.map(async ({ tensor, start }) => {
        values.set(unpad(tensor, await queue.read(tensor)), start);
      });
      await Promise.all(reading);
      return values;
    },
    scope: (work) => memory.scope(work),
    splits(rows, columns, depth) {
      return partsFor(VARIANTS[choice.matmulNT], rows, columns, depth);
    },
    get tuning() {
      return { ...choice };
    },
    useTuning(tuning) {
      Object.assign(choice, choiceOf(tuning));
    },
    async tune(request) {
      const adapter = `${info.adapter}\n${info.driver}`;
      const tuned = await tune({ queue, memory, adapter, usual }, request);
      Object.assign(choice, tuned.tuning);
      return tuned;
    },
    submit: () => queue.submit(),
    throttle: () => queue.throttle(),
    dispose() {
      if (disposed) return;
      disposed = true;
      queue.dispose();
      memory.dispose();
      device.destroy();
      queue.fail(
        new FoldinError('FREED', 'the GPU backend is used after dispose()', {
          remedy: 'Make a new backend, or dispose of this one later.',
        }),
      );
    },
  };
}

/** The kernels' launches; one a shader, under its name. */
export const gpuOps = (queue: Queue, memory: Memory, family: Family, choice: Choice): Ops => ({
  ...bagOps(queue, memory, family),
  ...gruOps(queue),
  ...itemOps(queue, memory, family),
  ...matmulOps(queue, choice),
  ...latentOps(queue),
  ...pairOps(queue),
  ...lossOps(queue, memory, family),
  ...optimiserOps(queue, memory),
  ...rankOps(queue, family),
  ...randomOps(queue),
  ...solveOps(queue, family),
  ...clusterOps(queue),
  ...systemOps(queue, family),
  ...scoreOps(queue, memory, family),
});

/** The tensor as this backend's own: CONFIG when another backend made it, FREED after free(). */
function own(tensor: Tensor): GpuTensor {
  const mine = gpu(tensor);
  if (!mine.freed) return mine;
  throw new FoldinError('FREED', `a tensor ${describe(tensor)} is used after free()`, {
    remedy: 'Free a tensor after its last use, and return from scope() what is used outside it.',
  });
}

function typedError(error: GPUError): FoldinError {
  const isMemory = error instanceof GPUOutOfMemoryError;
  return new FoldinError(
    isMemory ? 'OUT_OF_MEMORY' : 'GPU_ERROR',
    `the driver reported an error: ${error.message}`,
    { remedy: isMemory ? 'Use a smaller batch, fewer items, or --device cpu.' : REMEDY },
  );
}
