import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean } from '../../src/data/clean.js';
import { DUPLICATE_POLICIES } from '../../src/data/duplicates.js';
import { type LogRow, logRows } from '../../src/data/logRows.js';
import { csv, sampleLog } from '../../src/data/sample.js';
import { globalTime, heldOutUsers, random } from '../../src/data/split.js';
import { readText } from './helpers.js';

const awkward = [
  '007',
  '7',
  '7.0',
  '9007199254740993',
  '9007199254740992',
  '__proto__',
  'constructor',
  '😀',
  'a,b',
];
const id = fc.oneof(
  fc.constantFrom(...awkward),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }).filter((text) => /\S/.test(text)),
);

const row: fc.Arbitrary<LogRow> = fc.record({
  user: fc.constantFrom('u1', 'u2', 'u3', 'u4', 'u5'),
  item: fc.constantFrom('1', '2', '10', '03', '😀', '__proto__'),
  value: fc.constantFrom(-2, 0, 0.1, 0.2, 0.3, 1, 3, 1e17, -1e17),
  timeSec: fc.integer({ min: 1e9, max: 1e9 + 5 }),
});
const shuffledTwice = fc
  .array(row, { minLength: 1, maxLength: 40 })
  .chain((rows) =>
    fc.tuple(
      fc.constant(rows),
      fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length }),
    ),
  );

/** The result, or the code of the error: an empty result must be one under every order. */
const attempt = <T>(work: () => T): T | string => {
  try {
    return work();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the order of lines changes nothing', () => {
  it.each(DUPLICATE_POLICIES)('after cleaning by %s', (duplicates) => {
    const result = (rows: LogRow[]) =>
      attempt(() => {
        const { interactions, report } = clean(logRows(rows), { duplicates, weight: 'value' });
        const { users, items, ...numbers } = interactions;
        return { users: users.ids, items: items.ids, numbers, report };
      });
    fc.assert(
      fc.property(shuffledTwice, ([rows, shuffled]) => {
        expect(result(shuffled)).toEqual(result(rows));
      }),
    );
  });

  const { rows } = sampleLog({ users: 30, items: 40 });
  it.each([
    ['heldOutUsers', heldOutUsers],
    ['globalTime', globalTime],
    ['random', random],
  ])('after the split %s', (_, split) => {
    const result = (log: readonly LogRow[]) => split(clean(logRows(log)).interactions);
    const expected = result(rows);
    const order = fc.shuffledSubarray([...rows], { minLength: rows.length, maxLength: rows.length });
    fc.assert(
      fc.property(order, (shuffled) => {
        expect(result(shuffled)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});

it('ids come back exactly', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(id, id), { minLength: 1, maxLength: 30 }), async (pairs) => {
      const { rows } = await readText(csv(['user', 'item'], pairs));
      const read = Array.from({ length: rows.count }, (_, r) => [
        rows.userIds[rows.user[r]],
        rows.itemIds[rows.item[r]],
      ]);
      expect(read).toEqual(pairs);
      const { users, items } = clean(rows).interactions;
      expect(new Set(users.ids)).toEqual(new Set(pairs.map(([user]) => user)));
      expect(new Set(items.ids)).toEqual(new Set(pairs.map(([, item]) => item)));
    }),
  );
});
