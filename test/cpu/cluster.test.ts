import { describe, expect, it } from 'vitest';
import { freeAll } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';

const backend = createCpuBackend({ precision: 'f64' });
const POINTS = [0, 0, 2, 0, 1, 0, 10, 1, 12, 3];

describe('clusterAssign', () => {
  it('gives each point the nearest centroid, the lower of equals, and the distance squared', async () => {
    const tensors = {
      points: backend.tensor(Float64Array.from(POINTS), [5, 2]),
      centroids: backend.tensor(Float64Array.of(0, 0, 2, 0, 12, 1), [3, 2]),
      assigned: backend.tensor(new Uint32Array(5).fill(9)),
      distances: backend.zeros('f32', [5]),
    };
    backend.clusterAssign(tensors);
    expect(Array.from(await backend.read(tensors.assigned))).toEqual([0, 1, 0, 2, 2]);
    expect(Array.from(await backend.read(tensors.distances))).toEqual([0, 0, 1, 4, 4]);
    freeAll(Object.values(tensors));
    expect(backend.liveBytes).toBe(0);
  });
});

describe('clusterUpdate', () => {
  it('moves each centroid to the mean of its points, and counts them; without points it stays', async () => {
    const tensors = {
      points: backend.tensor(Float64Array.from(POINTS), [5, 2]),
      assigned: backend.tensor(Uint32Array.of(0, 0, 0, 2, 2)),
      centroids: backend.tensor(Float64Array.of(7, 7, 5, 6, 7, 7), [3, 2]),
      counts: backend.tensor(new Uint32Array(3).fill(9)),
    };
    backend.clusterUpdate(tensors);
    expect(Array.from(await backend.read(tensors.centroids))).toEqual([1, 0, 5, 6, 11, 2]);
    expect(Array.from(await backend.read(tensors.counts))).toEqual([3, 0, 2]);
    freeAll(Object.values(tensors));
    expect(backend.liveBytes).toBe(0);
  });
});
