import { FoldinError } from '../errors.js';
import type { AdapterRequest } from './adapter.js';

export async function requestAdapter(request: AdapterRequest): Promise<GPUAdapter | null> {
  if (request.unsafeNoRobustness) {
    throw new FoldinError('CONFIG', 'a page cannot leave out the bounds checks of kernels', {
      remedy: 'Leave unsafeNoRobustness out; it is for Node.',
    });
  }
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) {
    throw new FoldinError('NO_WEBGPU', 'this browser offers no WebGPU on this page', {
      remedy:
        'Use a current Chrome, Edge, Safari or Firefox and a secure page (https or localhost), or device "cpu".',
    });
  }
  if (request.name !== undefined) {
    throw new FoldinError('CONFIG', 'a page cannot choose an adapter by name', {
      remedy: 'Leave the adapter name out; the browser chooses.',
    });
  }
  return gpu.requestAdapter(
    request.software ? { forceFallbackAdapter: true } : { powerPreference: 'high-performance' },
  );
}

export async function adapterNames(): Promise<string[]> {
  return [];
}
