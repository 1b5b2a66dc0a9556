import { describe, expect, it } from 'vitest';
import { type CleanOptions, clean } from '../../src/data/clean.js';
import { type DuplicatePolicy, defaultPolicy } from '../../src/data/duplicates.js';
import { type LogRow, logRows } from '../../src/data/logRows.js';
import { errorOf, interactionsOf, pairsOf } from './helpers.js';

const row = (user: string, item: string, value?: number, timeSec?: number): LogRow => ({
  user,
  item,
  value,
  timeSec,
});
const duplicated = [
  row('u1', 'i1', 1, 100),
  row('u1', 'i1', 1, 100),
  row('u1', 'i1', 3, 200),
  row('u2', 'i1', 5, 150),
  row('u2', 'i2', 2, 160),
];
const cleaned = (rows: LogRow[], options: CleanOptions) => pairsOf(interactionsOf(rows, options));

describe('halfLifeSec', () => {
  const log = [row('u1', 'i1', 2, 0), row('u1', 'i2', 3, 100), row('u2', 'i1', 4, 200)];

  it('halves what is that old, and halves it again', () => {
    expect([...interactionsOf(log, { halfLifeSec: 100 }).matrix.values!]).toEqual([0.25, 0.5, 1]);
    const weighted = interactionsOf(log, { halfLifeSec: 100, weight: 'value' });
    expect([...weighted.matrix.values!]).toEqual([0.5, 1.5, 4]);
  });

  it('wants times and a length of time', async () => {
    await errorOf(() => clean(logRows([row('u', 'i', 1)]), { halfLifeSec: 10 }), 'CONFIG');
    for (const halfLifeSec of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await errorOf(() => clean(logRows(log), { halfLifeSec }), 'CONFIG');
    }
  });
});

describe('duplicates', () => {
  const expected: [DuplicatePolicy, number][] = [
    ['sum', 5],
    ['last', 3],
    ['first', 1],
    ['max', 3],
    ['mean', 5 / 3],
    ['count', 3],
    ['binary', 1],
  ];
  it.each(expected)('%s', (duplicates, value) => {
    const { matrix } = interactionsOf(duplicated, { duplicates, weight: 'value' });
    expect(matrix.values![0]).toBeCloseTo(value, 6);
    expect(matrix.values!.length).toBe(3);
  });

  it('counts the rows beyond the first, and keeps the time of the last', () => {
    const { interactions, report } = clean(logRows(duplicated));
    expect(report).toMatchObject({ duplicates: 2, pairs: 3, policy: 'last' });
    expect([...interactions.timeSec!]).toEqual([200, 150, 160]);
  });

  it('prefers the larger value among rows of one time, whatever their order', () => {
    const tied = [row('u', 'i', 2, 5), row('u', 'i', 4, 5), row('u', 'i', 3, 5)];
    for (const rows of [tied, [...tied].reverse()]) {
      expect(cleaned(rows, { duplicates: 'last', weight: 'value' })).toEqual(['u i 4']);
      expect(cleaned(rows, { duplicates: 'first', weight: 'value' })).toEqual(['u i 4']);
    }
  });

  it('adds up the same in any order, where float addition would not', () => {
    const parts = [1e17, 1, -1e17, 5];
    const sums = parts.map((_, n) => {
      const rows = [...parts.slice(n), ...parts.slice(0, n)].map((value) => row('u', 'i', value));
      return cleaned([...rows, row('u', 'j', 1)], { duplicates: 'sum', weight: 'value' }).join();
    });
    expect(new Set(sums).size).toBe(1);
  });

  it('goes by the order of rows without times', () => {
    const rows = [row('u', 'i', 2), row('u', 'i', 4), row('u', 'i', 3)];
    expect(cleaned(rows, { duplicates: 'last', weight: 'value' })).toEqual(['u i 3']);
    expect(cleaned(rows, { duplicates: 'first', weight: 'value' })).toEqual(['u i 2']);
  });

  it('chooses by the kind of value', () => {
    const policy = (values: (number | undefined)[], valueKind?: 'rating' | 'amount') =>
      defaultPolicy({ ...logRows(values.map((value) => row('u', 'i', value))), valueKind });
    expect(policy([undefined])).toBe('binary');
    expect(policy([1, 5, 3.5])).toBe('last');
    expect(policy([1, 5, -1])).toBe('sum');
    expect(policy([1, 12])).toBe('sum');
    expect(policy([1, 0.3])).toBe('sum');
    expect(policy([1, 2], 'amount')).toBe('sum');
    expect(policy([1, 100], 'rating')).toBe('last');
  });
});

