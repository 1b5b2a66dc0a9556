import type { Client, FieldDef } from 'pg';
import { FoldinError, throwIfAborted } from '../errors.js';
import type { Cell } from './cells.js';
import type { Table, TableSource } from './formats/table.js';
import { optionalPackage } from './optionalPackage.node.js';

const BATCH_ROWS = 10_000;
const CONNECT_MS = 15_000;
/** The cursor's name; no other exists in this session. */
const CURSOR = 'foldin';

export const isPostgresUrl = (text: string): boolean => /^postgres(ql)?:\/\//i.test(text);

/** What may be said of a database: its host and name, never who logs in or how. */
export function databaseName(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `postgres://${host}${pathname}`;
  } catch {
    return 'postgres://...';
  }
}

/**
 * Reads the answer of a PostgreSQL query (package pg, which the user installs), ten thousand rows at
 * a time, inside one read-only transaction. Every value comes as the text that PostgreSQL writes, so that ids,
 * decimals and microseconds are exact; times are in UTC.
 *
 * Login as of libpq: from the URL, PGPASSWORD or ~/.pgpass. Nothing of it is ever in a name, an error or a report.
 *
 * Throws ENGINE_MISSING, CONFIG for an unusable URL or query, and DATABASE where the server refuses.
 */
export function postgresSource(url: string, sql: string): TableSource {
  const name = databaseName(url);
  return { name, table: (signal) => open(url, name, sql, signal) };
}

async function open(url: string, name: string, sql: string, signal: AbortSignal | undefined): Promise<Table> {
  const pg = await optionalPackage(() => import('pg'), 'reading from PostgreSQL', 'pg');
  if (!URL.canParse(url)) {
    throw new FoldinError('CONFIG', 'the address of the database is no URL', {
      remedy:
        'Give it as postgres://HOST/DATABASE; write special characters of a password as %XX, or use PGPASSWORD.',
    });
  }
  const client = new pg.default.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'foldin',
    options: '-c default_transaction_read_only=on',
    // Text as it is: the usual parsers round.
    types: { getTypeParser: () => (text: unknown) => text } as never,
  });
  // A connection that breaks between two queries is told by the next one.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query("BEGIN TRANSACTION READ ONLY; SET LOCAL TIME ZONE 'UTC'; SET LOCAL DateStyle TO ISO");
    // The extended protocol takes one statement only: none that would end the transaction and begin another.
    const declare = `DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${sql.trim().replace(/;\s*$/, '')}`;
    await client.query({ text: declare, queryMode: 'extended' } as { text: string });
    const first = await fetch(client);
    const fields = first.fields.map((field) => field.name);
    return {
      format: 'database',
      paths: new Map(fields.map((field) => [field, { keys: [field], list: false }])),
      batches: (columns) => batches(client, name, first, columns, signal),
      close: () => client.end().catch(() => {}),
      converter: ([column]) => truth(first.fields.find((field) => field.name === column)!),
    };
  } catch (cause) {
    await client.end().catch(() => {});
    throw refused(name, cause);
  }
}

interface Fetched {
  readonly fields: readonly FieldDef[];
  readonly rows: readonly Cell[][];
}

const fetch = (client: Client): Promise<Fetched> =>
  client.query({ text: `FETCH ${BATCH_ROWS} FROM ${CURSOR}`, rowMode: 'array' });

async function* batches(
  client: Client,
  name: string,
  first: Fetched,
  columns: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ArrayLike<Cell>[]> {
  const places = columns.map((column) => first.fields.findIndex((field) => field.name === column));
  try {
    let { rows } = first;
    while (rows.length > 0) {
      throwIfAborted(signal);
      // The next rows are on their way while these are read.
      const next = rows.length < BATCH_ROWS ? undefined : fetch(client);
      next?.catch(() => {});
      yield places.map((place) => rows.map((row) => row[place]));
      rows = next ? (await next).rows : [];
    }
    await client.query('ROLLBACK');
  } catch (cause) {
    throw refused(name, cause);
  }
}

const BOOL = 16;

/** PostgreSQL writes "t" and "f". */
const truth = ({ dataTypeID }: FieldDef): ((cell: Cell) => Cell) | undefined =>
  dataTypeID === BOOL ? (cell) => cell === 't' : undefined;

function refused(name: string, cause: unknown): FoldinError {
  if (cause instanceof FoldinError) return cause;
  const { message, code } = cause as Error & { code?: string };
  // A refused connection to several addresses has no message of its own.
  const what = [message, code].filter((text) => text).join(', ') || 'no connection';
  // The cause is left out: its fields hold the connection.
  return new FoldinError('DATABASE', `${name} refuses: ${what}`, {
    remedy: remedyFor(code),
    details: { database: name, code },
  });
}

function remedyFor(code: string | undefined): string {
  if (code === '25006') return 'foldin only reads: give a SELECT.';
  if (code?.startsWith('28')) return 'Check user and password; PGPASSWORD and ~/.pgpass are read, too.';
  if (code?.startsWith('42'))
    return 'Correct --sql: one SELECT with columns such as customer, product, qty, at.';
  return 'Check that the server runs, and the host, port and name of the database.';
}
