import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { clean } from '../../src/data/clean.js';
import { columnCounts, csrFromRows, rowIndices } from '../../src/data/csr.js';
import { fileSource } from '../../src/data/files.node.js';
import type { Interactions } from '../../src/data/interactions.js';
import { auditSplit, idsOf } from '../../src/data/leaks/audit.js';
import { columnLeaks } from '../../src/data/leaks/columns.js';
import { type LeakKind, refuseLeaks } from '../../src/data/leaks/leak.js';
import { popularityLeaks } from '../../src/data/leaks/statistics.js';
import type { LogRow } from '../../src/data/logRows.js';
import { readLog } from '../../src/data/readLog.js';
import { sampleLog } from '../../src/data/sample.js';
import { globalTime, heldOutUsers, leaveLastOut, random } from '../../src/data/split.js';
import type { Split } from '../../src/data/splitTypes.js';
import { DATA, errorOf, interactionsOf } from './helpers.js';

const { rows } = sampleLog({ users: 200, items: 80 });
const sample = interactionsOf(rows);
const RULES = { heldOutUsers, globalTime, leaveLastOut, random };
const splits = Object.entries(RULES).map(([name, rule]): [string, Split] => [name, rule(sample)]);

const audit = (split: Split, interactions: Interactions = sample) =>
  auditSplit(split, idsOf(split, interactions), interactions);
const kinds = (split: Split, interactions?: Interactions): LeakKind[] =>
  audit(split, interactions).map(({ kind }) => kind);

/** A matrix with one entry more. */
function withEntry(matrix: Split['train'], row: number, column: number): Split['train'] {
  const all = Array.from({ length: matrix.rows }, (_, r) => [...rowIndices(matrix, r)]);
  all[row].push(column);
  return csrFromRows(all, matrix.columns);
}

describe.each(splits)('%s', (name, split) => {
  const ids = idsOf(split, sample);
  const [target] = rowIndices(split.test.heldOut, 0);
  const pair = { user: ids.users[split.test.users![0]], item: ids.items[target] };

  it('has no leak', () => {
    expect(audit(split)).toEqual([]);
  });

  it('is caught when one held-out pair is shown, by its ids', async () => {
    const leaky = { ...split, test: { ...split.test, history: withEntry(split.test.history, 0, target) } };
    const leaks = audit(leaky);
    expect(leaks.filter(({ kind }) => kind === 'pair')).toMatchObject([{ details: { pairs: 1, ...pair } }]);
    const error = await errorOf(() => refuseLeaks(leaks), 'LEAKAGE');
    expect(error.message).toContain(`user "${pair.user}", item "${pair.item}"`);
    expect(refuseLeaks(leaks, true)).toEqual(leaks);
  });

  it('is caught when one held-out pair is trained on', () => {
    const user = split.test.users![0];
    const row = split.trainUsers!.indexOf(user);
    const leaky =
      row >= 0
        ? { ...split, train: withEntry(split.train, row, target) }
        : // A new user becomes one who is trained on.
          {
            ...split,
            trainUsers: Uint32Array.of(...split.trainUsers!, user),
            train: csrFromRows(
              [...Array.from({ length: split.train.rows }, (_, r) => rowIndices(split.train, r)), [target]],
              split.train.columns,
            ),
          };
    const found = audit(leaky).find(({ kind }) => kind === 'pair');
    expect(found).toMatchObject({ details: { pairs: 1, ...pair } });
    expect(found!.message).toContain('in the training part');
    if (name === 'heldOutUsers') expect(kinds(leaky)).toContain('user');
  });

  it('is caught when its vocabulary holds what nobody trains on', () => {
    const columns = split.itemIndices.length;
    const leaky = { ...split, train: { ...split.train, columns: columns + 1 } };
    const names = { ...ids, items: [...ids.items, 'only in the test part'] };
    expect(auditSplit(leaky, names)).toMatchObject([
      { kind: 'statistics', details: { item: 'only in the test part' } },
    ]);
  });

  it('is caught when popularity is counted over more than the training part', () => {
    const trained = columnCounts(split.train);
    expect(popularityLeaks(trained, split.train, ids.items, name)).toEqual([]);
    const overAll = columnCounts(sample.matrix);
    const counted = Array.from(split.itemIndices, (item) => overAll[item]);
    const [leak] = popularityLeaks(counted, split.train, ids.items, name);
    expect(leak).toMatchObject({ kind: 'statistics' });
    expect(ids.items).toContain(leak.details.item);
  });

  it('is caught when a column of the items was counted up over the whole log', () => {
    const overAll = Float64Array.from(columnCounts(sample.matrix));
    const trained = new Float64Array(sample.items.size);
    columnCounts(split.train).forEach((count, item) => {
      trained[split.itemIndices[item]] = count;
    });
    // Numbers that have nothing to do with it.
    const price = overAll.map((_, item) => (item * 37) % 23);
    const columns = [
      { name: 'price', values: price },
      { name: 'before', values: trained },
      { name: 'sold', values: overAll },
      { name: 'log', values: overAll.map(Math.log1p) },
    ];
    expect(columnLeaks(split, sample, columns).map(({ details }) => details.column)).toEqual(['sold', 'log']);
  });
});

