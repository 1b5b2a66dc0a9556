import { describe, expect, it } from 'vitest';
import { clean } from '../../src/data/clean.js';
import { type Csr, csrFromRows, selectColumns, selectRows } from '../../src/data/csr.js';
import { evaluationSet } from '../../src/data/given.js';
import { type LogRow, logRows } from '../../src/data/logRows.js';
import { positionsBy, requireOrder, rowInOrder } from '../../src/data/order.js';
import { globalTime, heldOutUsers, leaveLastOut, random } from '../../src/data/split.js';

/** u1: c, a, then b and d in the same second; u2: d, c, b, a. */
const ROWS: LogRow[] = [
  { user: 'u1', item: 'b', timeSec: 1e9 + 3 },
  { user: 'u1', item: 'c', timeSec: 1e9 + 1 },
  { user: 'u2', item: 'd', timeSec: 1e9 + 10 },
  { user: 'u1', item: 'd', timeSec: 1e9 + 3 },
  { user: 'u2', item: 'c', timeSec: 1e9 + 11 },
  { user: 'u2', item: 'a', timeSec: 1e9 + 13 },
  { user: 'u1', item: 'a', timeSec: 1e9 + 2 },
  { user: 'u2', item: 'b', timeSec: 1e9 + 12 },
];
const names = (matrix: Csr, row: number) =>
  Array.from(rowInOrder(matrix, row), (item) => 'abcdefgh'[item]).join('');

describe('the order of histories', () => {
  it('comes from times; within a second the item of the lower index is first, whatever the order of lines', () => {
    for (const rows of [ROWS, [...ROWS].reverse()]) {
      const { matrix } = clean(logRows(rows)).interactions;
      expect([names(matrix, 0), names(matrix, 1)]).toEqual(['cabd', 'dcba']);
    }
  });

  it('is that of the last row of a pair', () => {
    const again = { user: 'u1', item: 'c', timeSec: 1e9 + 9 };
    const { matrix } = clean(logRows([again, ...ROWS])).interactions;
    expect(names(matrix, 0)).toBe('abdc');
  });

  it('is unknown without times, and the error says what gives one', () => {
    const bare = ROWS.map(({ user, item }) => ({ user, item }));
    const { matrix, ...rest } = { ...clean(logRows(bare)).interactions };
    expect(matrix.positions).toBeUndefined();
    expect(rest.timeSec).toBeUndefined();
    expect(names(matrix, 0)).toBe('abcd');
    expect(() => requireOrder(matrix, 'gru')).toThrow(
      expect.objectContaining({
        code: 'COLUMN_MISSING',
        message: expect.stringContaining('gru goes by the order'),
        remedy: expect.stringMatching(/--time.*--order file/),
      }),
    );
    expect(requireOrder(csrFromRows([[], []], 3), 'gru')).toHaveLength(0);
  });

  it('is that of the lines where asked for, even against times', () => {
    const bare = ROWS.map(({ user, item }) => ({ user, item }));
    for (const rows of [bare, ROWS]) {
      const { interactions } = clean(logRows(rows), { order: 'file' });
      expect([0, 1].map((row) => names(interactions.matrix, row))).toEqual(['bcda', 'dcab']);
      expect(interactions.timeIsOrder).toBe(true);
    }
    expect(() => clean(logRows(bare), { order: 'lines' as 'file' })).toThrow(
      expect.objectContaining({ code: 'CONFIG' }),
    );
  });

  it('stays when rows and columns are selected', () => {
    const { matrix } = clean(logRows(ROWS)).interactions;
    expect(names(selectRows(matrix, [1, 0]), 0)).toBe('dcba');
    // b, c, d become 0, 1, 2.
    const fewer = selectColumns(matrix, Uint32Array.of(1, 2, 3));
    expect([0, 1].map((row) => [...rowInOrder(fewer, row)])).toEqual([
      [1, 0, 2],
      [2, 1, 0],
    ]);
    expect([...fewer.positions!]).toEqual([1, 0, 2, 2, 1, 0]);
    expect(selectColumns(csrFromRows([[0, 1]], 2), Uint32Array.of(1)).positions).toBeUndefined();
  });

  it('is that of the given rows where they say so', () => {
    const matrix = csrFromRows([[3, 0, 2], [], [1, 0]], 4, [[5, 6, 7], [], [8, 9]], { inOrder: true });
    expect([0, 1, 2].map((row) => [...rowInOrder(matrix, row)])).toEqual([[3, 0, 2], [], [1, 0]]);
    expect([...matrix.values!]).toEqual([6, 7, 5, 9, 8]);
    expect([...positionsBy([0, 3], [0.5, 0.1, 0.5])]).toEqual([1, 0, 2]);
  });

  it.each([
    ['heldOutUsers', heldOutUsers],
    ['globalTime', globalTime],
    ['leaveLastOut', leaveLastOut],
    ['random', random],
  ])('is that of the log in every part of %s', (_, split) => {
    const users = Array.from({ length: 30 }, (_, u) => u);
    const rows = users.flatMap((u) =>
      Array.from({ length: 8 }, (_, i) => ({
        user: `u${u}`,
        item: `i${(i * 5 + u) % 8}`,
        timeSec: 1e9 + 1000 * i + u,
      })),
    );
    const { interactions } = clean(logRows(rows));
    const times = new Map(rows.map(({ user, item, timeSec }) => [`${user} ${item}`, timeSec]));
    const parts = split(interactions, { seed: 3, validation: 0.2, test: 0.2 });
    const check = (matrix: Csr, ids: Uint32Array) => {
      let entries = 0;
      for (let row = 0; row < matrix.rows; row++) {
        const user = interactions.users.ids[ids[row]];
        const mine = Array.from(
          rowInOrder(matrix, row),
          (column) => times.get(`${user} ${interactions.items.ids[parts.itemIndices[column]]}`)!,
        );
        expect(mine).toEqual([...mine].sort((a, b) => a - b));
        entries += mine.length;
      }
      expect(entries).toBe(matrix.positions?.length);
      expect(entries).toBeGreaterThan(5);
    };
    check(parts.train, parts.trainUsers!);
    check(parts.validation.history, parts.validation.users!);
    check(parts.test.history, parts.test.users!);
  });

  it('is that of the fold-in file, over the items of a model', () => {
    const foldIn = clean(logRows(ROWS)).interactions;
    const heldOut = clean(logRows([{ user: 'u1', item: 'e', timeSec: 2e9 }])).interactions;
    const items = clean(logRows(['e', 'd', 'c', 'a'].map((item) => ({ user: 'x', item })))).interactions
      .items;
    const { history } = evaluationSet(items, foldIn, heldOut);
    expect(Array.from(rowInOrder(history, 0), (item) => items.ids[item])).toEqual(['c', 'a', 'd']);
  });
});
