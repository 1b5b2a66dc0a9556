/**
 * Exact string ids and their indices. Order is by number where every id is a plain integer
 * ("0", "17", "-3", no leading zeros), else by code point, so that an index never depends on the
 * order of lines in a file.
 */
export class Vocabulary {
  readonly #indexOf = new Map<string, number>();
  readonly ids: readonly string[];

  /** `ids` must be distinct; they keep the order given (see `sorted` for the usual order). */
  constructor(ids: readonly string[]) {
    this.ids = ids;
    ids.forEach((id, index) => {
      this.#indexOf.set(id, index);
    });
    if (this.#indexOf.size !== ids.length) throw new RangeError('a vocabulary holds every id once');
  }

  static sorted(ids: Iterable<string>): Vocabulary {
    const distinct = [...new Set(ids)];
    return new Vocabulary(Array.from(sortedPlaces(distinct), (place) => distinct[place]));
  }

  get size(): number {
    return this.ids.length;
  }

  /** Index of an id, or undefined. */
  indexOf(id: string): number | undefined {
    return this.#indexOf.get(id);
  }
}

const PLAIN_INTEGER = /^(0|-?[1-9]\d*)$/;

/** The places of some ids in sorted order: u32[ids]. */
export function sortedPlaces(ids: readonly string[]): Uint32Array {
  const places = Uint32Array.from(ids.keys());
  const numbers = Float64Array.from(ids, (id) => (PLAIN_INTEGER.test(id) ? Number(id) : Number.NaN));
  // The usual case, and much the fastest: numbers that doubles hold exactly.
  if (numbers.every(Number.isSafeInteger)) return places.sort((a, b) => numbers[a] - numbers[b]);
  const compare = idOrder(ids);
  return places.sort((a, b) => compare(ids[a], ids[b]));
}

/** The comparison that sorts these ids: by number if all are plain integers, else by code point. */
export function idOrder(ids: readonly string[]): (a: string, b: string) => number {
  if (!ids.every((id) => PLAIN_INTEGER.test(id))) return byCodePoint;
  return (a, b) => {
    const x = Number(a);
    const y = Number(b);
    if (Number.isSafeInteger(x) && Number.isSafeInteger(y)) return x - y;
    const difference = BigInt(a) - BigInt(b);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  };
}

/** JavaScript's own order is by UTF-16 unit, which puts U+10000.. before U+E000..U+FFFF. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      const xSurrogate = x >= 0xd800 && x <= 0xdfff;
      const ySurrogate = y >= 0xd800 && y <= 0xdfff;
      if (xSurrogate !== ySurrogate) return xSurrogate ? 1 : -1;
      return x - y;
    }
  }
  return a.length - b.length;
}
