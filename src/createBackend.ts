import type { Backend, DeviceKind } from './backend/backend.js';
import { createCpuBackend } from './cpu/backend.js';
import { FoldinError } from './errors.js';
import type { Notice } from './events.js';
import { createGpuBackend } from './gpu/backend.js';
import { adapterNames, openDevice } from './gpu/device.js';

export interface BackendOptions {
  /**
   * `auto` takes a hardware GPU, else a software adapter, else the CPU, and announces every step down;
   * the others are taken as asked for or refused.
   */
  readonly device?: 'auto' | DeviceKind;
  /** Part of the adapter's name, to choose among several (Node only). */
  readonly adapter?: string;
  /**
   * Leaves out the checks that keep kernels within their buffers (Node only): somewhat faster, and a wrong index
   * then reads or overwrites other memory. It is announced, and stands in the model file as part of the driver.
   */
  readonly unsafeNoRobustness?: boolean;
  /** Is told of every step down. */
  readonly onNotice?: (notice: Notice) => void;
}

/**
 * The backend to compute on. NO_WEBGPU or NO_ADAPTER (with what there is) when the device asked for cannot be
 * had; NULL_ADAPTER for an adapter that computes nothing.
 */
export async function createBackend(options: BackendOptions = {}): Promise<Backend> {
  const { device = 'auto', adapter: name, unsafeNoRobustness = false, onNotice = () => {} } = options;
  if (device === 'cpu') {
    if (name !== undefined) {
      throw new FoldinError('CONFIG', 'the CPU reference has no adapters to choose from', {
        remedy: 'Leave the adapter out, or ask for another device.',
      });
    }
    if (unsafeNoRobustness) {
      throw new FoldinError('CONFIG', 'the CPU reference has no bounds checks that could be left out', {
        remedy: 'Leave --unsafe-no-robustness out, or ask for another device.',
      });
    }
    return createCpuBackend();
  }
  let why = 'no WebGPU adapter was found';
  try {
    const opened = await openDevice({ software: device === 'software', name, unsafeNoRobustness });
    if (opened && (device === 'auto' || opened.info.kind === device)) {
      if (device === 'auto' && opened.info.kind === 'software') {
        onNotice({
          event: 'notice',
          code: 'SOFTWARE_ADAPTER',
          message: `no hardware GPU was found; using the software adapter ${opened.info.adapter}`,
        });
      }
      if (unsafeNoRobustness) {
        onNotice({
          event: 'notice',
          code: 'NO_ROBUSTNESS',
          message: 'bounds checks of kernels are left out: a wrong index reads or overwrites other memory',
        });
      }
      return createGpuBackend(opened.device, opened.info);
    }
    if (opened) {
      opened.device.destroy();
      why = `the only adapter is ${opened.info.adapter} (${opened.info.kind === 'gpu' ? 'hardware' : 'software'})`;
    }
  } catch (error) {
    if (device !== 'auto' || name !== undefined || !(error instanceof FoldinError)) throw error;
    if (error.code !== 'NO_WEBGPU') throw error;
    why = error.message;
  }
  if (device === 'auto' && name === undefined) {
    onNotice({ event: 'notice', code: 'CPU_FALLBACK', message: `${why}; using the CPU, which is slower` });
    return createCpuBackend();
  }
  const wanted =
    name === undefined ? (device === 'gpu' ? 'hardware GPU' : 'software adapter') : `adapter "${name}"`;
  const names = await adapterNames();
  throw new FoldinError('NO_ADAPTER', `no ${wanted}: ${why}`, {
    remedy: `${names.length ? `Adapters here: ${names.join('; ')}. ` : 'Install a graphics driver with Vulkan, Metal or D3D12. '}Use --device auto or --device cpu to go on without.`,
  });
}
