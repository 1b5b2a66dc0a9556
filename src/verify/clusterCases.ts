import type { Backend } from '../backend/backend.js';
import {
  EPSILON,
  type KernelCase,
  magnitudes,
  outputsOf,
  SUM_UNITS,
  stale,
  staleIndices,
  unitsOf,
} from './case.js';
import { absolute, numbers } from './inputs.js';

/** n, d, k: off the padding, on it, one; more points than a workgroup has threads. */
const SHAPES: readonly [n: number, d: number, k: number][] = [
  [1, 1, 1],
  [5, 3, 2],
  [33, 64, 8],
  [70, 130, 5],
  [300, 50, 33],
];

const pointsOf = (n: number, d: number): Float32Array => numbers(n * d, 81);
const centroidsOf = (k: number, d: number): Float32Array => numbers(k * d, 82);
/** Points by cluster; the last one of three or more gets none. */
const assignedOf = (n: number, k: number): Uint32Array =>
  Uint32Array.from({ length: n }, (_, i) => (i * 7) % Math.max(1, k > 2 ? k - 1 : k));

function clusterAssign([n, d, k]: readonly [number, number, number], twins = false): KernelCase {
  const centroids = centroidsOf(k, d);
  // The second half is the first once more: all ties, which go to the lower index.
  if (twins) centroids.copyWithin(d * Math.floor(k / 2), 0, d * Math.floor(k / 2));
  return {
    kernel: 'clusterAssign',
    name: `${n} points of ${d} numbers, ${k} centroids${twins ? ', in equal pairs' : ''}`,
    run: (backend) =>
      outputsOf(backend, () => {
        const assigned = staleIndices(backend, n);
        const distances = stale(backend, n);
        backend.clusterAssign({
          points: backend.tensor(pointsOf(n, d), [n, d]),
          centroids: backend.tensor(centroids, [k, d]),
          assigned,
          distances,
        });
        return { assigned, distances };
      }),
    // A term (x - c)² comes from a difference rounded in units of x and c, at most 1 each.
    bound: () => ({ assigned: 0, distances: 2 * SUM_UNITS * EPSILON * 4 * d }),
  };
}

function clusterUpdate([n, d, k]: readonly [number, number, number]): KernelCase {
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const counts = staleIndices(backend, k);
      const centroids = backend.tensor(sign(centroidsOf(k, d)), [k, d]);
      backend.clusterUpdate({
        points: backend.tensor(sign(pointsOf(n, d)), [n, d]),
        assigned: backend.tensor(assignedOf(n, k)),
        centroids,
        counts,
      });
      return { centroids, counts };
    });
  return {
    kernel: 'clusterUpdate',
    name: `${n} points of ${d} numbers, ${k} centroids`,
    run: (backend) => run(backend),
    async bound() {
      const { centroids } = await magnitudes((backend) => run(backend, absolute));
      return { centroids: unitsOf(centroids), counts: 0 };
    },
  };
}

export const clusterCases: readonly KernelCase[] = [
  ...SHAPES.map((shape) => clusterAssign(shape)),
  clusterAssign([70, 50, 8], true),
  ...SHAPES.map((shape) => clusterUpdate(shape)),
];
