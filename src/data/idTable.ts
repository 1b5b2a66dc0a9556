import { decode } from './text.js';

/** Words of four bytes a key has: the first sixteen bytes of the id, or twelve and a hash, then the length. */
const KEY = 5;
const SHORT = 16;
/** Ids are made strings so many bytes at a time. */
const DECODED_BYTES = 1 << 20;

/**
 * Gives each distinct byte string a number, in order of appearance. A hash table over one growing block of
 * bytes: a million rows make no string and no garbage until `decode`. Ids of up to sixteen bytes are compared by
 * their key alone.
 */
export class IdTable {
  size = 0;
  #arena: Uint8Array = new Uint8Array(1 << 12);
  /** Id i is arena[offsets[i] .. offsets[i + 1]]. */
  #offsets = new Uint32Array(1 << 8);
  #keys = new Uint32Array(KEY << 8);
  /** Open addressing: number + 1, or 0 where free. The size is a power of two, at most half full. */
  #slots = new Uint32Array(1 << 10);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** What `#view` is of. */
  #viewed: Uint8Array | undefined;

  intern(bytes: Uint8Array, start: number, end: number): number {
    if (bytes !== this.#viewed) {
      this.#viewed = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const length = end - start;
    const a = this.#word(start, end);
    const b = this.#word(start + 4, end);
    const c = this.#word(start + 8, end);
    const d = length > SHORT ? this.#hashOf(start, end) : this.#word(start + 12, end);
    const mask = this.#slots.length - 1;
    let slot = mix(a, b, c, d, length) & mask;
    for (;;) {
      const found = this.#slots[slot] - 1;
      if (found < 0) break;
      const key = KEY * found;
      if (
        this.#keys[key] === a &&
        this.#keys[key + 1] === b &&
        this.#keys[key + 2] === c &&
        this.#keys[key + 3] === d &&
        this.#keys[key + 4] === length &&
        (length <= SHORT || this.#equals(found, bytes, start, end))
      ) {
        return found;
      }
      slot = (slot + 1) & mask;
    }
    const number = this.#add(slot, bytes.subarray(start, end));
    this.#keys.set([a, b, c, d, length], KEY * number);
    if (2 * this.size > this.#slots.length) this.#rehash();
    return number;
  }

  /** The ids, which must be UTF-8, as strings, by number. */
  decode(): string[] {
    const ids = new Array<string>(this.size);
    const offsets = this.#offsets;
    for (let from = 0, to = 0; from < this.size; from = to) {
      while (to < this.size && offsets[to + 1] - offsets[from] <= DECODED_BYTES) to++;
      to = Math.max(to, from + 1);
      const block = this.#arena.subarray(offsets[from], offsets[to]);
      const text = decode(block, 'utf-8');
      // One character a byte: plain ASCII, whose parts are found by their place.
      const plain = text.length === block.length;
      for (let i = from; i < to; i++) {
        const [start, end] = [offsets[i] - offsets[from], offsets[i + 1] - offsets[from]];
        ids[i] = plain ? text.slice(start, end) : decode(block.subarray(start, end), 'utf-8');
      }
    }
    return ids;
  }

  /** Four bytes at `at` as a number, those at and beyond `end` as zeros. */
  #word(at: number, end: number): number {
    if (at + 4 <= end) return this.#view.getUint32(at, true);
    let word = 0;
    for (let p = end - 1; p >= at; p--) word = (word << 8) | this.#view.getUint8(p);
    return word >>> 0;
  }

  #hashOf(start: number, end: number): number {
    let hash = 0x811c9dc5;
    for (let p = start + 12; p < end; p += 4) {
      hash = Math.imul(hash ^ this.#word(p, end), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  #equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const at = this.#offsets[id];
    for (let p = start; p < end; p++) if (this.#arena[at + p - start] !== bytes[p]) return false;
    return true;
  }

  #add(slot: number, id: Uint8Array): number {
    const number = this.size++;
    const at = this.#offsets[number];
    if (at + id.length > this.#arena.length) {
      const larger = new Uint8Array(2 * this.#arena.length + id.length);
      larger.set(this.#arena);
      this.#arena = larger;
    }
    this.#arena.set(id, at);
    if (number + 2 > this.#offsets.length) {
      this.#offsets = doubled(this.#offsets);
      this.#keys = doubled(this.#keys);
    }
    this.#offsets[number + 1] = at + id.length;
    this.#slots[slot] = number + 1;
    return number;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (let i = 0; i < this.size; i++) {
      const key = KEY * i;
      const keys = this.#keys;
      const hash = mix(keys[key], keys[key + 1], keys[key + 2], keys[key + 3], keys[key + 4]);
      let slot = hash & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = i + 1;
    }
  }
}

function mix(a: number, b: number, c: number, d: number, length: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(c, 0xc2b2ae3d) ^ length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x27d4eb2f) ^ Math.imul(d, 0x165667b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * array.length);
  larger.set(array);
  return larger;
}
