import { concat } from './streams.js';

/** Bytes looked at to find out how a file is laid out. */
const HEAD_BYTES = 64 * 1024;
/** Of a file with long lines, at most so many. */
const MOST_BYTES = 64 << 20;
/** Whole lines wanted in the head. */
const LINES = 3;

/** Collects the beginning of a file until there is enough of it to find out how the file is laid out. */
export class Head {
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #wanted = HEAD_BYTES;

  /** The head, when this piece completes it. */
  add(piece: Uint8Array): Uint8Array | undefined {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes < this.#wanted) return undefined;
    const all = this.all();
    if (this.#bytes >= MOST_BYTES || hasLines(all)) return all;
    this.#wanted = 4 * this.#bytes;
    return undefined;
  }

  all(): Uint8Array {
    const all = this.#pieces.reduce(concat, new Uint8Array(0));
    this.#pieces = [all];
    return all;
  }
}

function hasLines(bytes: Uint8Array): boolean {
  let at = -1;
  for (let n = 0; n < LINES; n++) {
    at = bytes.indexOf(10, at + 1);
    if (at < 0) return false;
  }
  return true;
}
