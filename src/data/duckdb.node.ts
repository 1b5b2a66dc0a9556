import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { FoldinError, throwIfAborted } from '../errors.js';
import { type Cell, Instant } from './cells.js';
import { logView, quoted } from './duckdbView.node.js';
import type { Table, TableSource } from './formats/table.js';
import type { LayoutOptions } from './layout.js';
import { optionalPackage } from './optionalPackage.node.js';

export interface DuckDbOptions {
  /** What to read; the files are its table `log`. All of `log` by default. */
  sql?: string;
  /** Memory that DuckDB may take before it goes to disk, such as '2GB'. */
  memoryLimit?: string;
  /** How delimited files are laid out, where it is not to be detected. */
  reading?: LayoutOptions & { encoding?: string };
}

/**
 * Reads files, or a .duckdb database, through DuckDB (package @duckdb/node-api, which the user installs): any query,
 * and more data than fits into memory. Parquet and delimited files give the interactions that foldin's own readers
 * give; columns that are lists are for the query to unnest. A database is opened for reading only.
 *
 * Throws ENGINE_MISSING, FILE_MISSING, CONFIG, and DATABASE where DuckDB refuses.
 */
export function duckDbSource(files: readonly string[], options: DuckDbOptions = {}): TableSource {
  const name = files.join(', ') || 'DuckDB';
  return { name, table: (signal) => open(name, files, options, signal) };
}

async function open(
  name: string,
  files: readonly string[],
  options: DuckDbOptions,
  signal: AbortSignal | undefined,
): Promise<Table> {
  const { DuckDBInstance } = await optionalPackage(
    () => import('@duckdb/node-api'),
    '--engine duckdb',
    '@duckdb/node-api',
  );
  const spill = await mkdtemp(join(tmpdir(), 'foldin-duckdb-'));
  const instance = await DuckDBInstance.create(':memory:', {
    temp_directory: spill,
    // Nothing is fetched while foldin runs.
    autoinstall_known_extensions: 'false',
  });
  const close = async () => {
    instance.closeSync();
    await rm(spill, { recursive: true, force: true });
  };
  try {
    const connection = await connect(instance, options.memoryLimit);
    await logView(connection, files, options.reading ?? {});
    const sql = await oneQuery(connection, options.sql ?? 'SELECT * FROM log');
    const types = await columnTypes(connection, sql);
    return {
      format: 'database',
      paths: new Map(
        [...types]
          .filter(([, type]) => isScalar(type))
          .map(([column]) => [column, { keys: [column], list: false }]),
      ),
      batches: (columns) => batches(connection, sql, columns, types, signal),
      close,
      converter: ([column]) => instantOf(types.get(column)!),
    };
  } catch (cause) {
    await close();
    throw refused(name, cause);
  }
}

async function connect(instance: DuckDBInstance, memoryLimit: string | undefined): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  if (memoryLimit === undefined) return connection;
  if (!/^\d+(\.\d+)? ?([KMGT]i?B)$/i.test(memoryLimit)) {
    throw new FoldinError('CONFIG', `the memory limit "${memoryLimit}" is no amount of memory`, {
      remedy: 'Give a number with its unit, such as 2GB or 500MB.',
    });
  }
  await connection.run(`SET memory_limit = ${quoted(memoryLimit)}`);
  return connection;
}

/** A query as a part of another one. CONFIG when it is none, or several. */
async function oneQuery(connection: DuckDBConnection, sql: string): Promise<string> {
  const statements = await connection.extractStatements(sql);
  if (statements.count === 1) return sql.trim().replace(/;\s*$/, '');
  throw new FoldinError('CONFIG', `--sql holds ${statements.count} statements`, {
    remedy: 'Give one SELECT.',
  });
}

async function columnTypes(connection: DuckDBConnection, sql: string): Promise<Map<string, string>> {
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM (${sql}\n)`);
  const types = new Map<string, string>();
  for (const [column, type] of described.getRows() as [string, string][]) types.set(column, type);
  return types;
}

const isScalar = (type: string): boolean => !/^(STRUCT|MAP|UNION)|\]$/.test(type);
const isTimestamp = (type: string): boolean => /^(TIMESTAMP|DATETIME|DATE\b)/.test(type);

/** A column as what JavaScript takes exactly: numbers, text, truth, and moments as a count since 1970. */
function exactly(column: string, type: string): string {
  const name = `"${column.replaceAll('"', '""')}"`;
  if (type === 'TIMESTAMP_NS') return `epoch_ns(${name})`;
  if (type === 'DATE') return `epoch_us(${name}::TIMESTAMP)`;
  if (isTimestamp(type)) return `epoch_us(${name})`;
  if (/^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|BOOLEAN|VARCHAR)$/.test(type)) return name;
  return `${name}::VARCHAR`;
}

function instantOf(type: string): ((cell: Cell) => Cell) | undefined {
  if (!isTimestamp(type)) return undefined;
  const perSecond = type === 'TIMESTAMP_NS' ? 1_000_000_000n : 1_000_000n;
  const zoneless = type !== 'DATE' && !type.includes('WITH TIME ZONE');
  return (cell) => new Instant(cell as bigint, perSecond, zoneless);
}

async function* batches(
  connection: DuckDBConnection,
  sql: string,
  columns: readonly string[],
  types: ReadonlyMap<string, string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ArrayLike<Cell>[]> {
  try {
    const list = columns.map((column) => exactly(column, types.get(column)!)).join(', ');
    const result = await connection.stream(`SELECT ${list} FROM (${sql}\n)`);
    for (;;) {
      throwIfAborted(signal);
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return;
      yield chunk.getColumns();
    }
  } catch (cause) {
    throw refused('DuckDB', cause);
  }
}

function refused(name: string, cause: unknown): FoldinError {
  if (cause instanceof FoldinError) return cause;
  const [line] = (cause as Error).message.split('\n');
  return new FoldinError('DATABASE', `${name}: DuckDB refuses: ${line}`, {
    remedy:
      'Correct --sql and the files; "foldin inspect" without --engine shows what foldin reads by itself.',
    cause,
  });
}
