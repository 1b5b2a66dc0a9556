import { FoldinError } from '../errors.js';
import type { BadRows } from './badRows.js';
import { valueKind } from './columnNames.js';
import type { Layout } from './detect.js';
import { IdTable } from './idTable.js';
import type { LogRows } from './logRows.js';
import { parseDigits, parseNumber } from './numbers.js';
import { type Encoding, isUtf8, type RowScanner } from './rows.js';
import { TimeColumn } from './timeColumn.js';

const encoder = new TextEncoder();

/** Checks the rows of one log, of any number of files, and collects the good ones in growing columns. */
export class LogBuilder {
  /** Rows seen, bad ones included, headers and blank lines not. */
  read = 0;
  /** Rows collected. */
  count = 0;
  readonly time: TimeColumn | undefined;
  readonly #encoding: Encoding;
  readonly #bad: BadRows;
  readonly #users = new IdTable();
  readonly #items = new IdTable();
  readonly #valueKind: LogRows['valueKind'];
  #user = new Uint32Array(1 << 10);
  #item = new Uint32Array(1 << 10);
  #value: Float64Array | undefined;

  /** `first` is the layout of the first file: the others must have the same kinds of column. */
  constructor(first: Layout, encoding: Encoding, bad: BadRows) {
    this.#encoding = encoding;
    this.#bad = bad;
    const { value, time } = first.columns;
    if (value !== undefined) {
      this.#value = new Float64Array(1 << 10);
      this.#valueKind = valueKind(first.names?.[value]);
    }
    if (time !== undefined) this.time = new TimeColumn();
  }

  /** The function that takes the rows of a file laid out like this. */
  rowsOf(file: string, layout: Layout): (row: RowScanner) => void {
    const { columns, fields, names } = layout;
    const userName = encoder.encode(names?.[columns.user]);
    const itemName = encoder.encode(names?.[columns.item]);
    let atHeader = names !== undefined;
    return (row) => {
      if (atHeader) {
        atHeader = false;
        return;
      }
      const bad = (reason: string, detail = '') => {
        this.read += row.lines;
        this.#bad.add(file, row.line, reason, detail, row.lines);
      };
      if (row.malformed) return bad('text after a closing quote');
      if (row.fields !== fields) return bad('wrong number of fields', `${row.fields} instead of ${fields}`);
      // Joined files may repeat the header; as a row it would become a user called "user".
      if (names && isText(row, columns.user, userName) && isText(row, columns.item, itemName)) {
        return bad('the header once more');
      }
      if (row.starts[columns.user] === row.ends[columns.user]) return bad('empty user id');
      if (row.starts[columns.item] === row.ends[columns.item]) return bad('empty item id');
      if (this.count === this.#user.length) this.#grow();
      if (columns.value !== undefined) {
        const value = this.#number(row, columns.value);
        if (Number.isNaN(value)) return bad('value is no plain number', this.#show(row, columns.value));
        this.#value![this.count] = value;
      }
      if (columns.time !== undefined) {
        const number = this.#number(row, columns.time);
        const reason = this.time!.set(
          this.count,
          number,
          () => row.text(columns.time!, this.#encoding),
          file,
          row.line,
        );
        if (reason) return bad(reason, this.#show(row, columns.time));
      }
      this.#user[this.count] = this.#intern(this.#users, row, columns.user, file);
      this.#item[this.count] = this.#intern(this.#items, row, columns.item, file);
      this.count++;
      this.read++;
    };
  }

  /** The good rows. Settles the unit of the times, which may leave out more rows. */
  finish(): LogRows {
    const time = this.time?.finish(this.count, this.#bad);
    const kept = time?.kept;
    const pick = <T extends Uint32Array | Float64Array>(column: T): T =>
      (kept ? column.slice(0, this.count).filter((_, r) => kept[r] === 1) : column.slice(0, this.count)) as T;
    const user = pick(this.#user);
    return {
      count: user.length,
      userIds: this.#users.decode(this.#encoding),
      itemIds: this.#items.decode(this.#encoding),
      user,
      item: pick(this.#item),
      value: this.#value && pick(this.#value),
      valueKind: this.#valueKind,
      timeSec: time && pick(time.timeSec),
      timeIsOrder: time ? time.unit === 'order' : undefined,
    };
  }

  /** The number in a field, or NaN. */
  #number(row: RowScanner, f: number): number {
    const digits = parseDigits(row.bytes, row.starts[f], row.ends[f]);
    return Number.isNaN(digits) ? parseNumber(row.text(f, this.#encoding)) : digits;
  }

  #intern(ids: IdTable, row: RowScanner, f: number, file: string): number {
    const known = ids.size;
    const bytes = row.plain(f) ? row.bytes : row.field(f);
    const start = bytes === row.bytes ? row.starts[f] : 0;
    const end = bytes === row.bytes ? row.ends[f] : bytes.length;
    const id = ids.intern(bytes, start, end);
    if (ids.size > known && this.#encoding === 'utf-8' && !isUtf8(bytes.subarray(start, end))) {
      throw new FoldinError(
        'LOG_FORMAT',
        `${file}, line ${row.line}: the id in column ${f + 1} is not UTF-8 (${this.#show(row, f)})`,
        {
          remedy: 'Read the file with --encoding latin1, or save it as UTF-8.',
          details: { file, line: row.line, column: f + 1 },
        },
      );
    }
    return id;
  }

  #show(row: RowScanner, f: number): string {
    return `column ${f + 1} is ${JSON.stringify(row.text(f, this.#encoding).slice(0, 40))}`;
  }

  #grow(): void {
    const length = 2 * this.#user.length;
    const longer = <T extends Uint32Array | Float64Array>(old: T, fresh: T): T => {
      fresh.set(old);
      return fresh;
    };
    this.#user = longer(this.#user, new Uint32Array(length));
    this.#item = longer(this.#item, new Uint32Array(length));
    this.#value &&= longer(this.#value, new Float64Array(length));
  }
}

function isText(row: RowScanner, f: number, text: Uint8Array): boolean {
  const start = row.starts[f];
  if (row.ends[f] - start !== text.length) return false;
  for (let p = 0; p < text.length; p++) if (row.bytes[start + p] !== text[p]) return false;
  return true;
}
