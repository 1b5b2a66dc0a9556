import { FoldinError } from '../errors.js';

/** Numbers of four bytes where these hold all of them exactly, else of eight. */
export type NumberColumn = Float64Array | Float32Array | Uint32Array;

/**
 * Rows of a log in memory, one number a column and row: 16 bytes a row with ratings and seconds, at most 24.
 * Every array has `count` entries.
 */
export interface LogRows {
  readonly count: number;
  /** Exact ids by number, in order of appearance. */
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** Number of the row's user in `userIds`. */
  readonly user: Uint32Array;
  readonly item: Uint32Array;
  readonly value?: NumberColumn;
  /** What the value column's name says it holds; absent when the name says nothing. */
  readonly valueKind?: 'rating' | 'amount';
  /** Seconds since 1970, or the log's own order numbers when `timeIsOrder`. */
  readonly timeSec?: NumberColumn;
  readonly timeIsOrder?: boolean;
}

export interface LogRow {
  readonly user: string;
  readonly item: string;
  readonly value?: number;
  readonly timeSec?: number;
}

/** Rows from memory as LogRows. Values and times are kept when the first row has them; then all rows must. */
export function logRows(rows: Iterable<LogRow>): LogRows {
  const all = [...rows];
  const ids = (of: (row: LogRow) => string) => {
    const numbers = new Map<string, number>();
    const column = Uint32Array.from(all, (row, r) => {
      const id = of(row);
      if (id === '') throw unusable(`row ${r} has an empty id`);
      const number = numbers.get(id) ?? numbers.size;
      numbers.set(id, number);
      return number;
    });
    return { column, ids: [...numbers.keys()] };
  };
  const numbers = (field: 'value' | 'timeSec') => {
    if (all[0]?.[field] === undefined) return undefined;
    return Float64Array.from(all, (row, r) => {
      const number = row[field];
      if (number !== undefined && Number.isFinite(number)) return number;
      throw unusable(`row ${r} has the ${field} ${number}, not a finite number`);
    });
  };
  const users = ids((row) => row.user);
  const items = ids((row) => row.item);
  return {
    count: all.length,
    userIds: users.ids,
    itemIds: items.ids,
    user: users.column,
    item: items.column,
    value: numbers('value'),
    timeSec: numbers('timeSec'),
  };
}

const unusable = (message: string): FoldinError =>
  new FoldinError('LOG_FORMAT', message, {
    remedy: 'Give every row a user, an item, and the same finite fields.',
  });
