import { FoldinError } from '../errors.js';
import { concat, streamFrom } from './streams.js';

/** Bytes of a gzip member's fixed header (RFC 1952). */
const HEADER = 10;

/**
 * Unpacks gzip of one or more members (log rotation joins files with `cat`).
 *
 * A browser's DecompressionStream stops with an error at the second member, and does not say how far it got,
 * so the members are told apart here by their headers. A header's ten bytes occur by chance once in some
 * 10^11 bytes; even then the member's checksum fails and the result is an error, never wrong data.
 */
export async function* gunzip(chunks: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const members = new Members(chunks);
  while (!members.ended) {
    // The cast: lib.dom types the stream's input as backed by an ArrayBuffer, ours may be any buffer.
    const stream = streamFrom(members.next()).pipeThrough(
      new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
    );
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch((cause) => {
        throw cause instanceof FoldinError ? cause : damagedGzip(name, cause);
      });
      if (done) break;
      if (value.length > 0) yield value;
    }
  }
}

export const damagedGzip = (name: string, cause: unknown): FoldinError =>
  new FoldinError('LOG_FORMAT', `${name} is a damaged or cut-off gzip file`, {
    remedy: 'Fetch or pack the file again; `gzip -t` tells whether it is whole.',
    cause,
  });

class Members {
  ended = false;
  readonly #chunks: AsyncGenerator<Uint8Array>;
  #rest: Uint8Array | undefined;

  constructor(chunks: AsyncGenerator<Uint8Array>) {
    this.#chunks = chunks;
  }

  /** The bytes of the next member. */
  async *next(): AsyncGenerator<Uint8Array> {
    let bytes = this.#rest ?? (await this.#pull()) ?? new Uint8Array(0);
    let from = HEADER;
    for (;;) {
      const start = headerAt(bytes, from);
      if (start >= 0) {
        this.#rest = bytes.subarray(start);
        yield bytes.subarray(0, start);
        return;
      }
      const more = await this.#pull();
      if (!more) {
        this.ended = true;
        yield bytes;
        return;
      }
      // The last bytes wait: a header may lie across two chunks.
      const ready = Math.max(0, bytes.length - (HEADER - 1));
      if (ready > 0) yield bytes.subarray(0, ready);
      bytes = concat(bytes.subarray(ready), more);
      from = Math.max(0, from - ready);
    }
  }

  async #pull(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#chunks.next();
    return done ? undefined : value;
  }
}

/** Where the next plausible header starts at or after `from`, or -1. */
function headerAt(bytes: Uint8Array, from: number): number {
  for (
    let p = bytes.indexOf(0x1f, from);
    p >= 0 && p + HEADER <= bytes.length;
    p = bytes.indexOf(0x1f, p + 1)
  ) {
    const [, id2, method, flags] = bytes.subarray(p, p + 4);
    const effort = bytes[p + 8];
    const system = bytes[p + 9];
    if (id2 !== 0x8b || method !== 8 || (flags & 0xe0) !== 0) continue;
    if ((effort === 0 || effort === 2 || effort === 4) && (system <= 13 || system === 255)) return p;
  }
  return -1;
}
