import { decode } from './text.js';

/**
 * Gives each distinct byte string a number, in order of appearance. A hash table over one growing block of
 * bytes: a million rows make no string and no garbage until `decode`.
 */
export class IdTable {
  size = 0;
  #arena: Uint8Array = new Uint8Array(1 << 12);
  /** Id i is arena[offsets[i] .. offsets[i + 1]]. */
  #offsets = new Uint32Array(1 << 8);
  #hashes = new Uint32Array(1 << 8);
  /** Open addressing: number + 1, or 0 where free. The size is a power of two, at most half full. */
  #slots = new Uint32Array(1 << 10);

  intern(bytes: Uint8Array, start: number, end: number): number {
    // FNV-1a, 32 bits.
    let hash = 0x811c9dc5;
    for (let p = start; p < end; p++) hash = Math.imul(hash ^ bytes[p], 0x01000193);
    hash = (hash ^ (hash >>> 15)) >>> 0;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const found = this.#slots[slot] - 1;
      if (found < 0) break;
      if (this.#hashes[found] === hash && this.#equals(found, bytes, start, end)) return found;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, hash, bytes.subarray(start, end));
  }

  /** The ids, which must be UTF-8, as strings, by number. */
  decode(): string[] {
    const ids = new Array<string>(this.size);
    for (let i = 0; i < this.size; i++) {
      ids[i] = decode(this.#arena.subarray(this.#offsets[i], this.#offsets[i + 1]), 'utf-8');
    }
    return ids;
  }

  #equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const at = this.#offsets[id];
    if (this.#offsets[id + 1] - at !== end - start) return false;
    for (let p = start; p < end; p++) if (this.#arena[at + p - start] !== bytes[p]) return false;
    return true;
  }

  #add(slot: number, hash: number, id: Uint8Array): number {
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
      this.#hashes = doubled(this.#hashes);
    }
    this.#offsets[number + 1] = at + id.length;
    this.#hashes[number] = hash;
    this.#slots[slot] = number + 1;
    if (2 * this.size > this.#slots.length) this.#rehash();
    return number;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (let i = 0; i < this.size; i++) {
      let slot = this.#hashes[i] & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = i + 1;
    }
  }
}

function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * array.length);
  larger.set(array);
  return larger;
}
