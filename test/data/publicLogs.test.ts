import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CleanOptions, clean } from '../../src/data/clean.js';
import { nnz } from '../../src/data/csr.js';
import type { DuplicatePolicy } from '../../src/data/duplicates.js';
import { fileSource } from '../../src/data/files.node.js';
import { given } from '../../src/data/given.js';
import { type ReadLogOptions, readLog } from '../../src/data/readLog.js';
import { dataReport } from '../../src/data/report.js';
import { random } from '../../src/data/split.js';
import type { EvaluationSet } from '../../src/data/splitTypes.js';
import { DATA, errorOf, pairsOf, plainRows } from './helpers.js';

const absent = DATA === undefined;
const skipped = absent ? ' (skipped: FOLDIN_DATA names no folder of test sets)' : '';

const read = (path: string, options?: ReadLogOptions) => readLog([fileSource(`${DATA}/${path}`)], options);

async function report(path: string, options?: ReadLogOptions, cleaning?: CleanOptions) {
  const log = await read(path, options);
  return dataReport(log, clean(log.rows, cleaning));
}

describe.skipIf(absent)(`awkward files${skipped}`, () => {
  const expected = absent ? {} : JSON.parse(readFileSync(`${DATA}/awkward/expected.json`, 'utf8'));
  const counts = async (name: string, options?: ReadLogOptions) => {
    const { rows } = await read(`awkward/${name}`, options);
    return { rows: rows.count, users: rows.userIds.length, items: rows.itemIds.length };
  };

  it.each([
    '01-header-line.csv',
    '04-bom-crlf.csv',
    '06-leading-zero-ids.csv',
    '18-sparse-large-ids.csv',
    '20-two-member.csv.gz',
    '22c-blank-lines.csv',
    '24-recbole-atomic.inter',
  ])('%s', async (name) => {
    expect(expected[name]).toMatchObject(await counts(name));
  });

  it('01 without a header names line 1, column 3 and "rating"', async () => {
    const { badRows } = await read('awkward/01-header-line.csv', { header: false });
    expect(badRows.map(({ line }) => line)).toEqual([1]);
    expect(badRows[0].reason).toContain('column 3 is "rating"');
  });

  it('03 is latin1', async () => {
    const name = '03-double-colon-latin1.dat';
    const error = await errorOf(() => counts(name), 'LOG_FORMAT');
    expect(error.message).toContain('line 1');
    expect(error.remedy).toContain('latin1');
    expect(expected[name]).toMatchObject(await counts(name, { encoding: 'latin1' }));
    expect((await read(`awkward/${name}`, { encoding: 'latin1' })).detected.delimiter).toBe('::');
  });

  it('09 under every policy', async () => {
    const { policy, unique_pairs, raw_rows } = expected['09-duplicate-pairs.csv'];
    const { rows } = await read('awkward/09-duplicate-pairs.csv');
    expect(rows.count).toBe(raw_rows);
    for (const [duplicates, values] of Object.entries<Record<string, number>>(policy)) {
      const options = { duplicates: duplicates as DuplicatePolicy, weight: 'value' } as const;
      const pairs = pairsOf(clean(rows, options).interactions);
      expect(pairs.length).toBe(unique_pairs);
      expect(pairs[0]).toBe(`u1 i1 ${values['u1,i1']}`);
    }
  });

  it('10 keeps finite numbers only', async () => {
    const { rows, badRows } = await read('awkward/10-nan-ratings.csv');
    expect({ accepted: rows.count, rejected: badRows.length }).toEqual({ accepted: 2, rejected: 7 });
    expect([...rows.value!]).toEqual([4, 5]);
    const strict = await errorOf(() => read('awkward/10-nan-ratings.csv', { strict: true }), 'LOG_FORMAT');
    expect(strict.message).toContain('line 2');
  });

  it('12 takes zeros for nothing', async () => {
    const { interactions, users } = await report('awkward/12-explicit-zeros.csv');
    expect({ positives: interactions, users_with_history: users }).toEqual(
      expected['12-explicit-zeros.csv'].implicit,
    );
  });

  it('13 mixes units', async () => {
    const error = await errorOf(() => read('awkward/13-timestamps-mixed.csv'), 'LOG_FORMAT');
    expect(error.details.lines).toEqual([2, 3]);
    expect((await read('awkward/13-timestamps-mixed.csv', { time: false })).rows.count).toBe(11);
  });

  it('15 trains on users of too few items, and evaluates the others', async () => {
    const { rows, detected } = await read('awkward/15-single-interaction-users.csv');
    expect(detected.timeUnit).toBe('order');
    const { interactions } = clean(rows);
    const split = random(interactions);
    expect(Array.from(split.trainUsers!, (user) => interactions.users.ids[user])).toEqual([
      'u1',
      'u2',
      'u3',
      'u4',
    ]);
    expect(Array.from(split.test.users!, (user) => interactions.users.ids[user])).toEqual(['u4']);
  });

  it('22 is empty', async () => {
    for (const name of ['22a-empty.csv', '22b-header-only.csv'])
      await errorOf(() => counts(name), 'LOG_EMPTY');
  });

  it('23 has other names', async () => {
    const name = '23-wrong-header.csv';
    const { mapped } = expected[name];
    const { detected, rows } = await read(`awkward/${name}`);
    expect(detected.columns).toEqual({ user: mapped.user, item: mapped.item, time: mapped.time });
    const { report } = clean(rows);
    expect([rows.count, report.duplicates]).toEqual([mapped.rows, mapped.duplicate_pairs]);
    const error = await errorOf(() => read(`awkward/${name}`, { user: 'user' }), 'COLUMN_MISSING');
    expect(error.message).toContain('"favori", "UserId", "ItemId", "Timestamp"');
  });

  it('26 is an adjacency list', async () => {
    const expects = expected['26-adjacency-list.txt'];
    const { rows } = await read('awkward/26-adjacency-list.txt');
    const { interactions, report } = clean(rows);
    expect([rows.count, rows.userIds.length, interactions.users.size, report.duplicates]).toEqual([
      expects.rows,
      expects.users_listed,
      expects.users_with_items,
      expects.duplicates,
    ]);
  });

  it('27 has ragged rows', async () => {
    const { rows, badRows } = await read('awkward/27-ragged-rows.csv');
    expect([rows.count, badRows.map(({ line }) => line)]).toEqual([
      1,
      expected['27-ragged-rows.csv'].rejected,
    ]);
    const strict = await errorOf(() => read('awkward/27-ragged-rows.csv', { strict: true }), 'LOG_FORMAT');
    expect(strict.message).toContain('line 3');
  });

  it('28 has ties', async () => {
    expect((await report('awkward/28-ties-same-second.csv')).time!.tiedShare).toBe(3 / 5);
  });
});

