import { afterAll, beforeAll, expect, it } from 'vitest';
import { SQUARE_PARTS } from '../../src/backend/ops.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import type { GpuBackend } from '../../src/gpu/backend.js';
import { numbers } from '../../src/verify/inputs.js';
import { openGpu, openLimited } from './backend.js';

// 64 items of 16 numbers a tensor, two such tensors a buffer: a group of several takes several buffers.
const LIMIT = 64 * 16 * 4;
let backend: GpuBackend;
beforeAll(async () => {
  backend = await openLimited({ maxStorageBufferBindingSize: LIMIT, maxBufferSize: 2 * LIMIT });
});
afterAll(() => backend?.dispose());

const SHAPES = [[64, 16], [64, 16], [30, 16], [16, 30], [33], [64, 16], [5]];

async function stepped(on: typeof backend | ReturnType<typeof createCpuBackend>) {
  const [values, grads, moment1, moment2, copied] = [1, 2, 3, 4, 5].map(() => on.group(SHAPES));
  SHAPES.forEach((shape, i) => {
    const size = shape.reduce((product, n) => product * n, 1);
    on.write(values.parts[i], numbers(size, 2 * i));
    on.write(grads.parts[i], numbers(size, 2 * i + 1));
  });
  const args = { param: values.whole, grad: grads.whole, moment1: moment1.whole, moment2: moment2.whole };
  const rates = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, l2: 0.3, weightDecay: 0.1 };
  on.adam({ ...args, ...rates, step: 3, decayed: values.starts[4] });
  on.copy(values.whole, copied.whole);
  const sums = on.zeros('f32', [SQUARE_PARTS]);
  on.sumSquares({ input: values.whole, sums, slot: 0, factor: 1, count: values.starts[4] });
  const parts = await Promise.all([...copied.parts, sums].map((part) => on.read(part)));
  const whole = await on.read(copied.whole);
  for (const group of [values, grads, moment1, moment2, copied]) group.whole.free();
  sums.free();
  return { parts: parts.slice(0, -1), squares: sum(parts.at(-1)!), whole: sum(whole) };
}

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, x) => total + x, 0);

it('a group over several buffers is stepped, copied, summed and read as one piece of memory', async () => {
  const liveBefore = backend.liveBytes;
  const found = await stepped(backend);
  expect(backend.liveBytes).toBe(liveBefore);
  const expected = await stepped(createCpuBackend());
  found.parts.forEach((part, i) => {
    for (let n = 0; n < part.length; n++) expect(Math.abs(part[n] - expected.parts[i][n])).toBeLessThan(1e-6);
  });
  expect(Math.abs(found.squares / expected.squares - 1)).toBeLessThan(1e-6);
  expect(Math.abs(found.whole - expected.whole)).toBeLessThan(1e-3);
});

it('no buffer is beyond the limit, and a part that is too large for a tensor is refused', () => {
  const { whole, parts } = backend.group(SHAPES);
  for (const part of parts) {
    const { buffer } = part as unknown as { buffer: GPUBuffer };
    expect(buffer.size).toBeLessThanOrEqual(2 * LIMIT);
  }
  expect(new Set(parts.map((part) => (part as unknown as { buffer: GPUBuffer }).buffer)).size).toBe(3);
  whole.free();
  const live = backend.liveBytes;
  expect(() =>
    backend.group([
      [64, 16],
      [65, 16],
    ]),
  ).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  expect(backend.liveBytes).toBe(live);
});

it('written and read back as a whole', async () => {
  const { whole } = backend.group(SHAPES);
  const values = numbers(whole.size, 9);
  backend.write(whole, values);
  expect(await backend.read(whole)).toEqual(values);
  whole.free();
});

it('a buffer that comes back from the pool and is cut in another way is bound in the new lengths', async () => {
  const fresh = await openGpu();
  const sums = fresh.zeros('f32', [SQUARE_PARTS]);
  // The second part begins where it began before, and is longer than it was.
  for (const columns of [16, 200]) {
    const { whole, parts } = fresh.group([
      [64, 16],
      [16, columns],
      [200 - columns + 16, 16],
    ]);
    fresh.write(parts[1], new Float32Array(16 * columns).fill(1));
    fresh.sumSquares({ input: parts[1], sums, slot: 0, factor: 1 });
    expect(sum(await fresh.read(sums))).toBe(16 * columns);
    whole.free();
  }
  fresh.dispose();
});
