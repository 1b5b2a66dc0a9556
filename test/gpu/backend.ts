import type { Backend } from '../../src/backend/backend.js';
import { createBackend } from '../../src/createBackend.js';
import { createGpuBackend, type GpuBackend, type GpuBackendOptions } from '../../src/gpu/backend.js';
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

/** The same adapter with limits far below its own, so that small cases take several tensors and buffers. */
export async function openLimited(
  limits: NonNullable<GpuBackendOptions['limits']>,
  otherFamily = false,
): Promise<GpuBackend> {
  const { device, info, family } = await openAgain();
  return createGpuBackend(device, info, { family: otherFamily ? OTHER[family] : family, limits });
}

/** Ways to compute products that are neither family's usual one. */
export const UNUSUAL_VARIANTS = VARIANT_NAMES.filter(
  (name) => !Object.values(DEFAULT_VARIANT).includes(name),
);

/** The same adapter with all products computed in one way. */
export async function openVariant(name: VariantName): Promise<GpuBackend> {
  const { device, info } = await openAgain();
  return createGpuBackend(device, info, { tuning: allBy(name) });
}

/** The same adapter with register blocks whose threads do not hear each other, as where there are no subgroups of eight. */
export async function openWithoutSubgroups(): Promise<GpuBackend> {
  const { device, info } = await openAgain();
  return createGpuBackend(device, info, { family: 'register', hasSubgroups: false });
}

/** The same adapter with kernels of the other family than its own, so that both are tested everywhere. */
export async function openOtherFamily(): Promise<GpuBackend> {
  const { device, info, family } = await openAgain();
  // Small pieces, so that the optimiser's work in pieces is tested, too.
  return createGpuBackend(device, info, { family: OTHER[family], largestPiece: 4096 });
}

const OTHER = { tile: 'register', register: 'tile' } as const;

async function openAgain() {
  const own = await openGpu();
  const { family } = own;
  own.dispose();
  const opened = await openDevice({ software: false, name: process.env['FOLDIN_ADAPTER'] });
  if (!opened) throw new Error('no WebGPU adapter for the GPU tests');
  return { ...opened, family };
}
