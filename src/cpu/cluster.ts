import type { Ops } from '../backend/ops.js';
import { floats, integers } from './tensor.js';

export const clusterAssign: Ops['clusterAssign'] = (args) => {
  const points = floats(args.points);
  const centroids = floats(args.centroids);
  const assigned = integers(args.assigned);
  const distances = floats(args.distances);
  const [n, d] = args.points.shape;
  const [k] = args.centroids.shape;

  for (let i = 0; i < n; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let c = 0; c < k; c++) {
      let sum = 0;
      for (let h = 0; h < d; h++) sum += (points[i * d + h] - centroids[c * d + h]) ** 2;
      if (sum < least) {
        least = sum;
        assigned[i] = c;
      }
    }
    distances[i] = least;
  }
};

export const clusterUpdate: Ops['clusterUpdate'] = (args) => {
  const points = floats(args.points);
  const assigned = integers(args.assigned);
  const centroids = floats(args.centroids);
  const counts = integers(args.counts);
  const [n, d] = args.points.shape;
  const [k] = args.centroids.shape;
  const sums = new Float64Array(d);

  for (let c = 0; c < k; c++) {
    sums.fill(0);
    let count = 0;
    for (let i = 0; i < n; i++) {
      if (assigned[i] !== c) continue;
      count++;
      for (let h = 0; h < d; h++) sums[h] += points[i * d + h];
    }
    if (count > 0)
      centroids.set(
        sums.map((sum) => sum / count),
        c * d,
      );
    counts[c] = count;
  }
};
