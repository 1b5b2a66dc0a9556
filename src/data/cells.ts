import { parseNumber } from './numbers.js';

/** A moment as a database or a Parquet file holds it. */
export class Instant {
  /** Seconds since 1970. */
  readonly sec: number;
  /** It came without a zone and is taken as UTC. */
  readonly zoneless: boolean;

  /** `count` of units since 1970, `perSecond` units a second (1, 1000, 10^6 or 10^9). */
  constructor(count: bigint, perSecond: bigint, zoneless: boolean) {
    let whole = count / perSecond;
    let rest = count % perSecond;
    if (rest < 0n) {
      whole -= 1n;
      rest += perSecond;
    }
    // As `parseIso` adds up "11:20:11.123456": the same moment is the same number wherever it comes from.
    this.sec = Number(whole) + Number(rest) / Number(perSecond);
    this.zoneless = zoneless;
  }
}

/** What a field of a typed source (JSON, Parquet, a database) may hold. */
export type Cell = unknown;

const encoder = new TextEncoder();
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** The id in a cell as UTF-8 bytes: text as it is, whole numbers in digits. A string: why it is none. */
export function idOf(cell: Cell): Uint8Array | string {
  switch (typeof cell) {
    case 'string':
      if (cell === '') return 'empty';
      return LONE_SURROGATE.test(cell) ? 'no well-formed Unicode' : encoder.encode(cell);
    case 'bigint':
      return encoder.encode(String(cell));
    case 'number':
      // A missing id in a column of floats is NaN.
      return Number.isFinite(cell) ? encoder.encode(String(cell)) : 'empty';
    default:
      if (cell instanceof Uint8Array) return cell.length > 0 ? cell : 'empty';
      return cell === null || cell === undefined ? 'empty' : 'no text and no number';
  }
}

/** The number in a cell, true and false as 1 and 0; NaN where there is none. */
export function numberOf(cell: Cell): number {
  switch (typeof cell) {
    case 'number':
      return Number.isFinite(cell) ? cell : Number.NaN;
    case 'bigint':
    case 'boolean':
      return Number(cell);
    case 'string':
      return parseNumber(cell);
    default:
      return cell instanceof Uint8Array ? parseNumber(textOf(cell)) : Number.NaN;
  }
}

const decoder = new TextDecoder();

/** The cell as text, for times and messages. */
export function textOf(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Uint8Array) return decoder.decode(cell);
  if (typeof cell === 'object')
    return JSON.stringify(cell, (_, x) => (typeof x === 'bigint' ? String(x) : x));
  return String(cell);
}
