import { FoldinError } from '../errors.js';
import { knownColumn, type Role, rolesNamed } from './columnNames.js';
import { parseNumber } from './numbers.js';
import { type Encoding, RowScanner } from './rows.js';
import { looksLikeTime } from './time.js';

/** A column by its name in the header or by its place, from 1. */
export type ColumnRef = string | number;

export interface LayoutOptions {
  user?: ColumnRef;
  item?: ColumnRef;
  /** `false`: the log's values are not to be used. */
  value?: ColumnRef | false;
  /** `false`: the log's times are not to be used. */
  time?: ColumnRef | false;
  /** One of tab (also written 'tab' or '\\t'), ',', ';', '|', '::', or any other ASCII character. */
  delimiter?: string;
  header?: boolean;
}

/** How to read one file. */
export interface Layout {
  readonly delimiter: string;
  /** The header's fields, absent when there is none. */
  readonly names?: readonly string[];
  /** Fields a row must have. */
  readonly fields: number;
  /** Places from 0. */
  readonly columns: {
    readonly user: number;
    readonly item: number;
    readonly value?: number;
    readonly time?: number;
  };
}

const DELIMITERS = ['\t', ',', ';', '|', '::'];
const SAMPLE_ROWS = 200;
const ROLES: readonly Role[] = ['user', 'item', 'value', 'time'];

/**
 * Finds how a file is laid out from its first bytes (`whole`: they are all of it). Options win over detection.
 * `previous` is the layout of the file before: a further file without a header of its own is read the same way.
 * Returns undefined when there is no row at all.
 *
 * Delimiter: the one that cuts the most rows into the same number (>= 2) of fields, then the one that gives the
 * most fields. Header: the first row names two roles ("userId", "movie", see columnNames.ts), or holds no number while a
 * later column (from the third on, or every column) holds numbers or times below it. Without a header: user,
 * item, then among the third and fourth column the one that looks like a time (an epoch of 1990-2100 or ISO
 * 8601) and the first other that is numeric as the value.
 */
export function detectLayout(
  name: string,
  bytes: Uint8Array,
  whole: boolean,
  encoding: Encoding,
  options: LayoutOptions,
  previous?: Layout,
): Layout | undefined {
  const { delimiter, rows } = sample(name, bytes, whole, encoding, options.delimiter ?? previous?.delimiter);
  if (rows.length === 0) return undefined;
  const fields = modalFields(rows).fields;
  const hasHeader = options.header ?? (previous ? isNamed(rows[0], previous) : isHeader(rows, options));
  if (!hasHeader && previous?.fields === fields) return { ...previous, names: undefined };
  const names = hasHeader ? rows[0] : undefined;
  const columns = names ? columnsByName(name, names, options) : columnsByPlace(name, rows, fields, options);
  return { delimiter, names, fields: names?.length ?? fields, columns };
}

function sample(name: string, bytes: Uint8Array, whole: boolean, encoding: Encoding, given?: string) {
  if (given !== undefined) {
    const delimiter = given === 'tab' || given === '\\t' ? '\t' : given;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
    if (!/^([\x01-\x7f]|::)$/.test(delimiter) || /["\r\n]/.test(delimiter)) {
      throw new FoldinError('CONFIG', `the delimiter "${given}" is neither one ASCII character nor "::"`, {
        remedy: 'Use tab, ",", ";", "|" or "::".',
      });
    }
    return { delimiter, rows: sampleRows(name, bytes, whole, encoding, delimiter) };
  }
  const tried = DELIMITERS.map((delimiter) => {
    const rows = sampleRows(name, bytes, whole, encoding, delimiter);
    return { delimiter, rows, ...modalFields(rows) };
  });
  const usable = tried.filter(({ fields }) => fields >= 2);
  if (usable.length === 0) {
    if (tried.every(({ rows }) => rows.length === 0)) return tried[0];
    const line = tried.find(({ rows }) => rows.length > 0)!.rows[0].join(' ');
    throw new FoldinError('LOG_FORMAT', `${name}: no delimiter cuts "${line.slice(0, 60)}" into columns`, {
      remedy: 'Give the delimiter, e.g. --delimiter ";"; a log has at least a user and an item a line.',
      details: { file: name },
    });
  }
  return usable.reduce((best, next) =>
    next.share > best.share || (next.share === best.share && next.fields > best.fields) ? next : best,
  );
}

function sampleRows(name: string, bytes: Uint8Array, whole: boolean, encoding: Encoding, delimiter: string) {
  const rows: string[][] = [];
  const scanner = new RowScanner(name, delimiter, (row) => {
    if (rows.length < SAMPLE_ROWS) {
      rows.push(Array.from({ length: row.fields }, (_, f) => row.text(f, encoding)));
    }
  });
  try {
    scanner.push(bytes);
    if (whole) scanner.end();
  } catch {
    // A quote left open: the read that follows says so with its line, if this delimiter is chosen.
  }
  return rows;
}

/** The most common number of fields and the share of rows that have it. */
function modalFields(rows: readonly string[][]): { fields: number; share: number } {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(row.length, (counts.get(row.length) ?? 0) + 1);
  const [fields, count] = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), [0, 0]);
  return { fields, share: count / Math.max(1, rows.length) };
}

