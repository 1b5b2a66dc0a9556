import type { Backend } from '../../src/backend/backend.js';
import { createBackend } from '../../src/createBackend.js';
import type { GpuBackend } from '../../src/gpu/backend.js';

/**
 * The GPU backend that the tests run on: any adapter, hardware or software; FOLDIN_ADAPTER chooses by
 * name. Without an adapter the GPU tests fail, they are not skipped.
 */
export async function openGpu(): Promise<GpuBackend> {
  const adapter = process.env['FOLDIN_ADAPTER'];
  const backend: Backend = adapter
    ? await createBackend({ device: 'software', adapter })
    : await createBackend({ device: 'auto' });
  if (backend.device.kind === 'cpu') throw new Error('no WebGPU adapter for the GPU tests');
  return backend as GpuBackend;
}
