import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { create } from 'webgpu';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { createBackend } from '../../src/createBackend.js';
import { describe as describeAdapter } from '../../src/gpu/device.js';
import { openGpu } from './backend.js';

describe('what goes wrong on a device becomes a typed error', () => {
  it('DEVICE_LOST when the device goes away, on every later call', async () => {
    const backend = await openGpu();
    const tensor = backend.zeros('f32', [4]);
    backend.gpuDevice.destroy();
    await backend.gpuDevice.lost;
    await expect(backend.read(tensor)).rejects.toMatchObject({ code: 'DEVICE_LOST' });
    expect(() => backend.zeros('f32', [4])).toThrow(expect.objectContaining({ code: 'DEVICE_LOST' }));
    backend.dispose();
  });

  it('GPU_ERROR when the driver reports an error outside any scope', async () => {
    const backend = await openGpu();
    backend.gpuDevice.createBuffer({ size: 16, usage: 0 });
    await backend.gpuDevice.queue.onSubmittedWorkDone();
    expect(() => backend.zeros('f32', [4])).toThrow(expect.objectContaining({ code: 'GPU_ERROR' }));
    backend.dispose();
  });

  it('LIMIT_EXCEEDED, with the sizes, before anything is allocated', async () => {
    const backend = await openGpu();
    const items = Math.ceil(backend.gpuDevice.limits.maxStorageBufferBindingSize / 4 / 64) + 1;
    const live = backend.liveBytes;
    expect(() => backend.zeros('f32', [items, 64])).toThrow(
      /needs \d+ bytes; this adapter takes at most \d+/,
    );
    expect(backend.liveBytes).toBe(live);
    backend.dispose();
  });

  it('FREED after free() and after dispose(), CONFIG for a foreign tensor', async () => {
    const backend = await openGpu();
    const freed = backend.zeros('f32', [4, 4]);
    freed.free();
    await expect(backend.read(freed)).rejects.toMatchObject({ code: 'FREED' });
    expect(() => backend.zeroDiagonal({ matrix: freed })).toThrow(expect.objectContaining({ code: 'FREED' }));
    const foreign = createCpuBackend().zeros('f32', [4, 4]);
    expect(() => backend.zeroDiagonal({ matrix: foreign })).toThrow(
      expect.objectContaining({ code: 'CONFIG' }),
    );
    backend.dispose();
    expect(() => backend.zeros('f32', [4])).toThrow(expect.objectContaining({ code: 'FREED' }));
  });

  it('NULL_ADAPTER for the back end that computes nothing', async () => {
    // Kept alive: a collected instance takes the process with it.
    const gpu = create(['backend=null']);
    Object.assign(globalThis, { nullGpu: gpu });
    const adapter = await gpu.requestAdapter();
    expect(() => describeAdapter(adapter!)).toThrow(expect.objectContaining({ code: 'NULL_ADAPTER' }));
  });

  it('NO_ADAPTER, naming what there is, for a name that no adapter has', async () => {
    await expect(createBackend({ device: 'software', adapter: 'no such adapter' })).rejects.toMatchObject({
      code: 'NO_ADAPTER',
    });
  });
});

it('survives garbage collection between creating an adapter and using its device', () => {
  const script = `
    import { createBackend } from './dist/node.js';
    const backend = await createBackend({ adapter: process.env.FOLDIN_ADAPTER });
    for (let i = 0; i < 20; i++) {
      globalThis.gc();
      const tensor = backend.tensor(new Float32Array(1000).fill(i));
      await new Promise((resolve) => setTimeout(resolve, 5));
      globalThis.gc();
      if ((await backend.read(tensor))[999] !== i) throw new Error('wrong');
      tensor.free();
    }
    console.log('alive');`;
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const args = ['--expose-gc', '--input-type=module', '--eval', script];
  expect(
    execFileSync(process.execPath, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  ).toBe('alive\n');
});
