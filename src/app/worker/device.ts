import type { Backend, DeviceInfo } from '../../backend/backend.js';
import { createBackend } from '../../createBackend.js';
import { FoldinError } from '../../errors.js';
import { adapterDetails } from '../../gpu/device.js';
import type { Told } from '../protocol.js';

/** So often in one piece of work a lost device is replaced; then something is wrong that a new one does not mend. */
const MOST_LOSSES = 5;
/** A result that cannot be handed back is known a little before the loss of the device that is the cause. */
const UNTIL_KNOWN_MS = 50;

export type Wanted = 'auto' | 'cpu';

/** The one device that the page computes on: opened when it is needed, opened anew when it was lost. */
export class DeviceKeeper {
  #wanted: Wanted = 'auto';
  #backend: Promise<Backend> | undefined;

  constructor(private readonly tell: (told: Told) => void) {}

  /** What WebGPU offers here, or why it offers nothing. */
  async probe(): Promise<{ webgpu: DeviceInfo | undefined; why: string }> {
    try {
      const details = await adapterDetails({ software: false });
      return { webgpu: details?.device, why: details ? '' : 'the browser found no adapter' };
    } catch (error) {
      if (!(error instanceof FoldinError)) throw error;
      return { webgpu: undefined, why: error.message };
    }
  }

  /** From now on the device is another; what was made on the old one is gone. */
  async choose(wanted: Wanted): Promise<void> {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    const old = this.#backend;
    this.#backend = undefined;
    (await old)?.dispose();
  }

  open(): Promise<Backend> {
    this.#backend ??= this.#opened();
    return this.#backend;
  }

  async #opened(): Promise<Backend> {
    try {
      const backend = await createBackend({
        device: this.#wanted,
        onNotice: ({ code, message }) => {
          // What is computed on stands at the top of the page, and that it is no GPU.
          if (code !== 'SOFTWARE_ADAPTER') this.tell({ event: 'notice', message: `Note: ${message}.` });
        },
      });
      this.tell({ event: 'device', device: backend.device });
      return backend;
    } catch (error) {
      this.#backend = undefined;
      throw error;
    }
  }

  /** Does work; once more, on a new device, when the device was lost. `goesOn` says from where. */
  async run<T>(work: (backend: Backend) => Promise<T>, goesOn: () => string): Promise<T> {
    for (let losses = 1; ; losses++) {
      const opening = this.open();
      const backend = await opening;
      try {
        return await work(backend);
      } catch (error) {
        if (losses > MOST_LOSSES || !(await isLost(backend))) throw error;
        // Another piece of work may have replaced it already.
        if (this.#backend === opening) this.#backend = undefined;
        backend.dispose();
        const text = `The GPU device was lost. A new one is opened; ${goesOn()}.`;
        this.tell({ event: 'notice', message: text });
      }
    }
  }
}

async function isLost(backend: Backend): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, UNTIL_KNOWN_MS));
  try {
    backend.submit();
    return false;
  } catch (error) {
    return error instanceof FoldinError && error.code === 'DEVICE_LOST';
  }
}
