import { expect, it } from 'vitest';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { kmeans } from '../../src/groups/kmeans.js';
import { silhouette } from '../../src/groups/silhouette.js';
import { numbers } from '../../src/verify/inputs.js';

const backend = createCpuBackend();

/** n points around each of k corners of a cube, well apart. */
function blobs(k: number, n: number, d: number): { points: Float32Array; truth: number[] } {
  const noise = numbers(k * n * d, 61, -0.1, 0.1);
  const truth = Array.from({ length: k * n }, (_, i) => i % k);
  const points = noise.map((x, at) => x + ((truth[Math.floor(at / d)] >> (at % d)) & 1));
  return { points, truth };
}

it('finds blobs that are well apart, whatever the seed', async () => {
  const { points, truth } = blobs(6, 40, 4);
  for (const seed of [1, 2, 3]) {
    const { assigned, counts, centroids } = await kmeans(backend, points, 4, { k: 6, seed });
    expect([...counts]).toEqual(new Array(6).fill(40));
    const pairs = new Set(truth.map((blob, i) => `${blob} ${assigned[i]}`));
    expect(pairs.size).toBe(6);
    expect(centroids.length).toBe(24);
  }
  expect(backend.liveBytes).toBe(0);
});

it('is the same for the same seed', async () => {
  const points = numbers(300 * 5, 62);
  const run = (seed: number) => kmeans(backend, points, 5, { k: 7, seed });
  expect(await run(1)).toEqual(await run(1));
});

it('copes with fewer different points than clusters', async () => {
  const { assigned, inertia } = await kmeans(backend, Float32Array.of(1, 1, 1, 2, 2), 1, { k: 3, seed: 1 });
  expect(inertia).toBe(0);
  expect(assigned[0]).toBe(assigned[2]);
  expect(assigned[0]).not.toBe(assigned[4]);
});

it('stops when asked to', async () => {
  const signal = AbortSignal.abort();
  const stopped = kmeans(backend, numbers(40, 63), 2, { k: 2, seed: 1, signal });
  await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
  expect(backend.liveBytes).toBe(0);
});

it('silhouette of four points on a line, by hand', () => {
  // 0 1 | 10 12: a = 1, 1, 2, 2; b = 11, 10, 9.5, 11.5.
  const points = Float32Array.of(0, 1, 10, 12);
  const expected = (10 / 11 + 9 / 10 + 7.5 / 9.5 + 9.5 / 11.5) / 4;
  expect(silhouette(points, 1, [0, 0, 1, 1], 2)).toBeCloseTo(expected, 12);
  expect(silhouette(points, 1, [0, 0, 0, 1], 2)).toBeLessThan(expected);
  expect(silhouette(points, 1, [0, 0, 0, 0], 1)).toBe(0);
});
