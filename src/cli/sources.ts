import { basename } from 'node:path';
import { duckDbSource } from '../data/duckdb.node.js';
import { fileSource } from '../data/files.node.js';
import { databaseName, isPostgresUrl, postgresSource } from '../data/postgres.node.js';
import type { LogInput, LogReading } from '../data/readLog.js';
import { FoldinError } from '../errors.js';
import { usage, wrongOption } from './options.js';

/** What the words of the command line that name a log are: files, or a database. */
export function sourcesOf(files: readonly string[], reading: LogReading): LogInput[] {
  const { engine, sql, memoryLimit } = reading;
  files.forEach(refuseAddress);
  if (engine !== undefined && engine !== 'duckdb') throw wrongOption('engine', engine, 'duckdb');
  if (files.filter((file) => file === '-').length > 1) {
    throw usage('standard input is given twice', 'Give "-" once.');
  }
  if (files.some(isPostgresUrl)) {
    if (files.length > 1) throw usage('a database is given beside other logs', 'Give the database alone.');
    if (engine) throw usage('--engine duckdb is given for a PostgreSQL database', 'Leave --engine out.');
    if (sql !== undefined) return [postgresSource(files[0], sql)];
    throw usage(
      `it is not said what to read from ${databaseName(files[0])}`,
      'Add --sql "select customer, product, qty, at from orders".',
    );
  }
  if (engine === 'duckdb') {
    if (files.includes('-')) throw usage('DuckDB reads no standard input', 'Give files.');
    return [duckDbSource(files, { sql, memoryLimit, reading })];
  }
  for (const [option, value] of Object.entries({ sql, 'memory-limit': memoryLimit })) {
    if (value === undefined) continue;
    throw usage(`--${option} is given for files`, `Add --engine duckdb, or leave --${option} out.`);
  }
  return files.map(fileSource);
}

/** What a log is called in notes and model files: no folder, and of a database nothing that lets anyone in. */
export const shownLog = (file: string): string =>
  file === '-' ? 'standard input' : isPostgresUrl(file) ? databaseName(file) : basename(file);

/** A word of the command line as it may be shown: the address of a database without its password. */
export function withoutPassword(word: string): string {
  if (!isPostgresUrl(word)) return word;
  try {
    const url = new URL(word);
    url.password = '';
    url.searchParams.delete('password');
    return url.href;
  } catch {
    return databaseName(word);
  }
}

/** CONFIG where a file is an address of something that is not read; the address is not repeated, it may hold a password. */
export function refuseAddress(file: string): void {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(file)?.[1];
  if (scheme === undefined || isPostgresUrl(file)) return;
  throw new FoldinError('CONFIG', `foldin reads files and postgres:// databases, no ${scheme}://`, {
    remedy: 'Download or export it to a file first.',
  });
}
