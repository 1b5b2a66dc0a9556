import { FoldinError, throwIfAborted } from '../errors.js';
import { type BadRow, type BadRowOptions, BadRows } from './badRows.js';
import { type ColumnRef, detectLayout, type Layout, type LayoutOptions } from './detect.js';
import { LogBuilder } from './logBuilder.js';
import type { LogRows } from './logRows.js';
import { type Encoding, RowScanner } from './rows.js';
import { type LogSource, openSource } from './source.js';
import { concat } from './streams.js';
import type { TimeUnit } from './time.js';

export interface ReadLogOptions extends LayoutOptions, BadRowOptions {
  /** 'utf-8' by default. */
  encoding?: Encoding;
  signal?: AbortSignal;
  /** Called now and then with the (unpacked) bytes read so far. */
  onProgress?: (bytes: number) => void;
}

export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** How the first file was read; columns by name where there is a header, else by place from 1. */
export interface Detected {
  readonly delimiter: string;
  readonly header: boolean;
  readonly columns: { user: ColumnRef; item: ColumnRef; value?: ColumnRef; time?: ColumnRef };
  /** Columns that are not used. */
  readonly ignored: ColumnRef[];
  readonly encoding: Encoding;
  readonly timeUnit?: TimeUnit;
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

/** Bytes looked at to find out how a file is laid out. */
const SAMPLE_BYTES = 64 * 1024;

/**
 * Reads a log of who did what: CSV, TSV, ';', '|' or '::', plain or gzip, of any number of files read as one.
 * Streams: memory holds the distinct ids and 8 to 24 bytes a row.
 *
 * What is not given is detected (see `detectLayout`) and returned in `detected`. Ids are exact strings. A row is
 * bad, and left out, when it has another number of fields than the header, an empty id, a value that is no
 * plain finite number, or a time that cannot be read or lies outside 1990-2100. A row that spans lines
 * through a stray quote counts as that many rows.
 *
 * Times: one unit a column. A column of whole numbers too small for any time of 1990-2100 in seconds is
 * taken as an order (`rows.timeIsOrder`, warning TIME_IS_ORDER). ISO times without a zone are taken as UTC
 * (warning TIME_ZONE_ASSUMED).
 *
 * Throws LOG_FORMAT (too many bad rows, mixed units, not text, wrong encoding), COLUMN_MISSING, LOG_EMPTY, CONFIG,
 * ABORTED, and what the sources throw.
 */
export async function readLog(sources: readonly LogSource[], options: ReadLogOptions = {}): Promise<Log> {
  const encoding = options.encoding ?? 'utf-8';
  if (encoding !== 'utf-8' && encoding !== 'latin1') {
    throw new FoldinError('CONFIG', `the encoding "${encoding}" is not known`, {
      remedy: 'Use utf-8 or latin1.',
    });
  }
  const bad = new BadRows(options);
  let builder: LogBuilder | undefined;
  let first: Layout | undefined;
  let previous: Layout | undefined;
  let bytesRead = 0;

  for (const source of sources) {
    let sample: Uint8Array | undefined = new Uint8Array(0);
    let scanner: RowScanner | undefined;
    const begin = (bytes: Uint8Array, whole: boolean) => {
      const layout = detectLayout(source.name, bytes, whole, encoding, options, previous);
      sample = undefined;
      if (!layout) return;
      first ??= layout;
      previous = layout;
      builder ??= new LogBuilder(layout, encoding, bad);
      requireSameColumns(source.name, first, layout);
      scanner = new RowScanner(source.name, layout.delimiter, builder.rowsOf(source.name, layout));
      scanner.push(bytes);
    };
    for await (const chunk of openSource(source)) {
      throwIfAborted(options.signal);
      bytesRead += chunk.length;
      options.onProgress?.(bytesRead);
      if (sample) {
        sample = concat(sample, chunk);
        if (sample.length >= SAMPLE_BYTES) begin(sample, false);
      } else scanner?.push(chunk);
    }
    if (sample) begin(sample, true);
    scanner?.end();
  }

  const names = sources.map(({ name }) => name).join(', ');
  if (!builder || !first) throw empty(`${names} is empty`);
  const rows = builder.finish();
  bad.check(builder.read);
  if (rows.count === 0) {
    throw empty(`${names} holds no usable row (${builder.read} read)`, {
      dropped: bad.dropped,
      badRows: bad.first,
    });
  }
  return {
    rows,
    detected: detected(first, encoding, builder.time?.unit),
    read: builder.read,
    dropped: bad.dropped,
    badRows: bad.first,
    warnings: warnings(builder, bad),
  };
}

function requireSameColumns(file: string, first: Layout, layout: Layout): void {
  for (const role of ['value', 'time'] as const) {
    if ((first.columns[role] === undefined) === (layout.columns[role] === undefined)) continue;
    throw new FoldinError('LOG_FORMAT', `${file}: only some of the files have a ${role} column`, {
      remedy: `Leave it out everywhere with --${role} none, or read files of one kind.`,
      details: { file },
    });
  }
}

function detected(
  { delimiter, names, fields, columns }: Layout,
  encoding: Encoding,
  timeUnit?: TimeUnit,
): Detected {
  const ref = (place: number): ColumnRef => names?.[place] ?? place + 1;
  const { user, item, value, time } = columns;
  const used = [user, item, value, time];
  return {
    delimiter,
    header: names !== undefined,
    columns: {
      user: ref(user),
      item: ref(item),
      ...(value !== undefined && { value: ref(value) }),
      ...(time !== undefined && { time: ref(time) }),
    },
    ignored: Array.from({ length: fields }, (_, f) => f)
      .filter((f) => !used.includes(f))
      .map(ref),
    encoding,
    ...(timeUnit && { timeUnit }),
  };
}

function warnings({ time, read }: LogBuilder, bad: BadRows): Warning[] {
  const found: Warning[] = [];
  if (bad.total > 0) {
    found.push({ code: 'BAD_ROWS', message: `${bad.total} of ${read} rows were left out` });
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
