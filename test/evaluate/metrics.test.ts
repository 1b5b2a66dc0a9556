import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RANK_METRICS, type RankMetricName } from '../../src/evaluate/metrics.js';
import { NOT_RANKABLE, rankedUser, type TieRule } from '../../src/evaluate/ties.js';
import { countedRanks, indexMetric, slowMetric } from './slow.js';

const NAMES = Object.keys(RANK_METRICS) as RankMetricName[];

function metric(
  name: RankMetricName,
  k: number,
  scores: number[],
  heldOut: number[],
  ties: TieRule = 'expected',
): number {
  return RANK_METRICS[name].of(rankedUser(countedRanks(scores, heldOut), 0, ties), k);
}

const log2 = Math.log2;

describe('metrics, rows worked by hand', () => {
  // Ranks: item 1 (.9), item 4 (.8), item 0 (.5), item 3 (.4), item 2 (.1).
  const scores = [0.5, 0.9, 0.1, 0.4, 0.8];

  const rows: [RankMetricName, number, number[], number][] = [
    // Held out at ranks 1, 3 and 5, k < n, k = n, k > n, k > items.
    ['precision', 2, [1, 0, 2], 1 / 2],
    ['precision', 3, [1, 0, 2], 2 / 3],
    ['precision', 10, [1, 0, 2], 3 / 10],
    ['recall', 2, [1, 0, 2], 1 / 3],
    ['recall', 10, [1, 0, 2], 1],
    ['cappedRecall', 2, [1, 0, 2], 1 / 2],
    ['cappedRecall', 4, [1, 0, 2], 2 / 3],
    ['f1', 2, [1, 0, 2], 2 / 5],
    ['f1', 10, [1, 0, 2], 6 / 13],
    ['hitRate', 1, [0, 2], 0],
    ['hitRate', 3, [0, 2], 1],
    ['ndcg', 2, [1, 0, 2], 1 / (1 + 1 / log2(3))],
    ['ndcg', 3, [1, 0, 2], (1 + 1 / 2) / (1 + 1 / log2(3) + 1 / 2)],
    ['ndcg', 10, [1, 0, 2], (1 + 1 / 2 + 1 / log2(6)) / (1 + 1 / log2(3) + 1 / 2)],
    ['map', 2, [1, 0, 2], 1 / 2],
    ['map', 3, [1, 0, 2], (1 + 2 / 3) / 3],
    ['map', 10, [1, 0, 2], (1 + 2 / 3 + 3 / 5) / 3],
    ['mrr', Number.POSITIVE_INFINITY, [0, 2], 1 / 3],
    // Pairs (held out 1, 0, 2) x (others 4, 3): item 1 beats both, 0 beats 3, 2 beats none.
    ['auc', Number.POSITIVE_INFINITY, [1, 0, 2], 3 / 6],
    // No other item to confuse with.
    ['auc', Number.POSITIVE_INFINITY, [0, 1, 2, 3, 4], 1 / 2],
  ];
  it.each(rows)('%s@%s of held-out items %j is %f', (name, k, heldOut, wanted) => {
    expect(metric(name, k, scores, heldOut)).toBeCloseTo(wanted, 14);
  });

  // Item 0 leads; items 1, 2, 3 tie for ranks 2 to 4; 2 and 3 are held out.
  const tied = [9, 5, 5, 5];
  const tiedRows: [RankMetricName, number, number, number][] = [
    // name, k, expected, index (held out at ranks 3 and 4)
    ['precision', 2, 1 / 3, 0],
    ['recall', 3, 2 / 3, 1 / 2],
    ['cappedRecall', 2, 1 / 3, 0],
    ['f1', 2, (2 * (2 / 3)) / 4, 0],
    ['hitRate', 2, 2 / 3, 0],
    ['hitRate', 3, 1, 1],
    ['ndcg', 2, 2 / 3 / log2(3) / (1 + 1 / log2(3)), 0],
    // Ranks of the two hits: {2, 3}, {2, 4}, {3, 4}, each 1/3.
    ['map', 4, (1 / 2 + 2 / 3 + 1 / 2 + 2 / 4 + 1 / 3 + 2 / 4) / 3 / 2, (1 / 3 + 2 / 4) / 2],
    ['mrr', 4, (1 / 2 + 1 / 2 + 1 / 3) / 3, 1 / 3],
    // Item 0 beats both, item 1 ties with both.
    ['auc', 4, 1 / 4, 0],
  ];
  it.each(tiedRows)('%s@%i with ties is %f expected, %f by index', (name, k, expected, index) => {
    expect(metric(name, k, tied, [2, 3])).toBeCloseTo(expected, 14);
    expect(metric(name, k, tied, [2, 3], 'index')).toBeCloseTo(index, 14);
  });
});

/** Up to 7 items with scores of at most 3 levels, and at least one of them held out. */
const smallCase = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 7 }).chain((scores) =>
  fc.record({
    scores: fc.constant(scores),
    heldOut: fc.shuffledSubarray([...scores.keys()], { minLength: 1 }),
    k: fc.integer({ min: 1, max: 9 }),
  }),
);

describe('metrics against every order of the ties', () => {
  it.each(NAMES)('%s agrees to 1e-12', (name) => {
    fc.assert(
      fc.property(smallCase, ({ scores, heldOut, k }) => {
        expect(
          Math.abs(metric(name, k, scores, heldOut) - slowMetric(name, k, scores, heldOut)),
        ).toBeLessThan(1e-12);
        expect(
          Math.abs(metric(name, k, scores, heldOut, 'index') - indexMetric(name, k, scores, heldOut)),
        ).toBeLessThan(1e-12);
      }),
      { numRuns: 150, seed: 1 },
    );
  });
});

