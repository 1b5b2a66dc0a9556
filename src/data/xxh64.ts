/** 64-bit primes of XXH64, high and low half. */
const [P1H, P1L] = [0x9e3779b1, 0x85ebca87];
const [P2H, P2L] = [0xc2b2ae3d, 0x27d4eb4f];
const [P3H, P3L] = [0x165667b1, 0x9e3779f9];
const [P4H, P4L] = [0x85ebca77, 0xc2b2ae63];
const [P5H, P5L] = [0x27d4eb2f, 0x165667c5];

const STRIPE = 32;

/** The last result of an operation, in halves: JavaScript has no fast 64-bit numbers. */
let hi = 0;
let lo = 0;

function multiply(ah: number, al: number, bh: number, bl: number): void {
  const [a1, a0, b1, b0] = [al >>> 16, al & 0xffff, bl >>> 16, bl & 0xffff];
  const low = a0 * b0;
  const middle = a1 * b0 + (low >>> 16);
  const other = a0 * b1 + (middle & 0xffff);
  const carried = a1 * b1 + (middle >>> 16) + (other >>> 16);
  hi = (carried + Math.imul(ah, bl) + Math.imul(al, bh)) >>> 0;
  lo = Math.imul(al, bl) >>> 0;
}

function add(ah: number, al: number, bh: number, bl: number): void {
  const sum = (al >>> 0) + (bl >>> 0);
  hi = (ah + bh + (sum > 0xffffffff ? 1 : 0)) >>> 0;
  lo = sum >>> 0;
}

/** Rotates left by 0 < bits < 32. */
function rotate(ah: number, al: number, bits: number): void {
  hi = ((ah << bits) | (al >>> (32 - bits))) >>> 0;
  lo = ((al << bits) | (ah >>> (32 - bits))) >>> 0;
}

/** acc = rotl(acc + input * P2, 31) * P1 */
function round(acch: number, accl: number, inh: number, inl: number): void {
  multiply(inh, inl, P2H, P2L);
  add(acch, accl, hi, lo);
  rotate(hi, lo, 31);
  multiply(hi, lo, P1H, P1L);
}

/** XXH64 with seed 0 of bytes that come in pieces (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). */
export class Xxh64 {
  /** Four accumulators, high and low half each. */
  readonly #acc = new Uint32Array(8);
  readonly #rest = new Uint8Array(STRIPE);
  #filled = 0;
  #length = 0;

  constructor() {
    add(P1H, P1L, P2H, P2L);
    this.#acc.set([hi, lo, P2H, P2L, 0, 0]);
    add(~P1H, ~P1L, 0, 1);
    this.#acc.set([hi, lo], 6);
  }

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let from = 0;
    if (this.#filled > 0) {
      from = Math.min(STRIPE - this.#filled, bytes.length);
      this.#rest.set(bytes.subarray(0, from), this.#filled);
      this.#filled += from;
      if (this.#filled < STRIPE) return;
      this.#stripes(this.#rest, 0, STRIPE);
      this.#filled = 0;
    }
    const whole = from + ((bytes.length - from) & ~(STRIPE - 1));
    this.#stripes(bytes, from, whole);
    this.#rest.set(bytes.subarray(whole));
    this.#filled = bytes.length - whole;
  }

  /** The hash of all bytes so far: its low 32 bits, which is what zstd keeps. */
  low32(): number {
    this.#start();
    add(hi, lo, Math.floor(this.#length / 2 ** 32), this.#length >>> 0);
    const rest = new DataView(this.#rest.buffer, 0, this.#filled);
    let p = 0;
    for (; p + 8 <= this.#filled; p += 8) {
      const [h, l] = [hi, lo];
      round(0, 0, rest.getUint32(p + 4, true), rest.getUint32(p, true));
      rotate(hi ^ h, lo ^ l, 27);
      multiply(hi, lo, P1H, P1L);
      add(hi, lo, P4H, P4L);
    }
    if (p + 4 <= this.#filled) {
      const [h, l] = [hi, lo];
      multiply(0, rest.getUint32(p, true), P1H, P1L);
      rotate(hi ^ h, lo ^ l, 23);
      multiply(hi, lo, P2H, P2L);
      add(hi, lo, P3H, P3L);
      p += 4;
    }
    for (; p < this.#filled; p++) {
      const [h, l] = [hi, lo];
      multiply(0, rest.getUint8(p), P5H, P5L);
      rotate(hi ^ h, lo ^ l, 11);
      multiply(hi, lo, P1H, P1L);
    }
    // hash ^= hash >> 33, * P2, ^= >> 29, * P3, ^= >> 32
    multiply(hi, lo ^ (hi >>> 1), P2H, P2L);
    multiply(hi ^ (hi >>> 29), lo ^ ((hi << 3) | (lo >>> 29)), P3H, P3L);
    return (lo ^ hi) >>> 0;
  }

  #start(): void {
    if (this.#length < STRIPE) {
      [hi, lo] = [P5H, P5L];
      return;
    }
    const acc = this.#acc;
    let [h, l] = [0, 0];
    [1, 7, 12, 18].forEach((bits, n) => {
      rotate(acc[2 * n], acc[2 * n + 1], bits);
      add(h, l, hi, lo);
      [h, l] = [hi, lo];
    });
    for (let n = 0; n < 4; n++) {
      round(0, 0, acc[2 * n], acc[2 * n + 1]);
      multiply(h ^ hi, l ^ lo, P1H, P1L);
      add(hi, lo, P4H, P4L);
      [h, l] = [hi, lo];
    }
  }

  #stripes(bytes: Uint8Array, from: number, to: number): void {
    const acc = this.#acc;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let p = from; p < to; p += STRIPE) {
      for (let n = 0; n < 4; n++) {
        const at = p + 8 * n;
        round(acc[2 * n], acc[2 * n + 1], view.getUint32(at + 4, true), view.getUint32(at, true));
        acc[2 * n] = hi;
        acc[2 * n + 1] = lo;
      }
    }
  }
}
