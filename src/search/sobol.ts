import { randomBits, STREAM } from '../backend/random.js';

/** Primitive polynomials and first direction numbers of dimensions 2 to 10 (Joe & Kuo 2008, new-joe-kuo-6). */
const DIMENSIONS: readonly { readonly a: number; readonly m: readonly number[] }[] = [
  { a: 0, m: [1] },
  { a: 1, m: [1, 3] },
  { a: 1, m: [1, 3, 1] },
  { a: 2, m: [1, 1, 1] },
  { a: 1, m: [1, 1, 3, 3] },
  { a: 4, m: [1, 3, 5, 13] },
  { a: 2, m: [1, 1, 5, 5, 17] },
  { a: 4, m: [1, 1, 5, 5, 5] },
  { a: 7, m: [1, 1, 7, 11, 19] },
];
export const MOST_DIMENSIONS = DIMENSIONS.length + 1;
const BITS = 32;

/**
 * Point `index` (from 0) of a Sobol sequence in [0, 1)^dimensions, shifted digit by digit under the seed: evenly spread
 * whatever number of points is taken, and a longer search goes on where a shorter one ended.
 */
export function sobolPoint(index: number, dimensions: number, seed: number): number[] {
  return Array.from({ length: dimensions }, (_, d) => {
    const directions = directionsOf(d);
    let bits = randomBits(seed, STREAM.search, d, 0);
    for (let bit = 0; bit < BITS; bit++) if ((index >>> bit) & 1) bits ^= directions[bit];
    return (bits >>> 0) / 2 ** BITS;
  });
}

/** u32[32]: the direction numbers of a dimension, from 0. */
function directionsOf(dimension: number): Uint32Array {
  const v = new Uint32Array(BITS);
  if (dimension === 0) return v.map((_, i) => 2 ** (BITS - 1 - i));
  const { a, m } = DIMENSIONS[dimension - 1];
  const s = m.length;
  for (let i = 0; i < BITS; i++) {
    if (i < s) {
      v[i] = m[i] * 2 ** (BITS - 1 - i);
      continue;
    }
    v[i] = v[i - s] ^ (v[i - s] >>> s);
    for (let k = 1; k < s; k++) if ((a >>> (s - 1 - k)) & 1) v[i] ^= v[i - k];
  }
  return v;
}
