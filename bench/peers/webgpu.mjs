// WebGPU in Node for libraries that expect a browser, on the adapter foldin would take.
import { create, globals } from 'webgpu';

/** Puts navigator.gpu in place and returns the adapter's description. */
export async function installWebGpu() {
  Object.assign(globalThis, globals);
  const name = process.env.FOLDIN_ADAPTER;
  const gpu = create(name ? [`adapter=${name}`] : []);
  // Collected while something of it lives, Dawn's instance takes the process with it.
  globalThis[Symbol.for('foldin.gpu')] = gpu;
  globalThis.navigator ??= { userAgent: 'node', hardwareConcurrency: 1 };
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('there is no WebGPU adapter');
  return adapter.info.description;
}
