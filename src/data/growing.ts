const CHUNK = 1 << 18;

type Numbers = Float32Array | Uint32Array | Float64Array;
type Kind = Float32ArrayConstructor | Uint32ArrayConstructor | Float64ArrayConstructor;

/** Whether a number is kept exactly. */
const FITS: readonly [Kind, (number: number) => boolean][] = [
  [Float32Array, (number) => Math.fround(number) === number],
  [Uint32Array, (number) => number >>> 0 === number],
  [Float64Array, () => true],
];

/**
 * A column of numbers that grows in pieces, so that nothing is copied while it does. Each number takes four
 * bytes as long as that holds all of them exactly (`narrow` says as what), eight from the first that it does not hold.
 */
export class GrowingColumn {
  length = 0;
  readonly #pieces: Numbers[] = [];
  #kind: Kind;
  #fits: (number: number) => boolean;
  #last: Numbers;
  #room = 0;

  constructor(narrow: Kind) {
    this.#kind = narrow;
    this.#fits = FITS.find(([kind]) => kind === narrow)![1];
    this.#last = new narrow(0);
  }

  push(number: number): void {
    if (!this.#fits(number)) this.#widen();
    if (this.#room === 0) this.#add();
    this.#last[CHUNK - this.#room--] = number;
    this.length++;
  }

  /** All numbers in one array, those of rows whose `kept` is 0 left out. The column is empty afterwards. */
  take(kept?: Uint8Array): Numbers {
    const count = kept ? kept.reduce((sum, keep) => sum + keep, 0) : this.length;
    const all = new this.#kind(count);
    let row = 0;
    let n = 0;
    const total = this.length;
    while (this.#pieces.length > 0) {
      // Taken from the front, so that the pieces need not all be there until the end.
      const piece = this.#pieces.shift()!;
      const size = Math.min(CHUNK, total - row);
      if (!kept) all.set(piece.subarray(0, size), row);
      else for (let i = 0; i < size; i++) if (kept[row + i] === 1) all[n++] = piece[i];
      row += size;
    }
    this.length = 0;
    this.#room = 0;
    return all;
  }

  /** Every number through a function. */
  map(change: (number: number) => number): void {
    this.#widen();
    for (const piece of this.#pieces) for (let i = 0; i < piece.length; i++) piece[i] = change(piece[i]);
  }

  #add(): void {
    this.#last = new this.#kind(CHUNK);
    this.#pieces.push(this.#last);
    this.#room = CHUNK;
  }

  #widen(): void {
    if (this.#kind === Float64Array) return;
    this.#kind = Float64Array;
    this.#fits = () => true;
    for (let p = 0; p < this.#pieces.length; p++) this.#pieces[p] = Float64Array.from(this.#pieces[p]);
    this.#last = this.#pieces[this.#pieces.length - 1] ?? this.#last;
  }
}
