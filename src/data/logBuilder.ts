import { FoldinError } from '../errors.js';
import type { BadRows } from './badRows.js';
import { type Cell, Instant, idOf, numberOf, textOf } from './cells.js';
import { valueKind } from './columnNames.js';
import { GrowingColumn } from './growing.js';
import { IdTable } from './idTable.js';
import type { LogRows } from './logRows.js';
import { type Encoding, isUtf8, utf8Of } from './text.js';
import { TimeColumn } from './timeColumn.js';

const encoder = new TextEncoder();

/** What a log's rows have besides user and item; all files of a log must have the same. */
export interface Kinds {
  readonly value: boolean;
  readonly time: boolean;
  /** What the first file calls its value. */
  readonly valueName?: string;
}

/** A row of a typed source. */
export interface CellRow {
  user: Cell;
  item: Cell;
  value?: Cell;
  time?: Cell;
}

/** Where a row stands: a physical line, or the number of a row where there are no lines; from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  /** Lines it takes. */
  readonly lines: number;
}

/** Collects the rows of one log, of any number of files, in growing columns. */
export class LogBuilder {
  /** Rows seen, bad ones included, headers and blank lines not. */
  read = 0;
  /** Rows collected. */
  count = 0;
  /** Users that were listed with nothing beside them. */
  usersWithoutItems = 0;
  readonly kinds: Kinds;
  readonly time: TimeColumn | undefined;
  readonly #encoding: Encoding;
  readonly #bad: BadRows;
  readonly #users = new IdTable();
  readonly #items = new IdTable();
  readonly #user = new GrowingColumn(Uint32Array);
  readonly #item = new GrowingColumn(Uint32Array);
  readonly #value: GrowingColumn | undefined;

  constructor(kinds: Kinds, encoding: Encoding, bad: BadRows) {
    this.kinds = kinds;
    this.#encoding = encoding;
    this.#bad = bad;
    if (kinds.value) this.#value = new GrowingColumn(Float32Array);
    if (kinds.time) this.time = new TimeColumn();
  }

  /** Says how many rows there will be, about. */
  expect(rows: number): void {
    for (const column of [this.#user, this.#item, this.#value]) column?.expect(rows);
    this.time?.expect(rows);
  }

  /** Counts a row, of as many lines as its place has, as left out. */
  reject(place: Place, reason: string, detail = ''): void {
    this.read += place.lines;
    this.#bad.add(place.file, place.line, reason, detail, place.lines);
  }

  /** Takes a row whose value and time (see `TimeColumn`) were accepted; its ids as numbers of `user` and `item`. */
  add(user: number, item: number, value: number): void {
    this.#user.push(user);
    this.#item.push(item);
    this.#value?.push(value);
    this.count++;
    this.read++;
  }

  /** The number of an id: bytes[start .. end] in the encoding of the log. */
  user(bytes: Uint8Array, start: number, end: number, place: Place): number {
    return this.#intern(this.#users, bytes, start, end, place);
  }

  item(bytes: Uint8Array, start: number, end: number, place: Place): number {
    return this.#intern(this.#items, bytes, start, end, place);
  }

  /** The number of an item whose id is text already. */
  itemText(id: string, place: Place): number {
    const bytes = encoder.encode(id);
    return this.#internUtf8(this.#items, bytes, 0, bytes.length, place);
  }

  /** Checks a row of typed cells, and takes or rejects it. */
  addCells(row: CellRow, place: Place): void {
    const problem = this.#take(row, place);
    if (problem) this.reject(place, ...problem);
  }

  /** Takes a row; returns why it cannot, if so. */
  #take(row: CellRow, place: Place): [reason: string, detail: string] | undefined {
    const user = idOf(row.user);
    if (typeof user === 'string') return badId('user', user, row.user);
    const item = idOf(row.item);
    if (typeof item === 'string') return badId('item', item, row.item);
    const value = this.#value ? numberOf(row.value) : 0;
    if (Number.isNaN(value)) return ['value is no plain number', shown(row.value)];
    if (this.time) {
      const { time } = row;
      const number = time instanceof Instant ? Number.NaN : numberOf(time);
      if (!this.time.pushSeconds(number)) {
        const moment = time instanceof Instant ? time : Number.isNaN(number) ? textOf(time) : number;
        const reason = this.time.push(moment, place.file, place.line);
        if (reason) return [reason, shown(time)];
      }
    }
    this.add(
      this.#internUtf8(this.#users, user, 0, user.length, place),
      this.#internUtf8(this.#items, item, 0, item.length, place),
      value,
    );
    return undefined;
  }

  /** The good rows. Settles the unit of the times, which may leave out more rows. */
  finish(): LogRows {
    const time = this.time?.finish(this.#bad);
    const kept = time?.kept;
    const user = this.#user.take(kept) as Uint32Array;
    return {
      count: user.length,
      userIds: this.#users.decode(),
      itemIds: this.#items.decode(),
      user,
      item: this.#item.take(kept) as Uint32Array,
      value: this.#value?.take(kept),
      valueKind: this.#value && valueKind(this.kinds.valueName),
      timeSec: time?.timeSec,
      timeIsOrder: time ? time.unit === 'order' : undefined,
    };
  }

  #intern(ids: IdTable, bytes: Uint8Array, start: number, end: number, place: Place): number {
    if (this.#encoding === 'utf-8') return this.#internUtf8(ids, bytes, start, end, place);
    const utf8 = utf8Of(bytes.subarray(start, end), this.#encoding);
    return ids.intern(utf8, 0, utf8.length);
  }

  #internUtf8(ids: IdTable, bytes: Uint8Array, start: number, end: number, place: Place): number {
    const known = ids.size;
    const id = ids.intern(bytes, start, end);
    if (ids.size > known && !isUtf8(bytes.subarray(start, end))) {
      const { file, line } = place;
      const what = ids === this.#users ? 'user' : 'item';
      throw new FoldinError(
        'LOG_FORMAT',
        `${file}, line ${line}: the ${what} id ${shown(bytes.slice(start, end))} is not UTF-8`,
        {
          remedy: 'Read the file with --encoding latin1, or save it as UTF-8.',
          details: { file, line, column: what },
        },
      );
    }
    return id;
  }
}

const shown = (cell: Cell): string => `it is ${JSON.stringify(textOf(cell).slice(0, 40))}`;

const badId = (role: string, why: string, cell: Cell): [string, string] =>
  why === 'empty' ? [`empty ${role} id`, ''] : [`${role} id is ${why}`, shown(cell)];
