import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { clean } from '../../src/data/clean.js';
import { type DuckDbOptions, duckDbSource } from '../../src/data/duckdb.node.js';
import { fileSource } from '../../src/data/files.node.js';
import { optionalPackage } from '../../src/data/optionalPackage.node.js';
import { type ReadLogOptions, readLog } from '../../src/data/readLog.js';
import { fingerprint } from '../../src/store/fingerprint.js';
import { errorOf, plainRows } from './helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'foldin-'));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** 20,000 events with awkward ids, in every type that has to come through exactly. */
const EVENTS = `
  SELECT
    CASE WHEN n % 3 = 0 THEN 9007199254740993 + n % 50 ELSE n % 700 END::BIGINT AS user_id,
    CASE n % 4 WHEN 0 THEN '00' || n % 90 WHEN 1 THEN '😀' || n % 90 WHEN 2 THEN 'a,"b"' || n % 90 ELSE '__proto__' END AS item_id,
    ((n * 7) % 100 / 10)::DECIMAL(9, 1) AS quantity,
    TIMESTAMPTZ '2022-01-01 00:00:00+00' + to_microseconds(n * 1234567) AS time
  FROM range(20000) AS events(n)`;

beforeAll(async () => {
  const instance = await DuckDBInstance.create(at('shop.duckdb'));
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE events AS ${EVENTS}`);
  await connection.run(`COPY events TO '${at('all.parquet')}' (ROW_GROUP_SIZE 4096)`);
  for (const codec of ['zstd', 'lz4_raw', 'gzip', 'brotli']) {
    await connection.run(`COPY events TO '${at(`${codec}.parquet`)}' (COMPRESSION ${codec})`);
  }
  for (const [part, condition] of ['time < TIMESTAMPTZ', 'time >= TIMESTAMPTZ'].entries()) {
    const where = `${condition} '2022-01-01 03:00:00+00'`;
    await connection.run(`COPY (SELECT * FROM events WHERE ${where}) TO '${at(`part${part}.parquet`)}'`);
  }
  const iso = `strftime(time AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS time`;
  await connection.run(`COPY (SELECT user_id, item_id, quantity, ${iso} FROM events) TO '${at('all.csv')}'`);
  await connection.run(
    `COPY (SELECT user_id, list({sku: item_id, "at": time} ORDER BY time) AS events FROM events GROUP BY ALL) TO '${at('nested.parquet')}'`,
  );
  instance.closeSync();
});

/** What training would see. */
async function madeOf(...log: Parameters<typeof readLog>) {
  const { rows } = await readLog(...log);
  const { interactions } = clean(rows, { weight: 'value' });
  return { rows: rows.count, print: await fingerprint(interactions) };
}
const builtIn = (files: string[], options?: ReadLogOptions) =>
  madeOf(
    files.map((file) => fileSource(at(file))),
    options,
  );
const duckDb = (files: string[], options?: DuckDbOptions) => madeOf([duckDbSource(files.map(at), options)]);

describe('the engine duckdb', () => {
  it('gives what the built-in reader gives, from one file or several', async () => {
    const expected = await builtIn(['all.parquet']);
    expect(expected.rows).toBe(20_000);
    expect(await builtIn(['all.csv'])).toEqual(expected);
    for (const codec of ['zstd', 'lz4_raw', 'gzip', 'brotli']) {
      expect(await builtIn([`${codec}.parquet`]), codec).toEqual(expected);
    }
    expect(await duckDb(['all.parquet'])).toEqual(expected);
    expect(await duckDb(['all.csv'])).toEqual(expected);
    expect(await builtIn(['part0.parquet', 'part1.parquet'])).toEqual(expected);
    expect(await duckDb(['part0.parquet', 'part1.parquet'])).toEqual(expected);
    expect(await duckDb(['shop.duckdb'], { sql: 'SELECT * FROM events;' })).toEqual(expected);
    expect(await duckDb(['all.parquet'], { memoryLimit: '200MB' })).toEqual(expected);
    const { rows } = await readLog([duckDbSource([at('all.parquet')])]);
    const direct = await readLog([fileSource(at('all.parquet'))]);
    expect(rows).toEqual(direct.rows);
  });

  it('answers a query, with its columns by name or place', async () => {
    const sql = `SELECT item_id AS thing, user_id AS who, count(*) AS quantity FROM log GROUP BY ALL ORDER BY ALL`;
    const source = () => duckDbSource([at('all.parquet')], { sql });
    const { rows, detected } = await readLog([source()], { user: 'who', item: 1 });
    expect(detected.columns).toEqual({ user: 'who', item: 'thing', value: 'quantity' });
    expect(detected.format).toBe('database');
    expect(plainRows(rows).filter(([user]) => user === '9007199254740993').length).toBeGreaterThan(0);
    expect((await errorOf(() => readLog([source()]), 'COLUMN_MISSING')).message).toContain('"thing", "who"');
  });

  it('reads nested lists of Parquet as DuckDB unnests them', async () => {
    const rows = async (log: ReturnType<typeof readLog>) =>
      plainRows((await log).rows)
        .map(String)
        .sort();
    const own = await rows(
      readLog([fileSource(at('nested.parquet'))], { item: 'events.sku', time: 'events.at' }),
    );
    expect(own.length).toBe(20_000);
    const sql =
      'SELECT user_id, e.sku AS item, e."at" AS time FROM (SELECT user_id, unnest(events) AS e FROM log)';
    expect(await rows(readLog([duckDbSource([at('nested.parquet')], { sql })]))).toEqual(own);
  });

  it('cuts text as foldin does: no header, "::", latin1, gzip, quotes', async () => {
    writeFileSync(at('a.dat'), '1::LM"x::5::978300760\n2::007::3::978302109\n');
    writeFileSync(at('b.csv.gz'), gzipSync('user;item;rating\r\n"u;1";"i\n""2""";3\r\nu2;;4\r\n'));
    writeFileSync(at('c.csv'), Buffer.from('user,item\nL\xe9on,a\n', 'latin1'));
    for (const [file, reading] of [
      ['a.dat', {}],
      ['b.csv.gz', {}],
      ['c.csv', { encoding: 'latin1' }],
    ] as const) {
      const own = await readLog([fileSource(at(file))], reading);
      const through = await readLog([duckDbSource([at(file)], { reading })]);
      expect(through.rows, file).toEqual(own.rows);
      expect(through.dropped).toEqual(own.dropped);
    }
  });

  it('works beyond the memory it may take', async () => {
    const sql = `SELECT (n * 7919) % 1000003 AS user, n % 1000 AS item, md5(n::VARCHAR) AS pad
                 FROM range(800000) AS numbers(n) ORDER BY pad`;
    const { rows } = await readLog([duckDbSource([], { sql, memoryLimit: '40MB' })]);
    expect([rows.count, rows.userIds.length]).toEqual([800_000, 800_000]);
  });

  it('says what is wrong', async () => {
    const read = (sql: string, files = ['all.parquet']) => readLog([duckDbSource(files.map(at), { sql })]);
    expect((await errorOf(() => read('SELECT nothing FROM log'), 'DATABASE')).message).toContain('nothing');
    await errorOf(() => read('SELECT 1; SELECT 2'), 'CONFIG');
    await errorOf(() => read('CREATE TABLE x (a INT)'), 'DATABASE');
    await errorOf(() => read('DROP TABLE events', ['shop.duckdb']), 'DATABASE');
    await errorOf(() => read('SELECT * FROM log', ['absent.csv']), 'FILE_MISSING');
    await errorOf(() => readLog([duckDbSource([at('all.csv')], { memoryLimit: 'much' })]), 'CONFIG');
    writeFileSync(at('x.jsonl'), '{"user":1,"item":2}\n');
    await errorOf(() => duckDb(['x.jsonl']), 'CONFIG');
    await errorOf(() => readLog([duckDbSource([at('all.csv')])], { signal: AbortSignal.abort() }), 'ABORTED');
  });

  it('leaves no folder behind', async () => {
    // A folder of its own: other tests may be spilling at the same time.
    vi.stubEnv('TMPDIR', mkdtempSync(join(folder, 'tmp-')));
    const read = (sql: string) => readLog([duckDbSource([at('all.parquet')], { sql })]);
    await errorOf(() => read('SELECT quantity FROM log'), 'COLUMN_MISSING');
    await errorOf(() => read('nonsense'), 'DATABASE');
    await read('SELECT * FROM log');
    expect(readdirSync(tmpdir())).toEqual([]);
    vi.unstubAllEnvs();
  });

  it('says how to install what is not there', async () => {
    const load = () =>
      optionalPackage(() => import('no-such-package' as string), '--engine duckdb', '@duckdb/node-api');
    const error = await errorOf(load, 'ENGINE_MISSING');
    expect(error.remedy).toContain('npm install @duckdb/node-api');
  });
});
