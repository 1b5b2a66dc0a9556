/**
 * Mean silhouette (Rousseeuw 1987) of points f32[n, d] under an assignment: (b - a) / max(a, b), a the mean distance to
 * the other points of the own cluster, b the least mean distance to those of another. 0 for a point alone in its
 * cluster. From -1 to 1; higher is better. Takes n² d operations: meant for samples.
 */
export function silhouette(points: Float32Array, d: number, assigned: ArrayLike<number>, k: number): number {
  const n = points.length / d;
  const sizes = new Float64Array(k);
  for (let i = 0; i < n; i++) sizes[assigned[i]]++;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const apart = new Float64Array(k);
    for (let j = 0; j < n; j++) {
      if (j !== i) apart[assigned[j]] += distance(points, d, i, j);
    }
    const own = assigned[i];
    if (sizes[own] < 2) continue;
    const a = apart[own] / (sizes[own] - 1);
    let b = Number.POSITIVE_INFINITY;
    for (let c = 0; c < k; c++) if (c !== own && sizes[c] > 0) b = Math.min(b, apart[c] / sizes[c]);
    if (Number.isFinite(b) && Math.max(a, b) > 0) sum += (b - a) / Math.max(a, b);
  }
  return n > 0 ? sum / n : 0;
}

function distance(points: Float32Array, d: number, i: number, j: number): number {
  let sum = 0;
  for (let h = 0; h < d; h++) sum += (points[i * d + h] - points[j * d + h]) ** 2;
  return Math.sqrt(sum);
}
