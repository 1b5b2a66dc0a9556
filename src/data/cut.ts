import { FoldinError } from '../errors.js';
import { RowScanner } from './rows.js';
import type { Encoding } from './text.js';

const DELIMITERS = ['\t', ',', ';', '|', '::'];
const SAMPLE_ROWS = 200;

/** The first rows of a text, cut at a delimiter. */
export interface CutRows {
  readonly delimiter: string;
  readonly rows: string[][];
  /** The most common number of fields, and the share of rows that have it. */
  readonly fields: number;
  readonly share: number;
}

/** The beginning of a text. */
export interface TextHead {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** It is the whole text. */
  readonly whole: boolean;
  readonly encoding: Encoding;
}

/** What `--delimiter` means. CONFIG when it cannot be one. */
export function delimiterOf(given: string): string {
  const delimiter = given === 'tab' || given === '\\t' ? '\t' : given;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  if (/^([\x01-\x7f]|::)$/.test(delimiter) && !/["\r\n]/.test(delimiter)) return delimiter;
  throw new FoldinError('CONFIG', `the delimiter "${given}" is neither one ASCII character nor "::"`, {
    remedy: 'Use tab, ",", ";", "|" or "::".',
  });
}

/**
 * Cuts a text at the delimiter that gives the most rows the same number (>= 2) of fields, then the most fields.
 * Undefined when none cuts it; rows are empty when there is no row at all.
 */
export function bestCut(text: TextHead): CutRows | undefined {
  const tried = DELIMITERS.map((delimiter) => cutAt(text, delimiter));
  if (tried.every(({ rows }) => rows.length === 0)) return tried[0];
  const usable = tried.filter(({ fields }) => fields >= 2);
  if (usable.length === 0) return undefined;
  return usable.reduce((best, next) =>
    next.share > best.share || (next.share === best.share && next.fields > best.fields) ? next : best,
  );
}

export function cutAt({ name, bytes, whole, encoding }: TextHead, delimiter: string): CutRows {
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
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(row.length, (counts.get(row.length) ?? 0) + 1);
  const [fields, count] = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), [0, 0]);
  return { delimiter, rows, fields, share: count / Math.max(1, rows.length) };
}

/** That a text cannot be cut, with what to do about it. */
export function uncuttable({ name, bytes, encoding }: TextHead): FoldinError {
  const [line] = cutAt({ name, bytes, whole: true, encoding }, '\u0001').rows[0] ?? [''];
  return new FoldinError('LOG_FORMAT', `${name}: no delimiter cuts "${line.slice(0, 60)}" into columns`, {
    remedy:
      'Give the delimiter, e.g. --delimiter ";"; a log has at least a user and an item a line. ' +
      'A line with a user and all their items is --layout adjacency.',
    details: { file: name },
  });
}