describe.skipIf(absent)(`public logs${skipped}`, () => {
  it('ml-100k', async () => {
    const { rows, duplicates, users, items, interactions, time } = await report('ml-100k/u.data');
    expect({ rows, duplicates, users, items, interactions }).toEqual({
      rows: { read: 100_000, kept: 100_000, dropped: {} },
      duplicates: 0,
      users: 943,
      items: 1682,
      interactions: 100_000,
    });
    expect(time!.tiedShare).toBeCloseTo(0.758, 3);
  });

  it('ms-usage', async () => {
    const { rows, users, items, detected } = await report('ms-usage/ms_usage.csv.gz');
    expect([rows.kept, users, items, detected.timeUnit]).toEqual([11_838, 2343, 101, 'iso8601']);
  });

  it('ml-1m: the split in the fourth column is no time', async () => {
    const { rows, users, items, detected } = await report('ml-1m/ratings_notime.tsv.gz');
    expect([rows.kept, users, items]).toEqual([1_000_209, 6040, 3706]);
    expect([detected.columns, detected.ignored]).toEqual([{ user: 1, item: 2, value: 3 }, [4]]);
  });

  it('ml-1m: users and pairs of the published protocol', async () => {
    const { users } = await report('ml-1m/ratings_notime.tsv.gz', {}, { minValue: 4, minUser: 5 });
    expect(users).toBe(6034);
  });

  it('online-retail: rows without customer, returns', async () => {
    const { rows, pairs, users, items, interactions, duplicatePolicy, detected } = await report(
      'online-retail/online-retail.csv.gz',
    );
    expect(detected.columns).toEqual({
      user: 'CustomerID',
      item: 'StockCode',
      value: 'Quantity',
      time: 'InvoiceDate',
    });
    expect(rows).toEqual({ read: 541_909, kept: 406_829, dropped: { 'empty user id': 135_080 } });
    expect([duplicatePolicy, pairs.merged, users, items, interactions]).toEqual([
      'sum',
      267_615,
      4326,
      3649,
      265_220,
    ]);
  });

  it('grocery: real lines with their own header', async () => {
    const { rows } = await read('grocery/train.csv');
    expect(plainRows(rows)[0]).toEqual(['2177', '3', undefined, 965779200]);
    expect([rows.count, rows.userIds.length, rows.itemIds.length]).toEqual([121_892, 14_681, 8687]);
  });

  it('gowalla: adjacency lists', async () => {
    const { rows, users, items, detected } = await report('gowalla/train.txt');
    expect([rows.kept, users, items, detected.layout]).toEqual([810_128, 29_858, 40_981, 'adjacency']);
    const test = await report('gowalla/test.txt');
    expect([test.rows.kept, test.users]).toEqual([217_242, 29_858]);
  });

  it('otto: sessions of nested events', async () => {
    const { rows, users, detected } = await report('otto/train.jsonl');
    expect([rows.kept, users]).toEqual([862, 20]);
    expect([detected.columns, detected.timeUnit]).toEqual([
      { user: 'session', item: 'events.aid', time: 'events.ts' },
      'ms',
    ]);
  });

  it('a split given as files', async () => {
    const part = async (name: string) => clean((await read(`splits/ml100k-s0/${name}`)).rows).interactions;
    const split = given({
      train: await part('train.tsv.gz'),
      validation: { foldIn: await part('val_foldin.tsv'), heldOut: await part('val_heldout.tsv') },
      test: { foldIn: await part('test_foldin.tsv'), heldOut: await part('test_heldout.tsv') },
    });
    const sizes = ({ history, heldOut }: EvaluationSet) => [history.rows, nnz(history), nnz(heldOut)];
    expect([split.train.rows, split.train.columns, nnz(split.train)]).toEqual([752, 1406, 44_761]);
    expect([sizes(split.validation), sizes(split.test)]).toEqual([
      [93, 4519, 1128],
      [93, 3932, 976],
    ]);
    expect(split.dropped).toEqual({ users: 0, interactions: 0, coldItems: 0 });
  });
});
