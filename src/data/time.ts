import { parseNumber } from './numbers.js';

/**
 * Unit of a time column: seconds, milliseconds or microseconds since 1970, ISO 8601 text, or `order`: whole
 * numbers too small to be a time (a count of days, a position), which only say what came before what.
 */
export type TimeUnit = 's' | 'ms' | 'us' | 'iso8601' | 'order';
type NumericUnit = 's' | 'ms' | 'us';

/** The years 1990 to 2100, in seconds since 1970; the end is excluded. Other years are refused. */
export const EARLIEST_SEC = Date.UTC(1990, 0, 1) / 1000;
export const LATEST_SEC = Date.UTC(2101, 0, 1) / 1000;

export const PER_SECOND: Readonly<Record<NumericUnit, number>> = { s: 1, ms: 1e3, us: 1e6 };

export const isSane = (sec: number): boolean => sec >= EARLIEST_SEC && sec < LATEST_SEC;

/** The unit in which this number is a time of 1990-2100 (the three ranges do not meet), or undefined. */
export function numericUnit(time: number): NumericUnit | undefined {
  if (isSane(time)) return 's';
  if (isSane(time / 1e3)) return 'ms';
  if (isSane(time / 1e6)) return 'us';
  return undefined;
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?)?$/i;

/** ISO 8601 date or date and time: seconds since 1970, and whether a time of day came without its zone. */
export function parseIso(text: string): { sec: number; zoneless: boolean } | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', zone] = match;
  const days = Date.UTC(+year, +month - 1, +day);
  // Date.UTC turns 31 February into 3 March and month 13 into January; a calendar does not.
  if (new Date(days).getUTCDate() !== +day || +month < 1 || +month > 12) return undefined;
  if (+hour > 23 || +minute > 59 || +second > 59) return undefined;
  const offset = zone ? offsetSec(zone) : 0;
  if (offset === undefined) return undefined;
  const sec = days / 1000 + +hour * 3600 + +minute * 60 + +second - offset;
  return { sec: sec + Number(`0.${fraction}`), zoneless: zone === undefined && match[4] !== undefined };
}

function offsetSec(zone: string): number | undefined {
  if (/^(z|utc)$/i.test(zone)) return 0;
  const digits = zone.replace(/\D/g, '').padEnd(4, '0');
  const hours = +digits.slice(0, 2);
  const minutes = +digits.slice(2);
  if (hours > 14 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/** Whether a text is a time of 1990-2100 in any unit. */
export function looksLikeTime(text: string): boolean {
  const number = parseNumber(text);
  if (!Number.isNaN(number)) return numericUnit(number) !== undefined;
  const iso = parseIso(text.trim());
  return iso !== undefined && isSane(iso.sec);
}
