import type { Command } from 'commander';
import type { CleanOptions } from '../data/clean.js';
import type { ColumnRef, LayoutName } from '../data/layout.js';
import type { LogReading } from '../data/readLog.js';
import { FoldinError } from '../errors.js';

/** Wrong usage of an option: exit code 2. */
export const wrongOption = (option: string, got: string, expected: string): FoldinError =>
  new FoldinError('CONFIG', `--${option} is "${got}"; expected ${expected}`, {
    remedy: `Give --${option} ${expected}.`,
    details: { option, got },
  });

export const usage = (message: string, remedy: string): FoldinError =>
  new FoldinError('USAGE', message, { remedy });

/** An option that must be there; checked after all others were understood, so that a slip in one is said first. */
export function required(value: string | undefined, option: string, example: string): string {
  if (value !== undefined) return value;
  throw usage(`${option} is missing`, `Add ${option}, such as ${option} ${example}.`);
}

/** Parsers of option values; the ranges are checked where the values are used. */
export const number =
  (option: string) =>
  (text: string): number => {
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
    throw wrongOption(option, text, 'a number');
  };

const UNITS_SEC: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of a time such as 90d or 12h. */
const durationSec =
  (option: string) =>
  (text: string): number => {
    const [, amount, unit] = /^(\d+\.?\d*)([smhdw])$/.exec(text) ?? [];
    if (amount && Number(amount) > 0) return Number(amount) * UNITS_SEC[unit];
    throw wrongOption(option, text, 'a number and a unit (s, m, h, d or w), such as 90d');
  };

export const wholeNumber =
  (option: string) =>
  (text: string): number => {
    if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
    throw wrongOption(option, text, 'a whole number');
  };

/** "128,64" -> [128, 64]; "none" -> []. */
export const wholeNumbers =
  (option: string) =>
  (text: string): number[] =>
    text === 'none' ? [] : text.split(',').map(wholeNumber(option));

export const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** Repeated options add up. */
export const collect = (text: string, previous: readonly string[] = []): string[] => [...previous, text];

const columnOrNone = (text: string): ColumnRef | false => (text === 'none' ? false : text);

interface ReadingFlags {
  readonly layout?: string;
  readonly user?: ColumnRef | false;
  readonly item?: string;
  readonly value?: ColumnRef | false;
  readonly time?: ColumnRef | false;
  readonly delimiter?: string;
  readonly header?: boolean;
  readonly encoding?: string;
  readonly engine?: string;
  readonly sql?: string;
  readonly memoryLimit?: string;
  readonly maxBadRows?: number;
  readonly strict?: boolean;
}

interface CleaningFlags {
  readonly duplicates?: string;
  readonly minValue?: number;
  readonly minUser?: number;
  readonly minItem?: number;
  readonly weight?: string;
  readonly halfLife?: number;
  readonly order?: string;
}

export type LogFlags = ReadingFlags & CleaningFlags & { readonly items?: string };

/** How the files are read. What is not given is found out from the file and printed. */
export const defineReading = (command: Command): Command =>
  command
    .optionsGroup('Reading the log (what is not given is detected):')
    .option(
      '--layout <name>',
      'log: one interaction a line; matrix: users x items; adjacency: a user and their items',
    )
    .option('--user <column>', 'column of the user, by name or place from 1, in JSON by path', columnOrNone)
    .option('--item <column>', 'column of the item, such as events.aid')
    .option('--value <column>', 'column of the rating or amount; "none" to use none', columnOrNone)
    .option('--time <column>', 'column of the time; "none" to use none', columnOrNone)
    .option('--delimiter <text>', 'tab, ",", ";", "|" or "::"')
    .option('--no-header', 'the first line is data')
    .option('--encoding <name>', 'utf-8 or latin1')
    .option('--engine <name>', 'duckdb: read through DuckDB, also what is larger than memory')
    .option(
      '--sql <query>',
      'what to read from a database, or through DuckDB from the files, as its table log',
    )
    .option('--memory-limit <amount>', 'memory that DuckDB may take, such as 2GB')
    .option('--max-bad-rows <share>', 'unusable rows allowed (default 0.01)', number('max-bad-rows'))
    .option('--strict', 'stop at the first unusable row');

/** What rows become. */
export const defineCleaning = (command: Command): Command =>
  command
    .optionsGroup('Cleaning the log:')
    .option('--duplicates <rule>', 'rows of one pair: sum, last, first, max, mean, count or binary')
    .option(
      '--min-value <x>',
      'smaller values are no interest (4 for "rated 4 or better")',
      number('min-value'),
    )
    .option('--min-user <n>', 'leave out users with fewer items', wholeNumber('min-user'))
    .option('--min-item <n>', 'leave out items with fewer users', wholeNumber('min-item'))
    .option('--weight <rule>', 'weight of a pair: none (default), value, log1p, cap:N, tfidf or bm25')
    .option(
      '--half-life <time>',
      'after which an interaction counts half: 90d, 12h, 6w',
      durationSec('half-life'),
    )
    .option(
      '--order <rule>',
      "what came first: time (default), or file if each user's lines stand in that order",
    );

/** The options of readLog, as plain JSON. */
export function readingOf(flags: ReadingFlags): LogReading {
  const { layout, user, item, value, time, delimiter, encoding, maxBadRows, strict } = flags;
  const { engine, sql, memoryLimit } = flags;
  return given({
    layout: layout as LayoutName | undefined,
    user,
    item,
    value,
    time,
    delimiter,
    header: flags.header === false ? false : undefined,
    encoding: encoding as LogReading['encoding'],
    engine,
    sql,
    memoryLimit,
    maxBadRows,
    strict,
  });
}

/** The options of clean, as plain JSON. */
export function cleaningOf(flags: CleaningFlags): CleanOptions {
  const { duplicates, minValue, minUser, minItem, weight, halfLife, order } = flags;
  const halfLifeSec = halfLife;
  return given({ duplicates, minValue, minUser, minItem, weight, halfLifeSec, order }) as CleanOptions;
}

/** An object without its undefined members. */
export function given<T extends object>(all: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
