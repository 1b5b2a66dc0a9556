import { FoldinError } from '../../errors.js';
import { concat } from '../streams.js';
import { MAX_LINE_BYTES, type Reader } from './reader.js';

const LF = 10;
const CR = 13;

/** A line of a text: bytes[start .. end], without its end. */
export interface Line {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly number: number;
}

/** Cuts a stream of bytes into lines that end with LF or CRLF, blank ones included. */
export class LineReader implements Reader {
  #number = 0;
  readonly #name: string;
  readonly #onLine: (line: Line) => void;
  /** Pieces of a line whose end has not come yet. */
  #carry: Uint8Array[] = [];
  #carried = 0;

  constructor(name: string, onLine: (line: Line) => void) {
    this.#name = name;
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    let from = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
      if (this.#carried > 0) this.#emitCarried(bytes.subarray(from, end));
      else this.#emit(bytes, from, end);
      from = end + 1;
    }
    if (from === bytes.length) return;
    this.#carry.push(bytes.slice(from));
    this.#carried += bytes.length - from;
    if (this.#carried <= MAX_LINE_BYTES) return;
    throw new FoldinError(
      'LOG_FORMAT',
      `${this.#name}, line ${this.#number + 1}: the line is longer than ${MAX_LINE_BYTES >> 20} MiB`,
      {
        remedy: 'Write what users did in several lines.',
        details: { file: this.#name, line: this.#number + 1 },
      },
    );
  }

  end(): void {
    if (this.#carried > 0) this.#emitCarried(new Uint8Array(0));
  }

  #emitCarried(rest: Uint8Array): void {
    const line = [...this.#carry, rest].reduce(concat);
    this.#carry = [];
    this.#carried = 0;
    this.#emit(line, 0, line.length);
  }

  #emit(bytes: Uint8Array, start: number, end: number): void {
    this.#number++;
    const cut = end > start && bytes[end - 1] === CR ? end - 1 : end;
    this.#onLine({ bytes, start, end: cut, number: this.#number });
  }
}
