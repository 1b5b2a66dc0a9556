import type { Backend } from '../../src/backend/backend.js';
import { createBackend } from '../../src/createBackend.js';
import { createGpuBackend, type GpuBackend } from '../../src/gpu/backend.js';
import { openDevice } from '../../src/gpu/device.js';
import { allBy } from '../../src/gpu/tune.js';
import { DEFAULT_VARIANT, VARIANT_NAMES, type VariantName } from '../../src/gpu/variants.js';

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

/** Ways to compute products that are neither family's usual one. */
export const UNUSUAL_VARIANTS = VARIANT_NAMES.filter(
  (name) => !Object.values(DEFAULT_VARIANT).includes(name),
);

/** The same adapter with all products computed in one way. */
export async function openVariant(name: VariantName): Promise<GpuBackend> {
  const opened = await openDevice({ software: false, name: process.env['FOLDIN_ADAPTER'] });
  if (!opened) throw new Error('no WebGPU adapter for the GPU tests');
  return createGpuBackend(opened.device, opened.info, { tuning: allBy(name) });
}

/** The same adapter with kernels of the other family than its own, so that both are tested everywhere. */
export async function openOtherFamily(): Promise<GpuBackend> {
  const own = await openGpu();
  const { family } = own;
  own.dispose();
  const name = process.env['FOLDIN_ADAPTER'];
  const opened = await openDevice({ software: false, name });
  if (!opened) throw new Error('no WebGPU adapter for the GPU tests');
  return createGpuBackend(opened.device, opened.info, {
    family: family === 'tile' ? 'register' : 'tile',
    // Small, so that the optimiser's work in pieces is tested, too.
    largestPiece: 4096,
  });
}
