import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseName, isPostgresUrl, postgresSource } from '../../src/data/postgres.node.js';
import { readLog } from '../../src/data/readLog.js';
import { FoldinError } from '../../src/errors.js';
import { errorOf, plainRows, readText } from './helpers.js';
import { type PostgresServer, postgresPrograms, startPostgres } from './postgresServer.js';

const programs = postgresPrograms();
const PASSWORD = 'p:a/s@s#Ω secret';
const written = encodeURIComponent(PASSWORD);

it('tells addresses of databases, and says of them no more than host and name', () => {
  expect(isPostgresUrl('postgres://h/d') && isPostgresUrl('postgresql://h/d')).toBe(true);
  expect(isPostgresUrl('postgres.csv')).toBe(false);
  expect(databaseName('postgres://me:secret@db.example:5433/shop?password=secret')).toBe(
    'postgres://db.example:5433/shop',
  );
  for (const odd of ['postgres://me:sec/ret@h/d', 'postgres://me:sec ret@h:x/d', 'postgres://']) {
    expect(databaseName(odd)).not.toContain('ret');
  }
});

it('says what is wrong with an address that leads nowhere', async () => {
  const error = await errorOf(
    () => readLog([postgresSource('postgres://me:secret@127.0.0.1:1/shop', 'select 1')]),
    'DATABASE',
  );
  expect(error.message).toContain('postgres://127.0.0.1:1/shop refuses');
  expect(JSON.stringify([error, error.details, error.cause, error.stack])).not.toContain('secret');
  const odd = await errorOf(
    () => readLog([postgresSource('postgres://me:secret@h:port/d', 'select 1')]),
    'CONFIG',
  );
  expect(JSON.stringify([odd, odd.details, odd.cause, odd.stack])).not.toContain('secret');
});

const skipped = programs ? '' : ' (skipped: no PostgreSQL server is installed)';
describe.skipIf(!programs)(`a PostgreSQL server${skipped}`, () => {
  let server: PostgresServer;
  const url = (login = `reader:${written}@`) => `postgres://${login}127.0.0.1:${server.port}/postgres`;
  const read = (sql: string, options = {}) => readLog([postgresSource(url(), sql)], options);

  beforeAll(async () => {
    server = await startPostgres(programs!, PASSWORD);
    const client = new pg.Client({
      host: '127.0.0.1',
      port: server.port,
      user: 'reader',
      password: PASSWORD,
      database: 'postgres',
    });
    await client.connect();
    await client.query(`
      CREATE TABLE orders (id int, customer bigint, product text, qty numeric(9, 2), paid boolean, at timestamptz, local timestamp);
      INSERT INTO orders VALUES
        (1, 9007199254740993, '007', 0.1, true, '2022-06-23 13:20:11.123456+02', '2022-06-23 11:20:11'),
        (2, 7, '😀"x', 3.00, false, '2022-06-23 11:20:12+00', '2022-06-23 11:20:12'),
        (3, 7, '__proto__', -1.5, true, '2022-06-23 11:20:13+00', '2022-06-23 11:20:13');
      CREATE TABLE many AS SELECT n % 997 AS user_id, n % 61 AS item_id, n AS number FROM generate_series(1, 35000) AS n;`);
    await client.end();
  });
  afterAll(() => server?.stop());

  it('gives exact ids, decimals and microseconds, with columns by name or place', async () => {
    const { rows, detected } = await read('select customer, product, qty, at from orders order by id;');
    expect(detected).toEqual({
      format: 'database',
      layout: 'log',
      columns: { user: 'customer', item: 'product', value: 'qty', time: 'at' },
      ignored: [],
      timeUnit: 'iso8601',
    });
    const text =
      'user,item,qty,time\n9007199254740993,007,0.1,2022-06-23T11:20:11.123456Z\n7,"😀""x",3,2022-06-23T11:20:12Z\n7,__proto__,-1.5,2022-06-23T11:20:13Z\n';
    expect(plainRows(rows)).toEqual(plainRows((await readText(text)).rows));
    const places = await read('select id, product, customer, paid from orders order by id', {
      user: 3,
      item: '2',
      value: 'paid',
      time: false,
    });
    expect(plainRows(places.rows).map((row) => row.slice(0, 3))).toEqual([
      ['9007199254740993', '007', 1],
      ['7', '😀"x', 0],
      ['7', '__proto__', 1],
    ]);
    const local = await read('select customer, product, local as time from orders');
    expect(local.warnings.map(({ code }) => code)).toEqual(['TIME_ZONE_ASSUMED']);
  });

  it('streams more rows than one batch, and stops when asked to', async () => {
    const { rows } = await read('select user_id, item_id from many order by number');
    expect([rows.count, rows.userIds.length, rows.itemIds.length]).toEqual([35_000, 997, 61]);
    const stop = new AbortController();
    const stopping = () =>
      read('select user_id, item_id from many', { signal: stop.signal, onProgress: () => stop.abort() });
    await errorOf(stopping, 'ABORTED');
  });

  it('names bad rows by their number, and nothing where nothing is', async () => {
    const { badRows } = await read(
      'select nullif(customer, 9007199254740993) as customer, product from orders order by id',
    );
    expect(badRows).toEqual([{ file: databaseName(url()), line: 1, reason: 'empty user id' }]);
    await errorOf(() => read('select customer, product from orders where false'), 'LOG_EMPTY');
    expect((await errorOf(() => read('select id, qty from orders'), 'COLUMN_MISSING')).message).toContain(
      '"id", "qty"',
    );
  });

  it('leaves no connection behind, whatever happened', async () => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: server.port,
      user: 'reader',
      password: PASSWORD,
      database: 'postgres',
    });
    await client.connect();
    await errorOf(() => read('select id, qty from orders'), 'COLUMN_MISSING');
    await errorOf(() => read('nonsense'), 'DATABASE');
    await read('select customer, product from orders');
    for (let tries = 0; ; tries++) {
      const { rows } = await client.query(
        "select count(*)::int as open from pg_stat_activity where application_name = 'foldin'",
      );
      if (rows[0].open === 0) break;
      expect(tries).toBeLessThan(100);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await client.end();
  });

  it('only reads', async () => {
    for (const sql of [
      'delete from orders returning customer, product',
      'with gone as (delete from orders returning *) select customer, product from gone',
      'select customer, product from orders; commit; drop table orders',
      'select customer, product from orders; drop table orders',
      "select setval('x', 1), 2",
      'nonsense',
    ]) {
      const error = await errorOf(() => read(sql), 'DATABASE');
      expect(error.remedy, sql).toMatch(/SELECT|server runs/);
    }
    expect((await read('select customer, product from orders')).rows.count).toBe(3);
  });

  it('never tells a password', async () => {
    for (const login of ['reader:wrong-secret@', `nobody:${written}@`]) {
      const error = await readLog([postgresSource(url(login), 'select 1, 2')]).catch((problem) => problem);
      expect(error).toBeInstanceOf(FoldinError);
      expect(error.code).toBe('DATABASE');
      expect(error.remedy).toContain('password');
      const all = JSON.stringify([error, error.details, error.cause ?? '', error.stack]);
      for (const secret of ['wrong-secret', PASSWORD, written]) expect(all).not.toContain(secret);
    }
  });
});
