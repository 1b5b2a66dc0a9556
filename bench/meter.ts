import type { GpuBackend } from '../src/gpu/backend.js';

/** What work on a GPU backend has cost since the backend was made. */
export interface Cost {
  readonly dispatches: number;
  readonly submits: number;
  readonly uploadedBytes: number;
  readonly buffersMade: number;
  readonly bindGroupsMade: number;
  /** Milliseconds of JavaScript and driver calls on this thread, waiting not included. */
  readonly hostMs: number;
}

/** Counts what a backend does and what the host spends on it. */
export interface Meter {
  /** The same backend; its calls are timed. */
  readonly backend: GpuBackend;
  /** Runs `work` and counts the time until it returns: for an async function, until its first wait. */
  timed<T>(work: () => T): T;
  cost(): Cost;
}

export const costSince = (now: Cost, before: Cost): Cost => ({
  dispatches: now.dispatches - before.dispatches,
  submits: now.submits - before.submits,
  uploadedBytes: now.uploadedBytes - before.uploadedBytes,
  buffersMade: now.buffersMade - before.buffersMade,
  bindGroupsMade: now.bindGroupsMade - before.bindGroupsMade,
  hostMs: now.hostMs - before.hostMs,
});

/**
 * The event loop's own figures are of no use here: Node's WebGPU polls while work is in flight, which counts as
 * busy. So the stretches between two waits are timed, nested ones once.
 */
export function meter(backend: GpuBackend): Meter {
  let hostMs = 0;
  let inside = false;
  function timed<T>(work: () => T): T {
    if (inside) return work();
    inside = true;
    const started = performance.now();
    try {
      return work();
    } finally {
      hostMs += performance.now() - started;
      inside = false;
    }
  }
  const made = countObjects(backend.gpuDevice);
  const proxy = new Proxy(backend, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => timed(() => member.apply(target, args));
    },
  });
  return { backend: proxy, timed, cost: () => ({ ...backend.counts, ...made, hostMs }) };
}

function countObjects(device: GPUDevice): { buffersMade: number; bindGroupsMade: number } {
  const made = { buffersMade: 0, bindGroupsMade: 0 };
  const { createBuffer, createBindGroup } = device;
  device.createBuffer = (descriptor) => {
    made.buffersMade++;
    return createBuffer.call(device, descriptor);
  };
  device.createBindGroup = (descriptor) => {
    made.bindGroupsMade++;
    return createBindGroup.call(device, descriptor);
  };
  return made;
}
