import { FoldinError, throwIfAborted } from '../errors.js';
import { type BadRow, type BadRowOptions, BadRows } from './badRows.js';
import type { Detected } from './detected.js';
import type { Reader } from './formats/reader.js';
import { readTable, type Table, type TableSource } from './formats/table.js';
import { Head } from './head.js';
import type { LayoutOptions } from './layout.js';
import type { LogBuilder } from './logBuilder.js';
import type { LogRows } from './logRows.js';
import { collected, randomAccessTo, sizeOf } from './randomAccess.js';
import { Reading } from './reading.js';
import { type LogSource, openSource } from './source.js';
import type { Encoding } from './text.js';

export interface ReadLogOptions extends LayoutOptions, BadRowOptions {
  /** 'utf-8' by default. */
  encoding?: Encoding;
  signal?: AbortSignal;
  /** Called now and then with the (unpacked) bytes read so far. */
  onProgress?: (bytes: number) => void;
}

/** What a log is read from: bytes, or a table. */
export type LogInput = LogSource | TableSource;

export interface Warning {
  readonly code: string;
  readonly message: string;
}

export interface Log {
  readonly rows: LogRows;
  readonly detected: Detected;
  /** Rows in the files: read = rows.count + the sum of dropped. */
  readonly read: number;
  /** Rows left out by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** The first ten of them. */
  readonly badRows: readonly BadRow[];
  readonly warnings: readonly Warning[];
}

/**
 * Reads a log of who did what, of any number of files read as one: delimited text (CSV, TSV, ';', '|', '::', RecBole's
 * .inter), adjacency lists, a table of users x items, JSON lines or arrays, Parquet; plain, gzip or zstd; and databases.
 * Streams: memory holds the distinct ids and 8 to 24 bytes a row.
 *
 * What is not given is detected (see `detectLayout`, `recordRoles`) and returned in `detected`. Ids are exact
 * strings. A row is bad, and left out, when it has another number of fields than the header, an empty id, a value
 * that is no plain finite number, or a time that cannot be read or lies outside 1990-2100. A row that spans lines
 * through a stray quote counts as that many rows.
 *
 * Times: one unit a column. A column of whole numbers too small for any time of 1990-2100 in seconds is
 * taken as an order (`rows.timeIsOrder`, warning TIME_IS_ORDER). ISO times without a zone are taken as UTC
 * (warning TIME_ZONE_ASSUMED).
 *
 * Throws LOG_FORMAT (too many bad rows, mixed units, not text, wrong encoding), COLUMN_MISSING, LOG_EMPTY, CONFIG,
 * ABORTED, and what the sources throw.
 */
export async function readLog(sources: readonly LogInput[], options: ReadLogOptions = {}): Promise<Log> {
  const bad = new BadRows(options);
  const reading = new Reading(options, bad);
  const progress = new Bytes(options);
  for (const source of sources) {
    if ('table' in source) await readRows(source.name, await source.table(options.signal), reading, progress);
    else await readFile(source, reading, progress);
    reading.fileRead();
  }

  const names = sources.map(({ name }) => name).join(', ');
  const { builder, detected } = reading;
  if (!builder || !detected) throw empty(`${names} is empty`);
  const rows = builder.finish();
  bad.check(builder.read);
  if (rows.count === 0) {
    throw empty(`${names} holds no usable row (${builder.read} read)`, {
      dropped: bad.dropped,
      badRows: bad.first,
    });
  }
  const timeUnit = builder.time?.unit;
  return {
    rows,
    detected: { ...detected, ...(timeUnit && { timeUnit }) },
    read: builder.read,
    dropped: bad.dropped,
    badRows: bad.first,
    warnings: warnings(builder, bad),
  };
}

async function readFile(source: LogSource, reading: Reading, progress: Bytes): Promise<void> {
  const { name } = source;
  const { format, chunks, packed, cancel } = await openSource(source);
  if (format === 'parquet') {
    const { parquetTable } = await import('./formats/parquet.js');
    const own = packed ? undefined : await randomAccessTo(source);
    if (own) await cancel();
    const access = own ?? (await collected(chunks));
    try {
      await readRows(name, await parquetTable(name, access), reading, progress);
    } finally {
      await access.close?.();
    }
    return;
  }
  const size = packed ? undefined : await sizeOf(source);
  const head = new Head();
  let reader: Reader | undefined;
  let begun = false;
  const begin = (bytes: Uint8Array, whole: boolean) => {
    begun = true;
    const text = { name, bytes, whole, encoding: reading.encoding };
    reader = format === 'json' ? reading.json(text) : reading.text(text);
    if (size !== undefined && !whole) {
      // A little more than the beginning tells: rows may become shorter.
      reading.builder?.expect(reading.builder.count + Math.ceil(1.05 * lines(bytes) * (size / bytes.length)));
    }
    reader?.push(bytes);
  };
  for await (const chunk of chunks) {
    progress.add(chunk.length);
    if (begun) reader?.push(chunk);
    else {
      const bytes = head.add(chunk);
      if (bytes) begin(bytes, false);
    }
  }
  if (!begun) begin(head.all(), true);
  reader?.end();
}

function lines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === 10) count++;
  return count;
}

async function readRows(name: string, table: Table, reading: Reading, progress: Bytes): Promise<void> {
  try {
    const { paths, builder } = reading.table(name, table);
    await readTable(name, table, paths, builder, () => progress.add(0));
  } finally {
    await table.close?.();
  }
}

/** Says how far the reading is, and stops it when asked to. */
class Bytes {
  #read = 0;
  readonly #options: ReadLogOptions;

  constructor(options: ReadLogOptions) {
    this.#options = options;
  }

  add(bytes: number): void {
    throwIfAborted(this.#options.signal);
    this.#read += bytes;
    this.#options.onProgress?.(this.#read);
  }
}

function warnings({ time, read, usersWithoutItems }: LogBuilder, bad: BadRows): Warning[] {
  const found: Warning[] = [];
  const unusable = bad.total - bad.missing.user - bad.missing.item;
  if (unusable > 0) {
    found.push({ code: 'BAD_ROWS', message: `${unusable} of ${read} rows are unusable and were left out` });
  }
  for (const [kind, rows] of Object.entries(bad.missing)) {
    if (rows === 0) continue;
    const percent = ((100 * rows) / read).toFixed(1);
    const message = `${rows} rows (${percent}%) name no ${kind} and were left out`;
    found.push({ code: `NO_${kind.toUpperCase()}`, message });
  }
  if (usersWithoutItems > 0) {
    const message = `${usersWithoutItems} users are listed without any item`;
    found.push({ code: 'USERS_WITHOUT_ITEMS', message });
  }
  if (time?.zoneless) {
    found.push({ code: 'TIME_ZONE_ASSUMED', message: 'times without a zone were taken as UTC' });
  }
  if (time?.unit === 'order') {
    const message = 'the times are too small to be dates; they are used as an order only';
    found.push({ code: 'TIME_IS_ORDER', message });
  }
  return found;
}

const empty = (message: string, details = {}): FoldinError =>
  new FoldinError('LOG_EMPTY', message, {
    remedy: 'Give a log with at least one user and item a line.',
    details,
  });

/** How a log is read: what `readLog` takes, and where its rows come from. Stored in model files. */
export interface LogReading extends ReadLogOptions {
  readonly engine?: string;
  readonly sql?: string;
  readonly memoryLimit?: string;
}
