import { expect, it } from 'vitest';
import { randomNormal, STREAM } from '../../src/backend/random.js';

/** The distribution function of the standard normal, by its series (Abramowitz & Stegun 26.2.11). */
function distribution(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 3; Math.abs(term) > 1e-18; n += 2) {
    term *= (x * x) / n;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

const drawn = Array.from({ length: 40_000 }, (_, i) => randomNormal(7, 1, i % 200, Math.floor(i / 200)));

it('normal numbers have the moments of the standard normal', () => {
  const moment = (k: number) => drawn.reduce((sum, x) => sum + x ** k, 0) / drawn.length;
  // Within four standard errors: the variances of x, x², x³ and x⁴ are 1, 2, 15 and 96.
  for (const [k, expected, variance] of [
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
  ]) {
    expect(Math.abs(moment(k) - expected), `moment ${k}`).toBeLessThan(
      4 * Math.sqrt(variance / drawn.length),
    );
  }
});

it('normal numbers are the quantiles of what they are drawn from', () => {
  // Taken back through the distribution function they are the 24 bits again, so they are in the middle of a step.
  for (const x of drawn.filter((_, i) => i % 40 === 0)) {
    const place = distribution(x) * 2 ** 24 - 0.5;
    expect(Math.abs(place - Math.round(place)), String(x)).toBeLessThan(0.4);
  }
});

it('normal numbers differ with the seed and with every part of their place', () => {
  const all = [
    [7, 1, 2, 3],
    [8, 1, 2, 3],
    [7, 2, 2, 3],
    [7, 1, 3, 3],
    [7, 1, 2, 4],
  ].map(([seed, a, b, c]) => randomNormal(seed, a, b, c));
  expect(new Set(all).size).toBe(all.length);
});

it('every use of a seed has a stream of its own', () => {
  const streams = Object.values(STREAM);
  expect(new Set(streams).size).toBe(streams.length);
});
