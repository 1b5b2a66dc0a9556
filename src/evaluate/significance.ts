import { randomBits, randomUniform, STREAM } from '../backend/random.js';
import { FoldinError } from '../errors.js';
import { sum } from './summary.js';

export interface PairedTest {
  /** mean(a) - mean(b) */
  readonly difference: number;
  /** How often chance alone gives a difference at least as large, in either direction. */
  readonly p: number;
}

/**
 * Whether two models differ on the same users: the paired randomisation test (Smucker, Allan & Carterette 2007,
 * section 3.2). Under the null hypothesis each user's two values might as well be swapped; `rounds` random swaps
 * show how large a difference chance gives. p counts the observed one among them, so it is never 0.
 * `a` and `b`: f64[users] of one metric, in the same order. SHAPE_MISMATCH when they are not of one length.
 */
export function pairedRandomisation(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { rounds = 10_000, seed = 1 } = {},
): PairedTest {
  if (a.length !== b.length || a.length === 0) {
    throw new FoldinError(
      'SHAPE_MISMATCH',
      `a paired test needs pairs, got ${a.length} and ${b.length} users`,
      {
        remedy: 'Evaluate both models on the same users.',
      },
    );
  }
  const differences = Float64Array.from({ length: a.length }, (_, u) => a[u] - b[u]);
  const observed = sum(differences);
  // Sums that are equal but for rounding must count as equal.
  const bound = Math.abs(observed) - 1e-12 * differences.reduce((total, d) => total + Math.abs(d), 0);
  let atLeast = 1;
  for (let round = 0; round < rounds; round++) {
    let swapped = 0;
    let bits = 0;
    for (let u = 0; u < differences.length; u++) {
      // One draw of 32 bits decides for 32 users.
      if (u % 32 === 0) bits = randomBits(seed, STREAM.swaps, round, u / 32);
      swapped += (bits >>> (u % 32)) & 1 ? -differences[u] : differences[u];
    }
    if (Math.abs(swapped) >= bound) atLeast++;
  }
  return { difference: observed / differences.length, p: atLeast / (rounds + 1) };
}

/**
 * Percentile bootstrap interval of a mean (Efron & Tibshirani 1993, chapter 13): the users are drawn again with
 * replacement `rounds` times. `values` f64[users].
 */
export function bootstrapInterval(
  values: ArrayLike<number>,
  { rounds = 2000, seed = 1, level = 0.95 } = {},
): readonly [low: number, high: number] {
  const n = values.length;
  const means = Float64Array.from({ length: rounds }, (_, round) => {
    let total = 0;
    for (let i = 0; i < n; i++)
      total += values[Math.floor(n * randomUniform(seed, STREAM.bootstrap, round, i))];
    return total / n;
  }).sort();
  const at = (share: number) => means[Math.min(rounds - 1, Math.floor(share * rounds))];
  return [at((1 - level) / 2), at((1 + level) / 2)];
}
