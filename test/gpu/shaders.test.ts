import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readShader, reflect, shortened, shortNamesFor } from '../../scripts/wgsl.mjs';
import type { GpuBackend } from '../../src/gpu/backend.js';
import { hasSubgroupsOf8, withSpread } from '../../src/gpu/spread.js';
import { openGpu } from './backend.js';

const folder = fileURLToPath(new URL('../../shaders/', import.meta.url));
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.wgsl'))
  .map((file) => basename(file, '.wgsl'));

let backend: GpuBackend;
beforeAll(async () => {
  backend = await openGpu();
});
afterAll(() => backend?.dispose());

const forms = names.flatMap((name) => [
  [name, 'as it is written'] as const,
  [name, 'as it is packed'] as const,
]);

it.each(forms)('%s, %s, compiles, and its reflection is what the driver accepts', async (name, form) => {
  const path = `${folder}${name}.wgsl`;
  const { source: whole } = await readShader(path);
  const names = form === 'as it is packed' ? await shortNamesFor(path) : new Map<string, string>();
  const text = form === 'as it is packed' ? shortened(whole, names) : whole;
  const layout = reflect(name, text);
  // Packed, it is the same under other names, by which nobody asks: packing notes those that are written, in their order.
  const renamed = <T>(named: Record<string, T>) =>
    Object.fromEntries(Object.entries(named).map(([written, what]) => [names.get(written) ?? written, what]));
  const { bindings, params, overrides } = reflect(name, whole);
  expect(layout).toEqual({
    bindings: renamed(bindings),
    params: { ...params, fields: renamed(params.fields) },
    overrides,
  });
  const device = backend.gpuDevice;
  const source = withSpread(text, hasSubgroupsOf8(device));
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code: source });
  const bindGroupLayout = device.createBindGroupLayout({
    entries: Object.values(layout.bindings).map(({ binding, kind }) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      // The size the reflection claims must be at least what the shader needs.
      buffer: { type: kind, minBindingSize: kind === 'uniform' ? layout.params.size : undefined },
    })),
  });
  device.createComputePipeline({
    layout: device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] }),
    compute: { module, constants: Object.fromEntries(layout.overrides.map((override) => [override, 1])) },
  });
  const error = await device.popErrorScope();
  const { messages } = await module.getCompilationInfo();
  expect([...messages].map((m) => `${m.lineNum}:${m.linePos} ${m.message}`)).toEqual([]);
  expect(error?.message).toBeUndefined();
});
