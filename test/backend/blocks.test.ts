import { expect, it } from 'vitest';
import { itemBlocks } from '../../src/backend/blocks.js';
import { createCpuBackend } from '../../src/cpu/backend.js';

const limited = (maxTensorBytes: number) => createCpuBackend({ maxTensorBytes });

it('is one block where all items fit', () => {
  expect(itemBlocks(createCpuBackend(), 1_000_000, 128)).toEqual([{ first: 0, count: 1_000_000 }]);
  expect(itemBlocks(limited(4 * 50 * 16), 50, 16)).toEqual([{ first: 0, count: 50 }]);
});

it('cuts into equal blocks at multiples of 64, each within the limit', () => {
  expect(itemBlocks(limited(4 * 130 * 16), 300, 16)).toEqual([
    { first: 0, count: 128 },
    { first: 128, count: 128 },
    { first: 256, count: 44 },
  ]);
  const blocks = itemBlocks(limited(128 * 2 ** 20), 1_000_000, 128);
  expect(blocks).toHaveLength(4);
  expect(blocks.map(({ first }) => first)).toEqual([0, 250_048, 500_096, 750_144]);
  expect(blocks.reduce((sum, { count }) => sum + count, 0)).toBe(1_000_000);
});

it('LIMIT_EXCEEDED, with the figures and what helps, where not even 64 items fit', () => {
  const refused = () => itemBlocks(limited(4 * 63 * 16), 1000, 16);
  expect(refused).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  expect(refused).toThrow(/64 items times 16 numbers .*4032 bytes/);
});

it('LIMIT_EXCEEDED by the reference, too, where it was given a limit', () => {
  const backend = limited(64);
  expect(() => backend.zeros('f32', [4, 5])).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  expect(() => backend.group([[16], [17]])).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  expect(backend.liveBytes).toBe(0);
  const { whole, parts } = backend.group([[16], [4, 4]]);
  expect(whole.size).toBe(32);
  expect(parts).toHaveLength(2);
});
