/** Dense matrices in doubles, row-major, the obvious way: what the closed forms are compared with. */

/** The inverse by elimination with partial pivoting. */
export function gaussJordan(matrix: ArrayLike<number>, n: number): Float64Array {
  const a = Float64Array.from(matrix);
  const out = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  const swap = (x: Float64Array, r: number, s: number) => {
    for (let j = 0; j < n; j++) [x[r * n + j], x[s * n + j]] = [x[s * n + j], x[r * n + j]];
  };
  for (let p = 0; p < n; p++) {
    let best = p;
    for (let r = p; r < n; r++) if (Math.abs(a[r * n + p]) > Math.abs(a[best * n + p])) best = r;
    swap(a, p, best);
    swap(out, p, best);
    const pivot = a[p * n + p];
    for (let j = 0; j < n; j++) {
      a[p * n + j] /= pivot;
      out[p * n + j] /= pivot;
    }
    for (let r = 0; r < n; r++) {
      const factor = a[r * n + p];
      if (r === p || factor === 0) continue;
      for (let j = 0; j < n; j++) {
        a[r * n + j] -= factor * a[p * n + j];
        out[r * n + j] -= factor * out[p * n + j];
      }
    }
  }
  return out;
}

/** The largest difference of two arrays of the same length. */
export function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < found.length; i++) {
    const error = Math.abs(found[i] - expected[i]);
    if (!(error <= most)) most = error;
  }
  return most;
}
