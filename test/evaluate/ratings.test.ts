import { describe, expect, it } from 'vitest';
import { decisions, mae, rmse } from '../../src/evaluate/ratings.js';

describe('rating errors', () => {
  it('mae and rmse', () => {
    expect(mae([3, 4, 5], [4, 4, 1])).toBeCloseTo(5 / 3, 15);
    expect(rmse([3, 4, 5], [4, 4, 1])).toBeCloseTo(Math.sqrt(17 / 3), 15);
  });

  it('refuse unequal lengths, nothing, and numbers that are not finite', () => {
    for (const error of [mae, rmse]) {
      expect(() => error([1], [1, 2])).toThrowError(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
      expect(() => error([], [])).toThrowError(expect.objectContaining({ code: 'SPLIT_EMPTY' }));
      expect(() => error([Number.NaN], [1])).toThrowError(expect.objectContaining({ code: 'DIVERGED' }));
    }
  });
});

describe('decisions at a threshold', () => {
  it('counts hits, false alarms and misses', () => {
    // Said yes: 0, 1, 2. Truly yes: 0, 1, 3.
    expect(decisions([0.9, 0.5, 0.7, 0.4, 0.1], [1, 1, 0, 1, 0], 0.5)).toEqual({
      accuracy: 3 / 5,
      precision: 2 / 3,
      recall: 2 / 3,
      f1: 2 / 3,
    });
  });

  it('a share of nothing is 0', () => {
    expect(decisions([0.1], [0], 0.5)).toEqual({ accuracy: 1, precision: 0, recall: 0, f1: 0 });
  });
});
