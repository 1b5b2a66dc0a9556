import { describe, expect, it } from 'vitest';
import { columnCounts, rowIndices } from '../../src/data/csr.js';
import { sampleCsv, sampleLog } from '../../src/data/sample.js';
import { GENRES, titleOf } from '../../src/data/sampleTitles.js';
import { heldOutUsers } from '../../src/data/split.js';
import { errorOf, interactionsOf, plainRows, readText } from './helpers.js';

const sample = sampleLog();

describe('sampleLog', () => {
  it('is the same for the same seed only', () => {
    const small = (seed: number) => sampleLog({ users: 50, items: 60, seed });
    expect(small(1)).toEqual(small(1));
    expect(small(1).rows).not.toEqual(small(2).rows);
  });

  it('has the users, items, categories and pairs it should', () => {
    expect(sample.users.length).toBe(2000);
    expect(sample.items.length).toBe(500);
    expect([sample.users[0].user, sample.items[499].item]).toEqual(['u0001', 'b0500']);
    expect(new Set(sample.items.map(({ title }) => title)).size).toBe(500);
    expect(new Set(sample.items.map(({ category }) => category)).size).toBe(6);
    expect(new Set(sample.rows.map(({ user, item }) => `${user} ${item}`)).size).toBe(sample.rows.length);
    expect(new Set(sample.rows.map(({ user }) => user)).size).toBe(2000);
  });

  it('has a long tail, and users who buy from their group', () => {
    const counts = columnCounts(interactionsOf(sample.rows).matrix).sort().reverse();
    expect(counts.subarray(0, 50).reduce((a, b) => a + b) / sample.rows.length).toBeGreaterThan(0.2);
    const groupOf = new Map(sample.users.map(({ user, group }) => [user, group]));
    const categoryOf = new Map(sample.items.map(({ item, category }) => [item, category]));
    const own = sample.rows.filter(({ user, item }) => groupOf.get(user) === categoryOf.get(item));
    expect(own.length / sample.rows.length).toBeGreaterThan(0.6);
  });

  it('rewards a model: items bought together find twice what popularity finds', () => {
    const { train, test } = heldOutUsers(interactionsOf(sample.rows));
    const { columns } = train;
    const popularity = columnCounts(train);
    const together = new Float64Array(columns * columns);
    for (let row = 0; row < train.rows; row++) {
      const items = rowIndices(train, row);
      for (const a of items) for (const b of items) if (a !== b) together[a * columns + b]++;
    }
    const found = (score: (history: Uint32Array, item: number) => number) => {
      let hits = 0;
      for (let row = 0; row < test.history.rows; row++) {
        const history = rowIndices(test.history, row);
        const ranked = Array.from({ length: columns }, (_, item) => ({ item, score: score(history, item) }))
          .filter(({ item }) => !history.includes(item))
          .sort((a, b) => b.score - a.score)
          .slice(0, 10);
        hits += ranked.filter(({ item }) => rowIndices(test.heldOut, row).includes(item)).length;
      }
      return hits;
    };
    const byPopularity = found((_, item) => popularity[item]);
    const byItems = found((history, item) =>
      history.reduce(
        (sum, a) => sum + together[a * columns + item] / Math.sqrt(popularity[a] * popularity[item]),
        0,
      ),
    );
    expect(byPopularity).toBeGreaterThan(0);
    expect(byItems).toBeGreaterThan(2 * byPopularity);
  });

  it('is read back from its CSV', async () => {
    const small = sampleLog({ users: 20, items: 24 });
    const files = sampleCsv(small);
    const log = await readText(files.log);
    expect(log.detected.columns).toEqual({ user: 'user', item: 'item', time: 'time' });
    expect(log.warnings).toEqual([]);
    expect(plainRows(log.rows)).toEqual(
      small.rows.map(({ user, item, timeSec }) => [user, item, undefined, timeSec]),
    );
    expect(files.items.split('\n')[0]).toBe('item,title,category');
  });

  it('refuses impossible sizes', async () => {
    for (const options of [{ users: 0 }, { items: 5 }, { groups: 1 }, { groups: 9 }, { users: 1.5 }]) {
      await errorOf(() => sampleLog(options), 'CONFIG');
    }
  });
});

it('titles of a genre differ, a hundred and more', () => {
  for (const genre of GENRES) {
    const titles = Array.from({ length: 250 }, (_, n) => titleOf(genre, n));
    expect(new Set(titles).size).toBe(250);
  }
  expect(titleOf(GENRES[0], 0)).toBe('The Silent Harbour');
  expect(titleOf(GENRES[0], 100)).toBe('The Silent Harbour, volume 2');
});
