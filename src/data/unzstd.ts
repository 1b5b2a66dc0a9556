import { Decompress } from 'fzstd';
import { FoldinError } from '../errors.js';
import { concat } from './streams.js';
import { Xxh64 } from './xxh64.js';

const MAGIC = 0xfd2fb528;
/** Magic numbers of frames that hold no data of ours (RFC 8878, 3.1.2): these 28 bits, and any four below. */
const SKIPPABLE = 0x184d2a5;
const LONGEST_HEADER = 18;

const u32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);

/** Whether bytes begin a zstd file. */
export const isZstd = (head: Uint8Array): boolean =>
  head.length >= 4 && (u32(head, 0) === MAGIC || u32(head, 0) >>> 4 === SKIPPABLE);

/**
 * Unpacks zstd of one or more frames (RFC 8878). fzstd unpacks the blocks; frames are told apart here, so that what
 * it does not check is checked: the frame's checksum, its end, and that nothing foreign follows. LOG_FORMAT.
 */
export async function* unzstd(chunks: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const frames = new Frames(name);
  for await (const chunk of chunks) {
    try {
      frames.push(chunk);
    } catch (cause) {
      throw cause instanceof FoldinError ? cause : damaged(name, cause);
    }
    yield* frames.take();
  }
  frames.end();
}

const damaged = (name: string, cause?: unknown): FoldinError =>
  new FoldinError('LOG_FORMAT', `${name} is a damaged or cut-off zstd file`, {
    remedy: 'Fetch or pack the file again; `zstd -t` tells whether it is whole.',
    cause,
  });

type Part = 'frame' | 'block' | 'body' | 'checksum' | 'skip';

class Frames {
  readonly #name: string;
  #out: Uint8Array[] = [];
  #rest: Uint8Array = new Uint8Array(0);
  #part: Part = 'frame';
  /** Bytes of the part that are still to come. */
  #left = 0;
  #last = false;
  #hasChecksum = false;
  #frame: Decompress | undefined;
  #hash = new Xxh64();

  constructor(name: string) {
    this.#name = name;
  }

  push(chunk: Uint8Array): void {
    let bytes = this.#rest.length > 0 ? concat(this.#rest, chunk) : chunk;
    for (;;) {
      const used = this.#step(bytes);
      if (used < 0) break;
      bytes = bytes.subarray(used);
    }
    this.#rest = bytes.slice();
  }

  take(): Uint8Array[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  end(): void {
    if (this.#part !== 'frame' || this.#rest.length > 0) throw damaged(this.#name);
  }

  /** Takes what is there of the current part; returns how many bytes, or -1 when it needs more. */
  #step(bytes: Uint8Array): number {
    switch (this.#part) {
      case 'frame':
        return this.#header(bytes);
      case 'block': {
        if (bytes.length < 3) return -1;
        const header = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
        this.#last = (header & 1) === 1;
        // A block of one byte repeated holds that byte alone.
        this.#left = (header & 6) === 2 ? 1 : header >>> 3;
        return this.#feed(bytes.subarray(0, 3), this.#left > 0 ? 'body' : this.#afterBlock());
      }
      case 'body': {
        const piece = bytes.subarray(0, this.#left);
        if (piece.length === 0) return -1;
        this.#left -= piece.length;
        return this.#feed(piece, this.#left > 0 ? 'body' : this.#afterBlock());
      }
      case 'checksum': {
        if (bytes.length < 4) return -1;
        const used = this.#feed(bytes.subarray(0, 4), 'frame');
        if (u32(bytes, 0) !== this.#hash.low32()) throw damaged(this.#name);
        return used;
      }
      case 'skip': {
        const length = Math.min(this.#left, bytes.length);
        this.#left -= length;
        if (this.#left === 0) this.#part = 'frame';
        return length > 0 || this.#left === 0 ? length : -1;
      }
    }
  }

  #afterBlock(): Part {
    return this.#last ? (this.#hasChecksum ? 'checksum' : 'frame') : 'block';
  }

  #header(bytes: Uint8Array): number {
    if (bytes.length < 8) return -1;
    if (u32(bytes, 0) >>> 4 === SKIPPABLE) {
      this.#left = u32(bytes, 4);
      this.#part = 'skip';
      return 8;
    }
    if (u32(bytes, 0) !== MAGIC) throw damaged(this.#name);
    const flags = bytes[4];
    const single = (flags >> 5) & 1;
    const dictionary = [0, 1, 2, 4][flags & 3];
    const size = [single, 2, 4, 8][flags >> 6];
    const length = 6 - single + dictionary + size;
    if (bytes.length < length) return -1;
    if (length > LONGEST_HEADER) throw damaged(this.#name);
    if (dictionary > 0 && bytes.subarray(6 - single, 6 - single + dictionary).some((byte) => byte > 0)) {
      throw new FoldinError('LOG_FORMAT', `${this.#name} was packed with a zstd dictionary`, {
        remedy: 'Unpack it with its dictionary first, or pack it without one.',
      });
    }
    this.#hasChecksum = (flags & 4) !== 0;
    this.#hash = new Xxh64();
    this.#frame = new Decompress((data) => {
      if (data.length === 0) return;
      if (this.#hasChecksum) this.#hash.update(data);
      // A copy: fzstd may write over what it handed out.
      this.#out.push(data.slice());
    });
    return this.#feed(bytes.subarray(0, length), 'block');
  }

  /** Hands bytes of the frame to fzstd, and goes on to the next part. */
  #feed(bytes: Uint8Array, next: Part): number {
    this.#frame!.push(bytes);
    this.#part = next;
    if (next === 'frame') this.#frame!.push(new Uint8Array(0), true);
    return bytes.length;
  }
}
