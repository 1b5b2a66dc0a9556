import { describe, expect, it } from 'vitest';
import { NO_ITEM, NOT_FINITE } from '../../src/backend/ops.js';
import { csrFromRows } from '../../src/data/csr.js';
import { type Catalogue, evaluateLists, type TopLists } from '../../src/evaluate/lists.js';
import { type ListMetric, parseMetric } from '../../src/evaluate/parseMetric.js';

const catalogue: Catalogue = {
  popularity: Uint32Array.of(8, 4, 4, 1, 0),
  trainUsers: 8,
  seen: csrFromRows([[0], [], [0, 1, 2, 3, 4]], 5),
};
const lists: TopLists = {
  items: Uint32Array.of(1, 3, 2, 1, 0, NO_ITEM, NO_ITEM, NO_ITEM, NO_ITEM),
  length: 3,
};

const value = (label: string, of: TopLists = lists, against: Catalogue = catalogue) =>
  evaluateLists(of, against, [parseMetric(label) as ListMetric])[label];

describe('metrics of lists', () => {
  it('coverage: share of the catalogue that anyone gets', () => {
    expect(value('coverage@1')).toEqual({ mean: 1 / 5, se: null });
    expect(value('coverage@3')).toEqual({ mean: 4 / 5, se: null });
  });

  it('gini: 0 for equal shares, 1 - 1/items for one item', () => {
    // Times given at 3: items 1, 2, 1, 1, 0 -> ascending 0 1 1 1 2: (-4*0 - 2 + 0 + 2 + 4*2) / (5 * 5).
    expect(value('gini@3').mean).toBeCloseTo(8 / 25, 15);
    expect(value('gini@1').mean).toBeCloseTo(4 / 5, 15);
    const all = { items: Uint32Array.of(0, 1, 2, 3, 4), length: 5 };
    expect(value('gini@5', all, { ...catalogue, seen: csrFromRows([[]], 5) }).mean).toBe(0);
  });

  it('novelty: mean bits, an item nobody had counting as one that one user had', () => {
    // User 0: log2(8/4), log2(8/1), log2(8/4) = 1, 3, 1. User 1: 1, 0. User 2 has no list.
    expect(value('novelty@3').mean).toBeCloseTo((5 / 3 + 1 / 2) / 2, 15);
    const unseen = { items: Uint32Array.of(4), length: 1 };
    expect(value('novelty@1', unseen, { ...catalogue, seen: csrFromRows([[]], 5) }).mean).toBe(3);
  });

  it('popularityOverlap: what the popularity baseline would also have given the user', () => {
    // At 2 user 0, who has seen item 0, would be given 1 and 2, but got 1 and 3; user 1 gets 0 and 1 either way.
    expect(value('popularityOverlap@2').mean).toBeCloseTo((1 / 2 + 1) / 2, 15);
    expect(value('popularityOverlap@1').mean).toBeCloseTo((1 + 0) / 2, 15);
  });

  it('takes a cut beyond the lists only when they hold the whole catalogue', () => {
    expect(() => value('coverage@4')).toThrowError(expect.objectContaining({ code: 'CONFIG' }));
    const whole = { items: Uint32Array.of(0, 1, 2, 3, 4), length: 5 };
    expect(value('coverage@50', whole, { ...catalogue, seen: csrFromRows([[]], 5) }).mean).toBe(1);
  });

  it.each([
    ['DIVERGED', Uint32Array.of(NOT_FINITE, NOT_FINITE, NOT_FINITE, 1, 0, 2, 1, 0, 2), 3],
    ['SHAPE_MISMATCH', Uint32Array.of(5, 1, 2, 1, 0, 2, 1, 0, 2), 3],
    ['SHAPE_MISMATCH', Uint32Array.of(1, 2, 3), 3],
    ['SHAPE_MISMATCH', Uint32Array.of(1, 2, 3), 0],
    ['SPLIT_EMPTY', new Uint32Array(9).fill(NO_ITEM), 3],
  ])('refuses with %s', (code, items, length) => {
    expect(() => value('coverage@1', { items, length })).toThrowError(expect.objectContaining({ code }));
  });
});
