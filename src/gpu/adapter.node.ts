import { FoldinError } from '../errors.js';
import type { AdapterRequest } from './adapter.js';
import { hasVulkanDriver, useSwiftShader } from './swiftshader.node.js';

// Dawn's instance must outlive everything made from it: collected earlier, it takes the process with
// it. So every instance stays reachable from globalThis until the process ends.
const KEEP = Symbol.for('foldin.gpu');
type Kept = { [KEEP]?: Map<string, GPU> };

async function instance(flags: readonly string[]): Promise<GPU> {
  let webgpu: typeof import('webgpu');
  try {
    webgpu = await import('webgpu');
  } catch (cause) {
    throw new FoldinError(
      'NO_WEBGPU',
      `the npm package "webgpu" cannot be loaded on ${process.platform}-${process.arch}`,
      {
        remedy: 'Install it (npm install webgpu), or choose --device cpu.',
        cause,
      },
    );
  }
  const kept = globalThis as Kept;
  kept[KEEP] ??= new Map();
  const key = flags.join(' ');
  let gpu = kept[KEEP].get(key);
  if (!gpu) {
    Object.assign(globalThis, webgpu.globals);
    gpu = webgpu.create([...flags]);
    kept[KEEP].set(key, gpu);
  }
  return gpu;
}

/** Dawn's name for the checks that it adds to every access of a buffer. */
const NO_ROBUSTNESS = 'enable-dawn-features=disable_robustness';

export async function requestAdapter(request: AdapterRequest): Promise<GPUAdapter | null> {
  const open = (...flags: string[]) =>
    instance(request.unsafeNoRobustness ? [...flags, NO_ROBUSTNESS] : flags);
  if (request.name !== undefined) return namedAdapter(request.name, open);
  const options: GPURequestAdapterOptions = request.software
    ? { forceFallbackAdapter: true }
    : { powerPreference: 'high-performance' };
  // Without any driver Dawn prints a warning and fails, so the bundled software driver goes first there.
  if (hasVulkanDriver()) {
    const adapter = await (await open()).requestAdapter(options);
    if (adapter) return adapter;
  }
  if (await useSwiftShader()) return (await open('adapter=SwiftShader')).requestAdapter();
  return hasVulkanDriver() ? null : (await open()).requestAdapter(options);
}

async function namedAdapter(
  name: string,
  open: (...flags: string[]) => Promise<GPU>,
): Promise<GPUAdapter | null> {
  if (/swiftshader/i.test(name)) {
    return (await useSwiftShader()) ? (await open('adapter=SwiftShader')).requestAdapter() : null;
  }
  try {
    return await (await open(`adapter=${name}`)).requestAdapter();
  } catch (cause) {
    throw new FoldinError('NO_ADAPTER', `no adapter is called "${name}"`, {
      remedy: `Choose one of: ${(await adapterNames()).join('; ') || 'none found'}.`,
      cause,
    });
  }
}

/** Dawn lists its adapters only in the error for a name it does not know. */
export async function adapterNames(): Promise<string[]> {
  if (!hasVulkanDriver() && !(await useSwiftShader())) return [];
  try {
    await (await instance(['adapter=\u0001'])).requestAdapter();
    return [];
  } catch (error) {
    const lines = String((error as Error).message).split('\n');
    return lines.flatMap((line) => /^\s*\*\s*backend: '.*', name: '(.*)'\s*$/.exec(line)?.[1] ?? []);
  }
}
