import { FoldinError } from '../../errors.js';
import { concat } from '../streams.js';
import { MAX_LINE_BYTES, type Reader } from './reader.js';

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN = 123;
const CLOSE = 125;
const LF = 10;

/**
 * Parts the records of a JSON text that are not a line each: the elements of one array, or values one after the
 * other, over as many lines as they like. Only braces and quotes are looked at; what is between them is for the parser.
 */
export class JsonDocument implements Reader {
  readonly #file: string;
  readonly #onRecord: (bytes: Uint8Array, line: number, lines: number) => void;
  #line = 1;
  #depth = 0;
  /** Depth at which records stand: 1 inside an array. */
  #base = 0;
  #begun = false;
  #inText = false;
  #escaped = false;
  /** Line at which the record that is open began; 0 when none is. */
  #startLine = 0;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(file: string, onRecord: (bytes: Uint8Array, line: number, lines: number) => void) {
    this.#file = file;
    this.#onRecord = onRecord;
  }

  push(bytes: Uint8Array): void {
    let from = 0;
    for (let p = 0; p < bytes.length; p++) {
      const byte = bytes[p];
      if (byte === LF) this.#line++;
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inText = false;
        continue;
      }
      if (byte <= 32) continue;
      if (!this.#begun) {
        this.#begun = true;
        if (byte === OPEN_LIST) {
          this.#depth = this.#base = 1;
          continue;
        }
      }
      if (this.#startLine === 0) {
        if (byte === COMMA || (byte === CLOSE_LIST && this.#depth === this.#base)) continue;
        this.#startLine = this.#line;
        from = p;
      }
      if (byte === QUOTE) this.#inText = true;
      else if (byte === OPEN || byte === OPEN_LIST) this.#depth++;
      else if (byte === CLOSE || byte === CLOSE_LIST) {
        this.#depth--;
        if (this.#depth <= this.#base) {
          this.#emit(bytes.subarray(from, p + 1));
          this.#depth = this.#base;
        }
      }
    }
    if (this.#startLine === 0) return;
    this.#pieces.push(bytes.slice(from));
    this.#bytes += bytes.length - from;
    if (this.#bytes > MAX_LINE_BYTES) throw this.#endless(`is longer than ${MAX_LINE_BYTES >> 20} MiB`);
  }

  end(): void {
    if (this.#startLine > 0) throw this.#endless('never ends');
  }

  #emit(rest: Uint8Array): void {
    const record = this.#pieces.length === 0 ? rest : [...this.#pieces, rest].reduce(concat);
    const line = this.#startLine;
    this.#pieces = [];
    this.#bytes = 0;
    this.#startLine = 0;
    this.#onRecord(record, line, this.#line - line + 1);
  }

  #endless(what: string): FoldinError {
    const { file, line } = { file: this.#file, line: this.#startLine };
    return new FoldinError('LOG_FORMAT', `${file}, line ${line}: the JSON value that begins here ${what}`, {
      remedy: 'Close its braces, or write one object a line.',
      details: { file, line },
    });
  }
}
