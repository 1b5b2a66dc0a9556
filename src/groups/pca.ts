/**
 * The first two principal components of points f32[n, d], as coordinates [x, y] a point: power iteration on the
 * covariance (Hotelling 1933). Signs are such that the largest coordinate of each axis is positive; a direction
 * without variance gives zeros.
 */
export function plane(
  points: Float32Array,
  d: number,
): { readonly share: number; readonly at: [number, number][] } {
  const n = points.length / d;
  const mean = new Float64Array(d);
  points.forEach((x, at) => {
    mean[at % d] += x / n;
  });
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < d; a++) {
      const x = (points[i * d + a] - mean[a]) / n;
      for (let b = 0; b < d; b++) covariance[a * d + b] += x * (points[i * d + b] - mean[b]);
    }
  }
  let total = 0;
  for (let a = 0; a < d; a++) total += covariance[a * d + a];
  const axes = [0, 1].map(() => {
    const { axis, variance } = largest(covariance, d);
    // What is left has no part along this axis.
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++) covariance[a * d + b] -= variance * axis[a] * axis[b];
    return { axis, variance };
  });
  const at = Array.from({ length: n }, (_, i): [number, number] => {
    const along = ({ axis }: { axis: Float64Array }) =>
      axis.reduce((sum, x, h) => sum + x * (points[i * d + h] - mean[h]), 0);
    return [along(axes[0]), along(axes[1])];
  });
  return { share: total > 0 ? (axes[0].variance + axes[1].variance) / total : 0, at };
}

const ROUNDS = 300;

/** The eigenvector with the largest eigenvalue. */
function largest(matrix: Float64Array, d: number): { axis: Float64Array; variance: number } {
  let axis = Float64Array.from({ length: d }, (_, h) => 1 / Math.sqrt(d) + h * 1e-3);
  let variance = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Float64Array(d);
    for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) next[a] += matrix[a * d + b] * axis[b];
    variance = Math.hypot(...next);
    if (variance < 1e-12) return { axis: new Float64Array(d), variance: 0 };
    axis = next.map((x) => x / variance);
  }
  const peak = axis.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0);
  return { axis: peak < 0 ? axis.map((x) => -x) : axis, variance };
}
