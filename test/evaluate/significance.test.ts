import { describe, expect, it } from 'vitest';
import { randomUniform } from '../../src/backend/random.js';
import { bootstrapInterval, pairedRandomisation } from '../../src/evaluate/significance.js';

const noise = (n: number, place: number) =>
  Float64Array.from({ length: n }, (_, i) => randomUniform(5, 1, place, i) - 0.5);

/** p by going through all 2^n swaps. */
function exact(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const d = Array.from(a, (x, i) => x - b[i]);
  const observed = Math.abs(d.reduce((total, x) => total + x, 0));
  let atLeast = 0;
  for (let swaps = 0; swaps < 2 ** d.length; swaps++) {
    const total = d.reduce((t, x, i) => t + ((swaps >> i) & 1 ? -x : x), 0);
    if (Math.abs(total) >= observed - 1e-12) atLeast++;
  }
  return atLeast / 2 ** d.length;
}

describe('pairedRandomisation', () => {
  it.each([
    [8, 0],
    [10, 0.2],
    [12, 0.35],
  ])('agrees with all %i-fold swaps, shift %f', (n, shift) => {
    const a = noise(n, n).map((x) => x + shift);
    const b = noise(n, n + 100);
    const { p, difference } = pairedRandomisation(a, b, { rounds: 20_000 });
    const expected = exact(a, b);
    // Four standard deviations of a share among 20,000 rounds.
    expect(Math.abs(p - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / 20_000) + 1e-4);
    expect(difference).toBeCloseTo(a.reduce((t, x, i) => t + x - b[i], 0) / n, 12);
  });

  it('never calls equal models different, and always a clear gain', () => {
    const a = noise(200, 1);
    expect(pairedRandomisation(a, a).p).toBe(1);
    const better = pairedRandomisation(
      a.map((x) => x + 0.3),
      a,
      { rounds: 999 },
    );
    expect(better.p).toBe(1 / 1000);
    expect(better.difference).toBeCloseTo(0.3, 12);
  });

  it('is right about as often as it says: p below .1 in about a tenth of pairs without a difference', () => {
    const small = Array.from(
      { length: 300 },
      (_, i) =>
        pairedRandomisation(noise(60, 1000 + i), noise(60, 5000 + i), { rounds: 400, seed: i }).p < 0.1,
    ).filter(Boolean).length;
    expect(small).toBeGreaterThan(30 - 4 * Math.sqrt(27));
    expect(small).toBeLessThan(30 + 4 * Math.sqrt(27));
  });

  it('refuses users that are no pairs', () => {
    expect(() => pairedRandomisation([1, 2], [1])).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
  });
});

describe('bootstrapInterval', () => {
  it('is about two standard errors to either side of the mean of many users', () => {
    const values = noise(2000, 3);
    const [low, high] = bootstrapInterval(values);
    const mean = values.reduce((t, x) => t + x, 0) / 2000;
    const se = 1 / Math.sqrt(12 * 2000);
    expect(Math.abs(low - (mean - 1.96 * se))).toBeLessThan(0.3 * se);
    expect(Math.abs(high - (mean + 1.96 * se))).toBeLessThan(0.3 * se);
  });

  it('has no width where all users are alike', () => {
    expect(bootstrapInterval([0.25, 0.25, 0.25])).toEqual([0.25, 0.25]);
  });
});
