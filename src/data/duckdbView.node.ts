import { open } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { FoldinError } from '../errors.js';
import { ROLES } from './columns.js';
import { detectLayout } from './detect.js';
import { fileSource } from './files.node.js';
import { Head } from './head.js';
import type { LayoutOptions, LogLayout } from './layout.js';
import { openSource } from './source.js';
import { encodingOf } from './text.js';

/** A text in SQL. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

type Reading = LayoutOptions & { encoding?: string };

/** Makes the files the view `log`, or a database the one that queries look into. */
export async function logView(
  connection: DuckDBConnection,
  files: readonly string[],
  reading: Reading,
): Promise<void> {
  const databases: string[] = [];
  const parts: string[] = [];
  for (const file of files) {
    if (await isDatabase(file)) databases.push(file);
    else parts.push(await relation(file, reading));
  }
  if (databases.length > 1) {
    throw new FoldinError('CONFIG', 'more than one database is given', {
      remedy: 'Give one, and attach others in --sql.',
    });
  }
  if (databases.length === 1) {
    await connection.run(`ATTACH ${quoted(databases[0])} AS foldin_database (READ_ONLY)`);
    await connection.run('USE foldin_database');
  }
  if (parts.length === 0) return;
  const union = parts.map((part) => `SELECT * FROM ${part}`).join(' UNION ALL BY NAME ');
  await connection.run(`CREATE TEMP VIEW log AS ${union}`);
}

async function isDatabase(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  const { buffer } = await file.read(new Uint8Array(12), 0, 12, 0).finally(() => file.close());
  return new TextDecoder('latin1').decode(buffer.subarray(8)) === 'DUCK';
}

/** A file as a table of DuckDB, cut as foldin's own reader would cut it. */
async function relation(path: string, reading: Reading): Promise<string> {
  const { format, chunks, packed, cancel } = await openSource(fileSource(path));
  try {
    if (format === 'parquet') return `read_parquet(${quoted(path)}, binary_as_string = true)`;
    if (format !== 'text') throw unreadable(path, format);
    const encoding = encodingOf(reading.encoding ?? 'utf-8');
    const head = new Head();
    let bytes: Uint8Array | undefined;
    for await (const chunk of chunks) {
      bytes = head.add(chunk);
      if (bytes) break;
    }
    const text = { name: path, bytes: bytes ?? head.all(), whole: bytes === undefined, encoding };
    const layout = detectLayout(text, { ...reading, layout: reading.layout ?? 'log' });
    if (!layout) throw new FoldinError('LOG_EMPTY', `${path} is empty`, { remedy: 'Leave it out.' });
    if (layout.kind !== 'log') throw unreadable(path, layout.kind);
    return readCsv(path, layout, packed || /\.(gz|zst)$/.test(path), encoding);
  } finally {
    await cancel();
  }
}

function readCsv(path: string, layout: LogLayout, packed: boolean, encoding: string): string {
  const { delimiter, names, fields, columns } = layout;
  const place = (f: number) => ROLES.find((role) => columns[role] === f) ?? `column${f + 1}`;
  const list = Array.from({ length: fields }, (_, f) => `${quoted(names?.[f] ?? place(f))}: 'VARCHAR'`);
  const options = {
    columns: `{${list.join(', ')}}`,
    delim: quoted(delimiter),
    header: String(names !== undefined),
    quote: delimiter === '::' ? quoted('') : quoted('"'),
    escape: delimiter === '::' ? quoted('') : quoted('"'),
    compression: quoted(packed ? (path.endsWith('.zst') ? 'zstd' : 'gzip') : 'none'),
    encoding: quoted(encoding === 'latin1' ? 'latin-1' : 'utf-8'),
    auto_detect: 'false',
  };
  return `read_csv(${quoted(path)}, ${Object.entries(options)
    .map(([option, value]) => `${option} = ${value}`)
    .join(', ')})`;
}

const unreadable = (path: string, what: string): FoldinError =>
  new FoldinError(
    'CONFIG',
    `${path} is ${what === 'json' ? 'JSON' : `a text in the layout "${what}"`}, which the engine duckdb does not read here`,
    {
      remedy: 'Leave --engine out, or read it in --sql with the functions of DuckDB.',
    },
  );
