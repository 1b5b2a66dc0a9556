import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { GpuBackend } from '../../src/gpu/backend.js';
import { sizeClass } from '../../src/gpu/pool.js';
import { openGpu } from './backend.js';

let backend: GpuBackend;
beforeAll(async () => {
  backend = await openGpu();
});
afterAll(() => backend?.dispose());

it('rounds sizes up by at most a quarter, to multiples of what a buffer must be', () => {
  for (let bytes = 4; bytes < 3e6; bytes = Math.ceil(bytes * 1.1)) {
    const size = sizeClass(4 * bytes);
    expect(size).toBeGreaterThanOrEqual(4 * bytes);
    expect(size % 4).toBe(0);
    expect(size).toBeLessThanOrEqual(Math.max(256, 5 * bytes));
  }
});

it('serves tensors of every length from a few buffers', async () => {
  const create = vi.spyOn(backend.gpuDevice, 'createBuffer');
  for (let length = 1; length < 3000; length++) backend.zeros('f32', [length]).free();
  expect(create.mock.calls.length).toBeLessThan(40);
  create.mockRestore();
});

it('gives free memory above its bound back to the device, while work that needs it is still enqueued', async () => {
  const destroyed: number[] = [];
  const kept = backend.tensor(new Float32Array(64).fill(2), [8, 8]);
  const total = backend.zeros('f32', [40]);
  for (let i = 0; i < 12; i++) {
    const big = backend.zeros('f32', [4_000_000 + 1024 * i]);
    backend.sumSquares({ input: big, sums: total, slot: 0, factor: 1 });
    const buffer = (big as unknown as { buffer: GPUBuffer }).buffer;
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      destroyed.push(buffer.size);
      return destroy();
    };
    big.free();
  }
  backend.sumSquares({ input: kept, sums: total, slot: 0, factor: 1 });
  expect(Array.from(await backend.read(total)).reduce((sum, x) => sum + x, 0)).toBe(256);
  expect(destroyed.length).toBeGreaterThan(5);
});
