import { describe, expect, it } from 'vitest';
import { csrFromRows } from '../../src/data/csr.js';
import { breakdown, byHistoryLength, HISTORY_BUCKETS, historyBucket } from '../../src/evaluate/breakdown.js';
import type { RankEvaluation } from '../../src/evaluate/evaluateRanks.js';
import { sameListWarning } from '../../src/evaluate/sameList.js';
import { bootstrapInterval } from '../../src/evaluate/significance.js';

/** Rows 0, 2, 3, 4 were scored. */
const evaluation: RankEvaluation = {
  ties: 'expected',
  users: { scored: 4, skipped: 1 },
  metrics: { mrr: { mean: 0.5, se: 0.1 }, 'coverage@10': { mean: 0.2, se: null } },
  perUser: {
    rows: Uint32Array.of(0, 2, 3, 4),
    values: new Map([['mrr', Float64Array.of(0.1, 0.3, 0.6, 1)]]),
  },
};

describe('breakdown', () => {
  it('puts histories into buckets without gaps', () => {
    expect(HISTORY_BUCKETS).toEqual(['1–4', '5–9', '10–19', '20–49', '50–99', '100–199', '200+']);
    expect([0, 1, 4, 5, 199, 200, 1e6].map(historyBucket)).toEqual([
      undefined,
      '1–4',
      '1–4',
      '5–9',
      '100–199',
      '200+',
      '200+',
    ]);
  });

  it('gives each bucket its users, with mean, error and interval', () => {
    const rows = [1, 3, 3, 7, 12].map((length) => Array.from({ length }, (_, item) => item));
    const set = {
      history: csrFromRows(rows, 20),
      heldOut: csrFromRows(
        rows.map(() => []),
        20,
      ),
    };
    const parts = byHistoryLength(evaluation, set);
    expect(parts.map(({ label, users }) => [label, users])).toEqual([
      ['1–4', 2],
      ['5–9', 1],
      ['10–19', 1],
    ]);
    const [short] = parts;
    expect(short.metrics['mrr'].mean).toBeCloseTo(0.2, 15);
    expect(short.metrics['mrr'].se).toBeCloseTo(0.1, 15);
    expect(short.metrics['mrr'].interval).toEqual(bootstrapInterval([0.1, 0.3]));
    expect(parts[1].metrics['mrr'].se).toBeNull();
    expect(Object.keys(short.metrics)).toEqual(['mrr']);
  });

  it('adds up to the whole, whatever the parts', () => {
    const parts = breakdown(evaluation, (row) => (row % 2 ? 'odd' : 'even'), ['odd', 'even', 'none']);
    expect(parts.map(({ label }) => label)).toEqual(['odd', 'even']);
    const total = parts.reduce((sum, { users, metrics }) => sum + users * metrics['mrr'].mean, 0);
    expect(total).toBeCloseTo(2, 14);
    expect(breakdown(evaluation, () => undefined, ['a'])).toEqual([]);
  });
});

describe('the warning of one list for all', () => {
  const size = { items: 1000, users: 100 };
  const of = (metrics: Record<string, number>, model = 'mlp', at = size) =>
    sameListWarning(
      model,
      Object.fromEntries(Object.entries(metrics).map(([label, mean]) => [label, { mean, se: null }])),
      at,
    )?.message;

  it('comes when the lists are the popular items, or hardly differ', () => {
    expect(of({ 'popularityOverlap@10': 0.95 })).toContain(
      'most popular items (popularityOverlap@10 is 0.95)',
    );
    expect(of({ 'coverage@10': 0.015 })).toContain('same list');
  });

  it('does not come otherwise, for the baseline, or where it says nothing', () => {
    expect(of({ 'popularityOverlap@10': 0.6, 'coverage@10': 0.3, mrr: 1 })).toBeUndefined();
    expect(of({ 'popularityOverlap@10': 1 }, 'popular')).toBeUndefined();
    expect(of({ 'popularityOverlap@10': 1 }, 'mlp', { items: 30, users: 100 })).toBeUndefined();
    expect(of({ 'coverage@10': 0.01 }, 'mlp', { items: 1000, users: 5 })).toBeUndefined();
  });
});