describe('the future', () => {
  /** The sample with the first pair that is trained on later than everything. */
  const late = (split: Split): { of: Interactions; user: string; item: string } => {
    const user = split.trainUsers![0];
    const item = split.itemIndices[split.train.indices[0]];
    const entry = sample.matrix.indices.indexOf(item, sample.matrix.indptr[user]);
    const timeSec = sample.timeSec!.slice();
    timeSec[entry] = 4e9;
    return { of: { ...sample, timeSec }, user: sample.users.ids[user], item: sample.items.ids[item] };
  };

  it('is caught in the training part of globalTime', () => {
    const split = globalTime(sample);
    const { of, user, item } = late(split);
    const [leak] = audit(split, of);
    expect(leak).toMatchObject({ kind: 'future', details: { interactions: 1, user, item } });
    expect(leak.message).toContain('trained on');
  });

  it('is caught in the history of leaveLastOut, and of no matter to splits that do not ask', () => {
    const split = leaveLastOut(sample);
    const { of, user } = late(split);
    expect(audit(split, of)[0]).toMatchObject({ kind: 'future', details: { user } });
    for (const rule of [random, heldOutUsers]) {
      const other = rule(sample);
      expect(kinds(other, late(other).of)).toEqual([]);
    }
  });
});

describe('near-duplicate users', () => {
  const copies = (of: (row: LogRow, n: number) => boolean): LogRow[] => [
    ...rows,
    ...rows.filter(of).map((row) => ({ ...row, user: `${row.user} again` })),
  ];

  it.each([
    ['copies', (_: LogRow, _n: number) => true],
    ['copies with gaps', (_: LogRow, n: number) => n % 29 !== 0],
  ])('%s are caught where what is to be found of one is trained on with the other', async (_, of) => {
    const doubled = interactionsOf(copies(of));
    for (const rule of [heldOutUsers, random]) {
      const error = await errorOf(() => rule(doubled), 'LEAKAGE');
      expect(error.details.kind).toBe('twins');
      expect(error.message).toMatch(/user "(\w+)( again)?" and user "\1( again)?"/);
      expect(rule(doubled, { allowLeak: true }).leaks!.map(({ kind }) => kind)).toContain('twins');
    }
  });

  it('pass where the other is not trained on with it: everyone is cut at the same moment', () => {
    expect(globalTime(interactionsOf(copies(() => true))).leaks).toBeUndefined();
  });

  it('pass where there are few, and where histories are short', () => {
    const few = interactionsOf([
      ...rows,
      ...rows.filter(({ user }) => user === rows[0].user).map((row) => ({ ...row, user: 'again' })),
    ]);
    expect(random(few).leaks).toBeUndefined();
    const short = Array.from({ length: 300 }, (_, u) =>
      Array.from({ length: 4 }, (_, n) => ({ user: `u${u}`, item: `i${n + (u % 2)}` })),
    ).flat();
    expect(heldOutUsers(interactionsOf(short)).leaks).toBeUndefined();
  });
});

describe.skipIf(DATA === undefined)('public logs (skipped without FOLDIN_DATA)', () => {
  it.each(['ml-100k/u.data', 'ms-usage/ms_usage.csv.gz', 'online-retail/online-retail.csv.gz'])(
    '%s passes in every split, a count over all of it is caught',
    async (path) => {
      const log = await readLog([fileSource(`${DATA}/${path}`)]);
      const { interactions } = clean(log.rows);
      const { matrix, items, timeSec } = interactions;
      const sold = Float64Array.from(columnCounts(matrix));
      const columns = [
        { name: 'sold', values: sold },
        { name: 'log sold', values: sold.map(Math.log1p) },
        { name: 'number', values: Float64Array.from(items.ids, Number) },
        { name: 'code', values: Float64Array.from(items.ids, (id) => id.charCodeAt(id.length - 1)) },
        { name: 'first sold', values: firstSeen(matrix.indices, timeSec!, items.size) },
      ];
      for (const rule of Object.values(RULES)) {
        const split = rule(interactions);
        const leaks = columnLeaks(split, interactions, columns);
        expect(leaks.map(({ details }) => details.column)).toEqual(['sold', 'log sold']);
      }
    },
    120_000,
  );

  it('years of release pass', async () => {
    const log = await readLog([fileSource(`${DATA}/ml-100k/u.data`)]);
    const { interactions } = clean(log.rows);
    const lines = readFileSync(`${DATA}/ml-100k/u.item`, 'latin1').split('\n');
    const years = new Map(lines.map((line) => [line.split('|')[0], Number(/-(\d{4})\|/.exec(line)?.[1])]));
    const values = Float64Array.from(interactions.items.ids, (id) => years.get(id) ?? Number.NaN);
    expect(values.filter(Number.isFinite).length).toBeGreaterThan(1600);
    for (const rule of Object.values(RULES)) {
      expect(columnLeaks(rule(interactions), interactions, [{ name: 'year', values }])).toEqual([]);
    }
  });
});

function firstSeen(indices: Uint32Array, timeSec: Float64Array, items: number): Float64Array {
  const first = new Float64Array(items).fill(Number.POSITIVE_INFINITY);
  indices.forEach((item, e) => {
    first[item] = Math.min(first[item], timeSec[e]);
  });
  return first;
}
