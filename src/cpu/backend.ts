import type { Backend, DType, Tensor, Values } from '../backend/backend.js';
import { checkAlike, checkedOps, checkSlice, describe, mismatch } from '../backend/check.js';
import { Scopes } from '../backend/scope.js';
import { FoldinError } from '../errors.js';
import { cpuOps } from './ops.js';
import { CpuTensor, type Floats, floats, own } from './tensor.js';

export interface CpuBackendOptions {
  /** Storage of f32 tensors; sums are taken in doubles either way. Default f32. */
  readonly precision?: 'f32' | 'f64';
  /** Bytes that one tensor may have at most: tests make it small, to compute in blocks as an adapter has to. Default: no limit. */
  readonly maxTensorBytes?: number;
}

/** How long the reference may keep the event loop before throttle() lets others run. */
const YIELD_MS = 20;

/** The reference backend: every op runs at once, in this thread. */
export function createCpuBackend(options: CpuBackendOptions = {}): Backend {
  const { precision = 'f32', maxTensorBytes = Number.POSITIVE_INFINITY } = options;
  const floatBytes = precision === 'f64' ? 8 : 4;
  const scopes = new Scopes();
  const live = new Set<CpuTensor>();
  let liveBytes = 0;
  let peakBytes = 0;
  let disposed = false;
  let lastYieldMs = performance.now();

  const alive = () => {
    if (!disposed) return;
    throw new FoldinError('FREED', 'the CPU backend is used after dispose()', {
      remedy: 'Make a new backend, or dispose of this one later.',
    });
  };

  const make = (dtype: DType, shape: readonly number[], isWhole = false): CpuTensor => {
    alive();
    const size = sizeOf(shape);
    if (!isWhole) refuseBeyond(maxTensorBytes, size * (dtype === 'u32' ? 4 : floatBytes), dtype, shape);
    const numbers = allocate(dtype, size, precision);
    const tensor = new CpuTensor(dtype, [...shape], numbers, (bytes) => {
      live.delete(tensor);
      liveBytes -= bytes;
    });
    live.add(tensor);
    liveBytes += numbers.byteLength;
    peakBytes = Math.max(peakBytes, liveBytes);
    scopes.made(tensor);
    return tensor;
  };

  return {
    ...checkedOps(cpuOps, alive),
    device: { kind: 'cpu', adapter: 'CPU reference', vendor: '', driver: runtime() },
    precision,
    get liveBytes() {
      return liveBytes;
    },
    get peakBytes() {
      return peakBytes;
    },
    resetPeak() {
      peakBytes = liveBytes;
    },
    maxTensorBytes,
    mostRows: (columns) => Math.floor(maxTensorBytes / floatBytes / columns),
    zeros: (dtype, shape) => make(dtype, shape),
    group(shapes) {
      const sizes = shapes.map(sizeOf);
      sizes.forEach((size, i) => {
        refuseBeyond(maxTensorBytes, size * floatBytes, 'f32', shapes[i]);
      });
      const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
      const whole = make('f32', [sizes.reduce((sum, size) => sum + size, 0)], true);
      const parts = shapes.map((shape, i) => {
        const numbers = floats(whole).subarray(starts[i], starts[i] + sizes[i]);
        return new CpuTensor('f32', [...shape], numbers, () => {});
      });
      return { whole: freedWith(whole, parts), parts, starts };
    },
    tensor(values, shape = [values.length]) {
      const dtype = values instanceof Uint32Array ? 'u32' : 'f32';
      if (sizeOf(shape) !== values.length) {
        throw mismatch('tensor', 'values', `${sizeOf(shape)} numbers`, `${values.length}`);
      }
      const tensor = make(dtype, shape);
      tensor.numbers.set(values);
      return tensor;
    },
    slice(tensor, first, count) {
      alive();
      checkSlice(tensor, first, count);
      const length = tensor.size / tensor.shape[0];
      const numbers = own(tensor).numbers.subarray(first * length, (first + count) * length);
      return new CpuTensor(tensor.dtype, [count, ...tensor.shape.slice(1)], numbers, () => {}, own(tensor));
    },
    write(tensor, values) {
      alive();
      checkWrite(tensor, values);
      own(tensor).numbers.set(values);
    },
    copy(from, to) {
      alive();
      checkAlike('copy', 'to', to, from);
      own(to).numbers.set(own(from).numbers);
    },
    async read(tensor) {
      alive();
      return own(tensor).numbers.slice();
    },
    scope(work) {
      alive();
      return scopes.run(work);
    },
    splits: () => 1,
    tuning: undefined,
    useTuning() {},
    tune: async () => undefined,
    submit: alive,
    async throttle() {
      alive();
      if (performance.now() - lastYieldMs < YIELD_MS) return;
      await nextTask();
      lastYieldMs = performance.now();
    },
    dispose() {
      for (const tensor of live) tensor.free();
      disposed = true;
    },
  };
}

/** The whole of a group; its parts are freed with it. */
function freedWith(whole: CpuTensor, parts: readonly CpuTensor[]): CpuTensor {
  const free = whole.free.bind(whole);
  whole.free = () => {
    for (const part of parts) part.free();
    free();
  };
  return whole;
}

function allocate(dtype: DType, size: number, precision: 'f32' | 'f64'): Floats | Uint32Array {
  try {
    if (dtype === 'u32') return new Uint32Array(size);
    return precision === 'f64' ? new Float64Array(size) : new Float32Array(size);
  } catch (cause) {
    throw new FoldinError('OUT_OF_MEMORY', `no memory for a tensor of ${size} numbers`, {
      remedy: 'Use a smaller batch or model, or close other programs.',
      cause,
    });
  }
}

function refuseBeyond(limit: number, bytes: number, dtype: DType, shape: readonly number[]): void {
  if (bytes <= limit) return;
  throw new FoldinError(
    'LIMIT_EXCEEDED',
    `${dtype}[${shape}] needs ${bytes} bytes; this backend was made to take at most ${limit} bytes at once`,
    {
      remedy: 'Use fewer items, a smaller batch or hidden layer, or make the backend without the limit.',
      details: { bytes, limit, shape },
    },
  );
}

function sizeOf(shape: readonly number[]): number {
  const valid =
    (shape.length === 1 || shape.length === 2) && shape.every((n) => Number.isSafeInteger(n) && n >= 1);
  if (!valid)
    throw mismatch('zeros', 'shape', 'one or two whole numbers of at least 1', `[${shape.join(', ')}]`);
  return shape.reduce((size, length) => size * length, 1);
}

function checkWrite(tensor: Tensor, values: Values): void {
  const fits = tensor.shape.length === 1 ? values.length <= tensor.size : values.length === tensor.size;
  if (!fits || values instanceof Uint32Array !== (tensor.dtype === 'u32')) {
    const got = `${values.length} numbers of ${values.constructor.name}`;
    throw mismatch('write', 'values', `numbers for ${describe(tensor)}`, got);
  }
}

/** Lets the event loop run its other tasks; unlike setTimeout it waits no 4 ms in browsers. */
const nextTask = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

const runtime = (): string =>
  globalThis.process?.version ? `node ${globalThis.process.version}` : globalThis.navigator.userAgent;
