import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sum, summarise } from '../../src/evaluate/summary.js';

describe('summarise', () => {
  it('gives the mean and the standard error with n - 1', () => {
    // Deviations -3, -1, 1, 3: sample variance 20 / 3.
    expect(summarise([2, 4, 6, 8])).toEqual({ mean: 5, se: Math.sqrt(20 / 3 / 4) });
  });

  it('has no standard error of one value', () => {
    expect(summarise([0.5])).toEqual({ mean: 0.5, se: null });
  });

  it('has a standard error of 0 for equal values', () => {
    expect(summarise(new Float64Array(1000).fill(0.1)).se).toBeLessThan(1e-18);
  });

  it('keeps small values beside large ones', () => {
    expect(sum([1e16, 1, -1e16, 1])).toBe(2);
    expect(sum(new Float64Array(1_000_000).fill(0.1))).toBe(100_000);
    // The one-pass formula loses all digits of this variance.
    const { mean, se } = summarise([1e9 + 1, 1e9 + 2, 1e9 + 3]);
    expect(mean).toBe(1e9 + 2);
    expect(se).toBeCloseTo(Math.sqrt(1 / 3), 14);
  });

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2 }), (values) => {
        const forth = summarise(values);
        const back = summarise([...values].reverse());
        expect(Math.abs(forth.mean - back.mean)).toBeLessThan(1e-15);
        expect(Math.abs(forth.se! - back.se!)).toBeLessThan(1e-15);
      }),
      { seed: 1 },
    );
  });
});
