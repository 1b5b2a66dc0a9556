import type { Csr } from '../data/csr.js';

/** w_u = n_u^-power, scaled so that sum w n = sum n; undefined where all are 1. */
export function userWeights({ rows, indptr }: Csr, power: number): Float64Array | undefined {
  if (power === 0) return undefined;
  const lengths = Float64Array.from({ length: rows }, (_, u) => indptr[u + 1] - indptr[u]);
  const weights = lengths.map((n) => (n > 0 ? n ** -power : 0));
  const weighted = weights.reduce((sum, w, u) => sum + w * lengths[u], 0);
  return weights.map((w) => (w * indptr[rows]) / weighted);
}
