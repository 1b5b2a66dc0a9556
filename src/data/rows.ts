import { FoldinError } from '../errors.js';
import { concat } from './streams.js';
import { decode, type Encoding } from './text.js';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const SPACE = 32;

/** A longer row is an unclosed quote, not data; the bound keeps memory small. */
export const MAX_ROW_BYTES = 1 << 20;

const PLAIN = 0;
const QUOTED = 1;
/** Quoted, with doubled quotes inside that stand for one. */
const DOUBLED = 2;

/**
 * Cuts a stream of bytes into rows and fields, after RFC 4180: quotes (not for '::', whose files have no
 * such custom), delimiters and newlines inside quotes, LF or CRLF, a last line without newline. Blank lines
 * are left out. `onRow` sees the current row in this object's fields, which hold until the next row.
 */
export class RowScanner {
  readonly file: string;
  bytes: Uint8Array = new Uint8Array(0);
  /** Field f is bytes[starts[f] .. ends[f]]. */
  starts = new Int32Array(16);
  ends = new Int32Array(16);
  /** PLAIN, QUOTED or DOUBLED, a field. */
  quoting = new Uint8Array(16);
  fields = 0;
  /** Physical line the row starts at, from 1. */
  line = 1;
  /** Physical lines the row takes; more than 1 with newlines in quotes. */
  lines = 1;
  /** Text follows a closing quote. */
  malformed = false;

  readonly #onRow: (row: RowScanner) => void;
  readonly #delimiter: number;
  /** Second byte of the delimiter, or -1. */
  readonly #delimiter2: number;
  readonly #quotes: boolean;
  readonly #maxRowBytes: number;
  #carry: Uint8Array = new Uint8Array(0);

  constructor(
    file: string,
    delimiter: string,
    onRow: (row: RowScanner) => void,
    maxRowBytes: number = MAX_ROW_BYTES,
  ) {
    this.#maxRowBytes = maxRowBytes;
    this.file = file;
    this.#onRow = onRow;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#delimiter2 = delimiter.length > 1 ? delimiter.charCodeAt(1) : -1;
    this.#quotes = delimiter !== '::';
  }

  /** Scans the rows that end in this chunk. `last` says that no more will come. */
  push(chunk: Uint8Array, last = false): void {
    this.bytes = this.#carry.length > 0 ? concat(this.#carry, chunk) : chunk;
    let from = 0;
    while (from < this.bytes.length) {
      const next = this.#scan(from, last);
      if (next < 0) break;
      if (!this.#isBlank(from)) this.#onRow(this);
      this.line += this.lines;
      from = next;
    }
    this.#carry = this.bytes.slice(from);
    if (this.#carry.length > this.#maxRowBytes) {
      throw this.#unclosed(`is longer than ${this.#maxRowBytes >> 20} MiB`);
    }
  }

  end(): void {
    this.push(new Uint8Array(0), true);
    if (this.#carry.length > 0) throw this.#unclosed('opens a quote that is never closed');
  }

  /** Whether bytes[starts[f] .. ends[f]] is the field as it is meant. */
  plain(f: number): boolean {
    return this.quoting[f] !== DOUBLED;
  }

  /** The field's bytes: a view, or a copy where doubled quotes had to become one. */
  field(f: number): Uint8Array {
    const view = this.bytes.subarray(this.starts[f], this.ends[f]);
    return this.plain(f) ? view : undouble(view);
  }

  /** The field as text, for numbers, times, names and messages. */
  text(f: number, encoding: Encoding): string {
    return decode(this.field(f), encoding);
  }

  /** Fills in the row that starts at `from`; returns where the next starts, or -1 if its end has not come yet. */
  #scan(from: number, last: boolean): number {
    const { bytes } = this;
    const end = bytes.length;
    const d1 = this.#delimiter;
    const d2 = this.#delimiter2;
    let p = from;
    this.fields = 0;
    this.lines = 1;
    this.malformed = false;
    for (;;) {
      const f = this.fields++;
      if (f === this.starts.length) this.#widen();
      this.quoting[f] = PLAIN;
      if (this.#quotes && p < end && bytes[p] === QUOTE) {
        p = this.#scanQuoted(p, f);
        if (p < 0) return -1;
      } else {
        this.starts[f] = p;
      }
      const afterQuote = p;
      while (p < end && bytes[p] !== LF && !(bytes[p] === d1 && (d2 < 0 || bytes[p + 1] === d2))) p++;
      if (p === end && !last) return -1;
      const ended = p === end || bytes[p] === LF;
      const fieldEnd = ended && p > afterQuote && bytes[p - 1] === CR ? p - 1 : p;
      if (this.quoting[f] === PLAIN) this.ends[f] = fieldEnd;
      else if (fieldEnd > afterQuote) this.malformed = true;
      if (ended) return p + 1;
      p += d2 < 0 ? 1 : 2;
    }
  }

  /** Reads a quoted field whose opening quote is at `p`; returns the place after its closing quote, or -1. */
  #scanQuoted(p: number, f: number): number {
    const { bytes } = this;
    this.starts[f] = p + 1;
    this.quoting[f] = QUOTED;
    for (let q = p + 1; q < bytes.length; q++) {
      if (bytes[q] === LF) this.lines++;
      if (bytes[q] !== QUOTE) continue;
      if (bytes[q + 1] === QUOTE) {
        this.quoting[f] = DOUBLED;
        q++;
      } else {
        this.ends[f] = q;
        return q + 1;
      }
    }
    return -1;
  }

  #isBlank(from: number): boolean {
    if (this.fields > 1 || this.quoting[0] !== PLAIN) return false;
    for (let p = from; p < this.ends[0]; p++) if (this.bytes[p] !== SPACE) return false;
    return true;
  }

  #widen(): void {
    const wider = <T extends Int32Array | Uint8Array>(old: T, fresh: T): T => {
      fresh.set(old);
      return fresh;
    };
    const length = this.starts.length * 2;
    this.starts = wider(this.starts, new Int32Array(length));
    this.ends = wider(this.ends, new Int32Array(length));
    this.quoting = wider(this.quoting, new Uint8Array(length));
  }

  #unclosed(what: string): FoldinError {
    return new FoldinError('LOG_FORMAT', `${this.file}, line ${this.line}: the row ${what}`, {
      remedy: 'Close the quote, or double a quote that is part of a text.',
      details: { file: this.file, line: this.line },
    });
  }
}

function undouble(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let n = 0;
  for (let p = 0; p < bytes.length; p++) {
    out[n++] = bytes[p];
    if (bytes[p] === QUOTE) p++;
  }
  return out.subarray(0, n);
}
