import type { Backend, Tensor } from '../backend/backend.js';
import { randomUniform, STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import { throwIfAborted } from '../errors.js';

const MOST_ROUNDS = 100;

export interface Clustering {
  /** u32[n] */
  readonly assigned: Uint32Array;
  /** f32[k, d] */
  readonly centroids: Float32Array;
  /** u32[k] */
  readonly counts: Uint32Array;
  /** Sum of the squared distances to the centroids. */
  readonly inertia: number;
}

export interface KmeansOptions {
  readonly k: number;
  readonly seed: number;
  /** The best of so many starts is kept; 4 by default. */
  readonly starts?: number;
  readonly signal?: AbortSignal;
}

/**
 * k-means (Lloyd 1982) on the device, started by k-means++ (Arthur & Vassilvitskii 2007). points f32[n, d], k <= n.
 * The same seed gives the same clusters on the same adapter.
 */
export async function kmeans(
  backend: Backend,
  points: Float32Array,
  d: number,
  { k, seed, starts = 4, signal }: KmeansOptions,
): Promise<Clustering> {
  const n = points.length / d;
  const tensors = {
    points: backend.tensor(points, [n, d]),
    assigned: backend.zeros('u32', [n]),
    distances: backend.zeros('f32', [n]),
    centroids: backend.zeros('f32', [k, d]),
    counts: backend.zeros('u32', [k]),
  };
  try {
    let best: Clustering | undefined;
    for (let start = 0; start < starts; start++) {
      const chosen = await spread(backend, tensors, points, k, (c) =>
        randomUniform(seed, STREAM.centroids, start, c),
      );
      backend.write(tensors.centroids, chosen);
      const found = await settle(backend, tensors, signal);
      if (!best || found.inertia < best.inertia) best = found;
    }
    return best!;
  } finally {
    freeAll(Object.values(tensors));
  }
}

/** u32[n]: the nearest of the centroids f32[k, d] to each point. */
export async function nearest(
  backend: Backend,
  points: Float32Array,
  d: number,
  centroids: Float32Array,
): Promise<Uint32Array> {
  const n = points.length / d;
  const tensors = {
    points: backend.tensor(points, [n, d]),
    centroids: backend.tensor(centroids, [centroids.length / d, d]),
    assigned: backend.zeros('u32', [n]),
    distances: backend.zeros('f32', [n]),
  };
  try {
    backend.clusterAssign(tensors);
    return (await backend.read(tensors.assigned)) as Uint32Array;
  } finally {
    freeAll(Object.values(tensors));
  }
}

type Tensors = Readonly<Record<'points' | 'assigned' | 'distances' | 'centroids' | 'counts', Tensor>>;

/** Lloyd's rounds until nothing moves. */
async function settle(
  backend: Backend,
  tensors: Tensors,
  signal: AbortSignal | undefined,
): Promise<Clustering> {
  let before: Uint32Array | undefined;
  for (let round = 0; ; round++) {
    throwIfAborted(signal);
    backend.clusterAssign(tensors);
    const assigned = (await backend.read(tensors.assigned)) as Uint32Array;
    if (round === MOST_ROUNDS || before?.every((c, i) => c === assigned[i])) {
      const distances = Float64Array.from(await backend.read(tensors.distances));
      return {
        assigned,
        centroids: Float32Array.from(await backend.read(tensors.centroids)),
        counts: (await backend.read(tensors.counts)) as Uint32Array,
        inertia: distances.reduce((sum, x) => sum + x, 0),
      };
    }
    before = assigned;
    backend.clusterUpdate(tensors);
  }
}

/** k points, each drawn with a chance that grows with the squared distance from those drawn before. */
async function spread(
  backend: Backend,
  { points: all, assigned, distances }: Tensors,
  points: Float32Array,
  k: number,
  uniform: (c: number) => number,
): Promise<Float32Array> {
  const [n, d] = all.shape;
  const chosen = new Float32Array(k * d);
  const take = (c: number, i: number) => chosen.set(points.subarray(i * d, (i + 1) * d), c * d);
  take(0, Math.min(n - 1, Math.floor(uniform(0) * n)));
  for (let c = 1; c < k; c++) {
    const centroids = backend.tensor(chosen.subarray(0, c * d), [c, d]);
    backend.clusterAssign({ points: all, centroids, assigned, distances });
    const squares = Float64Array.from(await backend.read(distances));
    centroids.free();
    const total = squares.reduce((sum, x) => sum + x, 0);
    let left = uniform(c) * total;
    let i = 0;
    while (i < n - 1 && left >= squares[i]) left -= squares[i++];
    take(c, i);
  }
  return chosen;
}
