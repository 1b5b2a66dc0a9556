import type { DeviceInfo } from '../../backend/backend.js';

/** What a person can do who has no WebGPU here. */
export const NO_WEBGPU =
  'This browser offers no WebGPU here. A current Chrome, Edge, Safari or Firefox has it, on a page from https or ' +
  'localhost; in Chrome on Linux it may have to be switched on (chrome://flags/#enable-unsafe-webgpu). ' +
  'Everything works without it, too: the CPU computes the same, only slower.';

export function deviceText(device: DeviceInfo | undefined): string {
  if (!device || device.kind === 'cpu') return 'Computes on the CPU.';
  const kind = device.kind === 'gpu' ? 'a GPU' : 'a software adapter: no GPU was found';
  return `Computes through WebGPU on ${device.adapter} (${kind}).`;
}