const isNumeric = (text: string): boolean => !Number.isNaN(parseNumber(text));
const isNumberOrTime = (text: string): boolean => isNumeric(text) || looksLikeTime(text);

function isHeader(rows: readonly string[][], options: LayoutOptions): boolean {
  const [first, ...rest] = rows;
  if (ROLES.some((role) => typeof options[role] === 'string' && !/^\d+$/.test(options[role]))) return true;
  if (isNamed(first)) return true;
  if (first.some(isNumberOrTime)) return false;
  const below = first.map((_, f) => mostly(rest, f, isNumberOrTime));
  return below.length > 0 && (below.slice(2).some(Boolean) || (rest.length > 1 && below.every(Boolean)));
}

/** Whether a line is a header by its words, or because it repeats the header of the file before. */
const isNamed = (line: readonly string[], previous?: Layout): boolean =>
  (rolesNamed(line) >= 2 && !line.some(isNumberOrTime)) ||
  (previous?.names !== undefined && line.join('\n') === previous.names.join('\n'));

/** Whether more than half of the rows hold such a text in column f. */
const mostly = (rows: readonly string[][], f: number, test: (text: string) => boolean): boolean =>
  rows.filter((row) => row.length > f && test(row[f])).length > rows.length / 2;

function columnsByName(name: string, names: readonly string[], options: LayoutOptions): Layout['columns'] {
  const find = (role: Role): number | undefined => {
    const wanted = options[role];
    if (wanted === false) return undefined;
    if (wanted !== undefined) return wantedColumn(name, role, wanted, names.length, names);
    const known = knownColumn(names, role);
    return known < 0 ? undefined : known;
  };
  const [user, item, value, time] = ROLES.map(find);
  if (user !== undefined && item !== undefined) return distinct(name, { user, item, value, time });
  const missing = [user === undefined && 'user', item === undefined && 'item'].filter(
    (role) => role !== false,
  );
  throw new FoldinError(
    'COLUMN_MISSING',
    `${name}: found no ${missing.join(' and no ')} column among ${names.map((n) => `"${n}"`).join(', ')}`,
    {
      remedy: `Name it: ${missing.map((role) => `--${role} COLUMN`).join(' ')} (a name or a place from 1), or say --no-header.`,
      details: { file: name, columns: names, missing },
    },
  );
}

function columnsByPlace(
  name: string,
  rows: readonly string[][],
  fields: number,
  options: LayoutOptions,
): Layout['columns'] {
  const given = (role: Role): number | undefined => {
    const wanted = options[role];
    return wanted === undefined || wanted === false ? undefined : wantedColumn(name, role, wanted, fields);
  };
  const [user, item] = [given('user') ?? 0, given('item') ?? 1];
  let [value, time] = [given('value'), given('time')];
  // The first line is left out where it can be: with --no-header it may still be a header.
  const body = rows.length > 1 ? rows.slice(1) : rows;
  for (const f of [2, 3]) {
    if (f >= fields || [user, item, value, time].includes(f)) continue;
    if (mostly(body, f, looksLikeTime)) {
      if (options.time !== false) time ??= f;
    } else if (mostly(body, f, isNumeric) && options.value !== false) value ??= f;
  }
  return distinct(name, { user, item, value, time });
}

function wantedColumn(
  file: string,
  role: Role,
  wanted: ColumnRef,
  fields: number,
  names?: readonly string[],
): number {
  const named = names?.indexOf(String(wanted)) ?? -1;
  if (named >= 0) return named;
  const place = typeof wanted === 'number' || /^\d+$/.test(wanted) ? Number(wanted) : Number.NaN;
  if (Number.isInteger(place) && place >= 1 && place <= fields) return place - 1;
  const have = names ? names.map((n) => `"${n}"`).join(', ') : `places 1 to ${fields}, and no header`;
  throw new FoldinError('COLUMN_MISSING', `${file}: there is no column "${wanted}"; it has ${have}`, {
    remedy: `Set --${role} to one of these columns, by name or by place from 1.`,
    details: { file, columns: names, missing: [role] },
  });
}

function distinct(file: string, columns: Layout['columns']): Layout['columns'] {
  const used = Object.values(columns).filter((place) => place !== undefined);
  if (new Set(used).size === used.length) return columns;
  throw new FoldinError('CONFIG', `${file}: one column is used twice (${JSON.stringify(columns)}, from 0)`, {
    remedy:
      'Give --user, --item, --value and --time a column each; --value none or --time none leaves one out.',
    details: { file, columns },
  });
}
