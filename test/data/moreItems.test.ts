import { expect, it } from 'vitest';
import { csrFromRows, rowIndices } from '../../src/data/csr.js';
import type { Interactions } from '../../src/data/interactions.js';
import { withItems } from '../../src/data/moreItems.js';
import { entriesInOrder } from '../../src/data/order.js';
import { heldOutUsers } from '../../src/data/split.js';
import { Vocabulary } from '../../src/data/vocabulary.js';
import { randomCsr } from '../../src/verify/inputs.js';

it('parts over more items are the same pairs, in the same order, at their new places', () => {
  const plain = randomCsr(40, 12, 0.4, 5, true);
  const rows = Array.from({ length: 40 }, (_, u) => [...rowIndices(plain, u)].reverse());
  const matrix = csrFromRows(
    rows,
    12,
    rows.map((row, u) => row.map((_, i) => u + i / 8)),
    { inOrder: true },
  );
  const log: Interactions = {
    users: new Vocabulary(rows.map((_, u) => `u${u}`)),
    // Plain numbers sort as such; with a word among them they sort as text, and all change places.
    items: Vocabulary.sorted(Array.from({ length: 12 }, (_, i) => `${i}`)),
    matrix,
    timeSec: Float64Array.from(matrix.positions!, (place) => 1e9 + place),
    titles: Array.from({ length: 12 }, (_, i) => (i % 2 ? `title ${i}` : undefined)),
  };
  const split = heldOutUsers(log, { seed: 3 });
  const all = withItems(log, split, ['3', 'word', '99']);
  expect(all.interactions.items.ids).toEqual(Vocabulary.sorted([...log.items.ids, 'word', '99']).ids);
  const { items, titles, timeSec, matrix: moved } = all.interactions;
  expect(titles?.map((title, i) => title && `${items.ids[i]}=${title}`).filter(Boolean)).toContain(
    '7=title 7',
  );
  for (let u = 0; u < 40; u++) {
    const told = (of: Interactions) =>
      Array.from(entriesInOrder(of.matrix, u), (e) => [
        of.items.ids[of.matrix.indices[e]],
        of.matrix.values![e],
        of.timeSec![e],
      ]);
    expect(told(all.interactions)).toEqual(told(log));
    const own = [...rowIndices(moved, u)];
    expect(own).toEqual([...own].sort((a, b) => a - b));
  }
  expect(timeSec).toHaveLength(moved.indices.length);
  const idsOf = (part: typeof split.train, of: typeof split, from: Vocabulary) =>
    Array.from({ length: part.rows }, (_, r) =>
      Array.from(rowIndices(part, r), (i) => from.ids[of.itemIndices[i]]).sort(),
    );
  for (const pick of [
    (s: typeof split) => s.train,
    (s: typeof split) => s.validation.history,
    (s: typeof split) => s.test.heldOut,
  ]) {
    expect(pick(all.split).columns).toBe(items.size);
    expect(idsOf(pick(all.split), all.split, items)).toEqual(idsOf(pick(split), split, log.items));
  }
});
