import { describe, expect, it } from 'vitest';
import { evaluateRanks } from '../../src/evaluate/evaluateRanks.js';
import { parseMetric, type RankMetric } from '../../src/evaluate/parseMetric.js';

const metrics = ['precision@2', 'mrr'].map((label) => parseMetric(label) as RankMetric);

describe('evaluateRanks', () => {
  // User 0: hits at ranks 1 and 3; user 1: nothing held out; user 2: tied with two others at ranks 1 to 3.
  const ranks = {
    indptr: Uint32Array.of(0, 2, 2, 3),
    counts: Uint32Array.of(0, 0, 0, 2, 0, 0, 0, 1, 2),
    candidates: Uint32Array.of(5, 5, 4),
  };

  it('averages over the users who have something held out, and counts the others', () => {
    const { ties, users, metrics: table, perUser } = evaluateRanks(ranks, metrics);
    expect(ties).toBe('expected');
    expect(users).toEqual({ scored: 2, skipped: 1 });
    expect([...perUser.rows]).toEqual([0, 2]);
    expect([...perUser.values.get('precision@2')!]).toEqual([1 / 2, 1 / 3]);
    expect(perUser.values.get('mrr')![1]).toBeCloseTo((1 + 1 / 2 + 1 / 3) / 3, 15);
    expect(Object.keys(table)).toEqual(['precision@2', 'mrr']);
    expect(table['precision@2'].mean).toBeCloseTo(5 / 12, 15);
    // Two values d apart: sd = d / sqrt 2, se = d / 2.
    expect(table['precision@2'].se).toBeCloseTo(1 / 12, 15);
  });

  it('ranks ties by index when told', () => {
    const { perUser } = evaluateRanks(ranks, metrics, 'index');
    expect(perUser.values.get('mrr')![1]).toBe(1 / 2);
  });

  it('refuses when nobody has anything held out', () => {
    const empty = {
      indptr: Uint32Array.of(0, 0),
      counts: new Uint32Array(0),
      candidates: Uint32Array.of(5),
    };
    expect(() => evaluateRanks(empty, metrics)).toThrowError(
      expect.objectContaining({ code: 'SPLIT_EMPTY' }),
    );
  });
});
