import * as adapters from '#adapter';
import type { DeviceInfo } from '../backend/backend.js';
import { FoldinError } from '../errors.js';
import type { AdapterRequest } from './adapter.js';

export interface OpenDevice {
  readonly device: GPUDevice;
  readonly info: DeviceInfo;
}

/** Limits worth asking for above the defaults: how large a buffer may be. */
const RAISED = ['maxBufferSize', 'maxStorageBufferBindingSize'] as const;

/** Features that kernels use where they are. */
const WANTED = ['subgroups'] as const satisfies readonly GPUFeatureName[];

/** Opens the adapter asked for, or returns null when there is none. The `null` back end is refused. */
export async function openDevice(request: AdapterRequest): Promise<OpenDevice | null> {
  const adapter = await adapters.requestAdapter(request);
  if (!adapter) return null;
  const found = describe(adapter);
  // Part of the driver: it decides what a verification and a measurement are worth, and stands in every model.
  const info = request.unsafeNoRobustness ? { ...found, driver: `${found.driver}, no bounds checks` } : found;
  if (request.software && info.kind !== 'software') return null;
  const requiredLimits: Record<string, number> = {};
  for (const name of RAISED) requiredLimits[name] = adapter.limits[name];
  try {
    const requiredFeatures = WANTED.filter((name) => adapter.features.has(name));
    const device = await adapter.requestDevice({ requiredLimits, requiredFeatures, label: 'foldin' });
    return { device, info };
  } catch (cause) {
    throw new FoldinError(
      'GPU_ERROR',
      `the adapter ${info.adapter} gave no device: ${(cause as Error).message}`,
      {
        remedy: 'Close other programs that use the GPU, update its driver, or choose --device cpu.',
        cause,
      },
    );
  }
}

/** What an adapter is. NULL_ADAPTER for Dawn's `null` back end, which answers everything and computes nothing. */
export function describe(adapter: GPUAdapter): DeviceInfo {
  const { vendor, architecture, device, description } = adapter.info;
  // Browsers of before 2025 have the flag on the adapter itself.
  const older = adapter as GPUAdapter & { readonly isFallbackAdapter?: boolean };
  const isFallbackAdapter = adapter.info.isFallbackAdapter ?? older.isFallbackAdapter ?? false;
  // Browsers may hide every name; outside one, an adapter without any is the null back end, too.
  const nameless = !vendor && !architecture && !device && !description && globalThis.process?.versions?.node;
  if (device === 'null-backend' || nameless) {
    throw new FoldinError(
      'NULL_ADAPTER',
      'the adapter is the null back end, which answers everything and computes nothing',
      {
        remedy: 'Remove backend=null from the WebGPU settings, or choose another adapter or --device cpu.',
      },
    );
  }
  return {
    kind: isFallbackAdapter ? 'software' : 'gpu',
    adapter: nameOf(vendor, architecture, device),
    vendor,
    driver: description,
  };
}

/** Some drivers give a name, some a PCI number; browsers may give nothing at all. */
function nameOf(vendor: string, architecture: string, device: string): string {
  const isNumber = /^(0x)?[0-9a-f]{1,8}$/i.test(device);
  const name = isNumber || !device ? [vendor, architecture].filter(Boolean).join(' ') : device;
  return name.replace(/-+$/, '') || 'unnamed adapter';
}

export const adapterNames = (): Promise<string[]> => adapters.adapterNames();

/** What an adapter can do. */
export interface AdapterDetails {
  readonly device: DeviceInfo;
  /** Sorted. */
  readonly features: readonly string[];
  /** By name; sizes in bytes. */
  readonly limits: Readonly<Record<string, number>>;
}

/** The details of the adapter that `openDevice` would open, or null when there is none. */
export async function adapterDetails(request: AdapterRequest): Promise<AdapterDetails | null> {
  const adapter = await adapters.requestAdapter(request);
  if (!adapter) return null;
  const limits: Record<string, number> = {};
  // They are getters of the prototype, which Object.keys does not see.
  for (const name in adapter.limits) {
    const limit = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof limit === 'number') limits[name] = limit;
  }
  return { device: describe(adapter), features: [...adapter.features].map(String).sort(), limits };
}
