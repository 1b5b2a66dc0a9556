import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresPrograms, startPostgres } from '../data/postgresServer.js';
import { done, failure, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
const PAIRS = Array.from({ length: 400 }, (_, n) => [`u${n % 40}`, `i${(n * n + n) % 23}`]);
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  const write = (file: string, content: string) => writeFile(join(cwd, file), content);
  await write('log.csv', `user,item\n${PAIRS.map((pair) => pair.join(',')).join('\n')}\n`);
  await write('table.csv', ',a,b\nu1,1,0\nu2,2,3\n');
  await write('lists.txt', '0 5 7 9\n1\n2 5\n');
  await write(
    'sessions.jsonl',
    '{"id":"s","clicks":[{"sku":1,"at":"2022-01-01"},{"sku":2,"at":"2022-01-02"}]}\n',
  );
});
afterAll(() => remove());

const inspect = async (...args: string[]) => {
  const { stdout } = await done(['inspect', ...args, '--json'], { cwd });
  const { detected, users, items, interactions } = JSON.parse(stdout);
  return { ...detected, counts: [users, items, interactions] };
};

describe('inspect reads', () => {
  it('tables, lists and nested events', async () => {
    expect(await inspect('table.csv', '--layout', 'matrix')).toMatchObject({
      layout: 'matrix',
      counts: [2, 2, 3],
    });
    expect(await inspect('lists.txt')).toMatchObject({ layout: 'adjacency', counts: [2, 3, 4] });
    expect(await inspect('sessions.jsonl', '--user', 'id', '--item', 'clicks.sku')).toMatchObject({
      format: 'json',
      columns: { user: 'id', item: 'clicks.sku', time: 'clicks.at' },
      counts: [1, 2, 2],
    });
    const { stdout } = await done(['inspect', 'table.csv', '--layout', 'matrix'], { cwd });
    expect(stdout).toContain('format       matrix, ",", header, utf-8\n');
  });

  it('through DuckDB what it reads itself, and queries', async () => {
    const { counts } = await inspect('log.csv');
    const engine = ['--engine', 'duckdb', '--memory-limit', '200MB'];
    expect(await inspect('log.csv', ...engine)).toMatchObject({ format: 'database', counts });
    const sql = 'SELECT "user" AS item, item AS "user" FROM log';
    expect((await inspect('log.csv', ...engine, '--sql', sql)).counts).toEqual([
      counts[1],
      counts[0],
      counts[2],
    ]);
  });
});

it('says what does not go together', async () => {
  const usage = async (...args: string[]) => (await failure(['inspect', ...args], { cwd })).message;
  expect(await usage('log.csv', '--sql', 'select 1')).toContain('--sql');
  expect(await usage('log.csv', '--memory-limit', '1GB')).toContain('--memory-limit');
  expect(await usage('log.csv', '--engine', 'sqlite')).toContain('sqlite');
  expect(await usage('-', '--engine', 'duckdb')).toContain('standard input');
  expect(await usage('postgres://h/d')).toContain('postgres://h/d');
  expect(await usage('postgres://h/d', 'log.csv', '--sql', 'select 1')).toContain('beside');
  expect(await usage('postgres://h/d', '--engine', 'duckdb', '--sql', 'select 1')).toContain('--engine');
  expect(await usage('log.csv', '--layout', 'list')).toContain('"list"');
  const other = await failure(['inspect', 'mysql://me:secret@h/d'], { cwd });
  expect([other.code, other.exit]).toEqual(['CONFIG', 2]);
  expect(JSON.stringify(other)).not.toContain('secret');
});

const programs = postgresPrograms();
it.skipIf(!programs)(
  `trains on PostgreSQL, and keeps the password to itself${programs ? '' : ' (skipped: no PostgreSQL server is installed)'}`,
  async () => {
    const password = 'secret-of-the-test';
    const server = await startPostgres(programs!, password);
    try {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: server.port,
        user: 'reader',
        password,
        database: 'postgres',
      });
      await client.connect();
      await client.query('CREATE TABLE orders (customer text, product text)');
      await client.query('INSERT INTO orders SELECT * FROM unnest($1::text[], $2::text[])', [
        PAIRS.map(([user]) => user),
        PAIRS.map(([, item]) => item),
      ]);
      await client.end();
      const url = `postgres://reader:${password}@127.0.0.1:${server.port}/postgres`;
      const sql = ['--sql', 'select customer, product from orders'];
      const options = ['--device', 'cpu', '--epochs', '2', '--out', 'shop.safetensors'];
      const trained = await done(['train', url, ...sql, ...options], { cwd });
      expect(trained.stderr).toContain(`read      postgres://127.0.0.1:${server.port}/postgres: database`);
      const model = await readFile(join(cwd, 'shop.safetensors'), 'latin1');
      expect(model).toContain(`postgres://127.0.0.1:${server.port}/postgres`);
      const again = await done(['evaluate', 'shop.safetensors', url, '--device', 'cpu'], { cwd });
      const own = await inspect('log.csv');
      expect((await inspect(url, ...sql)).counts).toEqual(own.counts);
      const wrong = await failure(['inspect', url.replace('reader', 'nobody'), ...sql], { cwd });
      for (const text of [
        trained.stdout,
        trained.stderr,
        again.stdout,
        again.stderr,
        model,
        JSON.stringify(wrong),
      ]) {
        expect(text).not.toContain(password);
      }
    } finally {
      await server.stop();
    }
  },
);