describe('constant scores', () => {
  // A random ranking of 60 items of which 4 are held out, cut at 10.
  const scores = new Array<number>(60).fill(0.25);
  const heldOut = [0, 1, 2, 3];
  const share = 4 / 60;
  const choose = (n: number, r: number): number => (r === 0 ? 1 : (choose(n - 1, r - 1) * n) / r);
  const discounts = (n: number) =>
    Array.from({ length: n }, (_, i) => 1 / log2(i + 2)).reduce((a, b) => a + b, 0);
  const rank = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
  const chance: Record<RankMetricName, number> = {
    precision: share,
    recall: 10 / 60,
    cappedRecall: (10 * share) / 4,
    f1: (2 * 10 * share) / 14,
    hitRate: 1 - choose(50, 4) / choose(60, 4),
    ndcg: (share * discounts(10)) / discounts(4),
    // A hit at rank r finds (r - 1) 3/59 others before it.
    map: rank(10).reduce((total, r) => total + (share * (1 + ((r - 1) * 3) / 59)) / r, 0) / 4,
    mrr: rank(57).reduce((total, r) => total + choose(60 - r, 3) / choose(60, 4) / r, 0),
    auc: 1 / 2,
  };
  it.each(NAMES)('earn exactly chance in %s, wherever the held-out items stand', (name) => {
    expect(Math.abs(metric(name, 10, scores, heldOut) - chance[name])).toBeLessThan(1e-14);
    expect(metric(name, 10, scores, [7, 22, 41, 59])).toBe(metric(name, 10, scores, heldOut));
    // By index the same scores would be rewarded for nothing: the held-out items come first.
    expect(metric(name, 10, scores, heldOut, 'index')).toBeGreaterThan(chance[name]);
  });
});

describe('metrics, properties', () => {
  it.each(NAMES)('%s lies in [0, 1] and does not depend on the order of the held-out items', (name) => {
    fc.assert(
      fc.property(
        smallCase,
        fc.constantFrom<TieRule>('expected', 'index'),
        ({ scores, heldOut, k }, ties) => {
          const value = metric(name, k, scores, heldOut, ties);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-14);
          expect(metric(name, k, scores, [...heldOut].reverse(), ties)).toBe(value);
        },
      ),
      { seed: 2 },
    );
  });

  it.each(NAMES)('%s never falls when a held-out item is scored above all others', (name) => {
    fc.assert(
      fc.property(smallCase, ({ scores, heldOut, k }) => {
        const better = scores.with(heldOut[0], 3);
        expect(metric(name, k, better, heldOut)).toBeGreaterThanOrEqual(
          metric(name, k, scores, heldOut) - 1e-14,
        );
      }),
      { seed: 3 },
    );
  });

  it.each(NAMES)('%s is the same by both rules where nothing ties', (name) => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 1 }), (scores) => {
        const heldOut = [0, scores.length - 1].filter((item, i, all) => all.indexOf(item) === i);
        expect(metric(name, 3, scores, heldOut)).toBe(metric(name, 3, scores, heldOut, 'index'));
      }),
      { seed: 4 },
    );
  });

  it('a perfect ranking earns 1 where 1 can be had', () => {
    for (const name of ['cappedRecall', 'hitRate', 'ndcg', 'map', 'mrr', 'auc'] as const) {
      for (const k of [1, 2, 3, 10]) expect(metric(name, k, [5, 4, 1, 0], [0, 1])).toBeCloseTo(1, 14);
    }
  });
});

describe('rankedUser', () => {
  const ranks = (counts: number[], candidates = 10) => ({
    indptr: Uint32Array.of(0, counts.length / 3),
    counts: Uint32Array.from(counts),
    candidates: Uint32Array.of(candidates),
  });

  it('groups held-out items of one score and sorts the groups', () => {
    expect(rankedUser(ranks([4, 2, 3, 0, 0, 0, 4, 0, 3]), 0, 'expected')).toEqual({
      heldOut: 3,
      candidates: 10,
      groups: [
        { above: 0, size: 1, relevant: 1, relevantAbove: 0 },
        { above: 4, size: 4, relevant: 2, relevantAbove: 1 },
      ],
    });
  });

  it('refuses scores that are not finite', () => {
    expect(() => rankedUser(ranks([NOT_RANKABLE, 0, 0]), 0, 'expected')).toThrowError(
      expect.objectContaining({ code: 'DIVERGED' }),
    );
  });

  it.each([
    ['a rank beyond the candidates', ranks([9, 0, 1])],
    ['more ties below than in all', ranks([1, 3, 2])],
    ['more held-out items than room', ranks([0, 0, 0, 0, 0, 0])],
    ['overlapping groups', ranks([0, 0, 3, 2, 0, 0])],
    ['groups of unequal size', ranks([0, 0, 3, 0, 0, 2])],
    [
      'missing counts',
      { indptr: Uint32Array.of(0, 1), counts: new Uint32Array(0), candidates: Uint32Array.of(5) },
    ],
  ])('refuses %s', (_, contradicting) => {
    expect(() => rankedUser(contradicting, 0, 'expected')).toThrowError(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
  });
});
