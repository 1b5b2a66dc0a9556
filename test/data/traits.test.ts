import { expect, it } from 'vitest';
import { clean } from '../../src/data/clean.js';
import { csrFromRows, rowIndices, selectKnownRows, selectRows } from '../../src/data/csr.js';
import { readLog } from '../../src/data/readLog.js';
import { sampleCsv, sampleLog } from '../../src/data/sample.js';
import { memorySource } from '../../src/data/source.js';
import { heldOutUsers } from '../../src/data/split.js';
import { withMoreUsers, withTraits } from '../../src/data/traits.js';

const log = sampleLog({ users: 60, items: 30, seed: 4 });
const { rows } = await readLog([memorySource('log.csv', sampleCsv(log).log)]);
const { interactions } = clean(rows);
const split = heldOutUsers(interactions, { seed: 1 });

it('more users stand behind those of the log, and have done nothing', () => {
  const more = withMoreUsers(interactions, ['new', interactions.users.ids[0], 'other']);
  const { size } = interactions.users;
  expect(more.users.ids.slice(size)).toEqual(['new', 'other']);
  expect(more.matrix.rows).toBe(size + 2);
  expect(Array.from(rowIndices(more.matrix, size))).toEqual([]);
  expect(rowIndices(more.matrix, 3)).toEqual(rowIndices(interactions.matrix, 3));
  expect(withMoreUsers(interactions, interactions.users.ids)).toBe(interactions);
});

it('every row of every part has the traits of its own user', () => {
  const { size } = interactions.users;
  // Everybody is known by their own number.
  const traits = csrFromRows(
    Array.from({ length: size }, (_, user) => [user]),
    size,
  );
  const made = withTraits(interactions, split, traits);
  expect(made.interactions.matrix.traits).toBe(traits);
  for (const [histories, users] of [
    [made.split.train, split.trainUsers!],
    [made.split.validation.history, split.validation.users!],
    [made.split.test.history, split.test.users!],
  ] as const) {
    expect(histories.traits!.indices).toEqual(users);
    expect(selectRows(histories, [2, 0]).traits!.indices).toEqual(Uint32Array.of(users[2], users[0]));
  }
});

it('must be of these users, in parts that say which they hold', () => {
  const few = csrFromRows([[0]], 1);
  expect(() => withTraits(interactions, split, few)).toThrow(
    expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
  );
  const all = csrFromRows(new Array(interactions.users.size).fill([0]), 1);
  const given = { ...split, name: 'given' as const, test: { ...split.test, users: undefined } };
  expect(() => withTraits(interactions, given, all)).toThrow(expect.objectContaining({ code: 'CONFIG' }));
});

it('rows that are not there are empty', () => {
  const matrix = csrFromRows([[0, 2], [], [1]], 3, [[5, 6], [], [7]]);
  const { indptr, indices, values } = selectKnownRows(matrix, [2, undefined, 0]);
  expect(Array.from(indptr)).toEqual([0, 1, 1, 3]);
  expect(Array.from(indices)).toEqual([1, 0, 2]);
  expect(Array.from(values!)).toEqual([7, 5, 6]);
});