describe('what is no interaction', () => {
  it('nets returns a pair and leaves out pairs at or below zero', () => {
    const rows = [
      row('a', 'x', 6),
      row('a', 'x', -6),
      row('a', 'y', 3),
      row('a', 'y', -1),
      row('b', 'x', -2),
    ];
    const { interactions, report } = clean(logRows(rows), { weight: 'value' });
    expect(pairsOf(interactions)).toEqual(['a y 2']);
    expect(report).toMatchObject({ policy: 'sum', droppedUsers: 1, droppedItems: 1 });
    expect(report.droppedPairs).toEqual({ notPositive: 2, belowMinValue: 0, tooFew: 0 });
  });

  it('takes stored zeros for nothing, under every policy', () => {
    const rows = [row('u1', 'i1', 0), row('u1', 'i2', 0), row('u2', 'i1', 1), row('u2', 'i2', 0)];
    for (const duplicates of ['sum', 'last', 'max', 'count', 'binary'] as const) {
      expect(cleaned(rows, { duplicates })).toEqual(['u2 i1']);
    }
  });

  it('leaves out values below minValue: of pairs, or of rows where rows are counted', () => {
    const rows = [row('a', 'x', 4), row('a', 'x', 3), row('a', 'y', 5), row('b', 'x', 3)];
    expect(cleaned(rows, { duplicates: 'last', minValue: 4 })).toEqual(['a y']);
    expect(cleaned(rows, { duplicates: 'sum', minValue: 4 })).toEqual(['a x', 'a y']);
    expect(cleaned(rows, { duplicates: 'count', minValue: 4, weight: 'value' })).toEqual(['a x 1', 'a y 1']);
    const { report } = clean(logRows(rows), { duplicates: 'binary', minValue: 4 });
    expect(report.droppedPairs).toEqual({ notPositive: 0, belowMinValue: 1, tooFew: 0 });
  });

  it('goes on until every user and item has its minimum', () => {
    // d has one item; without d, z has one user; without z, c has one item.
    const pairs = ['a x', 'a y', 'b x', 'b y', 'c x', 'c z', 'd z'].map((pair) => pair.split(' '));
    const rows = pairs.map(([user, item]) => row(user, item));
    const { interactions, report } = clean(logRows(rows), { minUser: 2, minItem: 2 });
    expect(pairsOf(interactions)).toEqual(['a x', 'a y', 'b x', 'b y']);
    expect(report).toMatchObject({ droppedUsers: 2, droppedItems: 1, droppedPairs: { tooFew: 3 } });
    expect(interactions.items.ids).toEqual(['x', 'y']);
  });
});

describe('weights', () => {
  const rows = [row('a', 'x', 3), row('a', 'y', 200)];
  it('are one, the value, its logarithm, or the value up to a cap', () => {
    const weights = (weight: CleanOptions['weight']) => interactionsOf(rows, { weight }).matrix.values;
    expect(weights(undefined)).toBeUndefined();
    expect(weights('none')).toBeUndefined();
    expect([...weights('value')!]).toEqual([3, 200]);
    expect([...weights('log1p')!]).toEqual([Math.fround(Math.log(4)), Math.fround(Math.log(201))]);
    expect([...weights('cap:5')!]).toEqual([3, 5]);
  });

  it('are finite', async () => {
    const huge = [row('a', 'x', 1e308), row('a', 'x', 1e308)];
    await errorOf(() => clean(logRows(huge), { duplicates: 'sum', weight: 'value' }), 'LOG_FORMAT');
    expect(cleaned(huge, { duplicates: 'sum', weight: 'cap:2' })).toEqual(['a x 2']);
  });
});

it('orders users and items by id, not by line', () => {
  const { users, items } = interactionsOf([row('10', 'b'), row('9', 'a'), row('2', 'c')]);
  expect([users.ids, items.ids]).toEqual([
    ['2', '9', '10'],
    ['a', 'b', 'c'],
  ]);
});

it('refuses impossible options and an empty result', async () => {
  const rows = logRows([row('a', 'x', 1)]);
  const impossible = [
    { duplicates: 'average' },
    { minUser: 0 },
    { minItem: 1.5 },
    { minValue: Number.NaN },
    { weight: 'sqrt' },
    { weight: 'cap:0' },
    { weight: 'cap:x' },
  ];
  for (const options of impossible) await errorOf(() => clean(rows, options as CleanOptions), 'CONFIG');
  await errorOf(() => clean(logRows([row('a', 'x')]), { minValue: 1 }), 'CONFIG');
  await errorOf(() => clean(rows, { minValue: 2 }), 'LOG_EMPTY');
  await errorOf(() => logRows([row('a', 'x', 1), row('a', 'y')]), 'LOG_FORMAT');
  await errorOf(() => logRows([row('a', 'x', Number.POSITIVE_INFINITY)]), 'LOG_FORMAT');
  await errorOf(() => logRows([row('', 'x')]), 'LOG_FORMAT');
});
