const CHUNK = 1 << 18;

type Numbers = Float32Array | Uint32Array | Float64Array;
type Kind = Float32ArrayConstructor | Uint32ArrayConstructor | Float64ArrayConstructor;

/**
 * A column of numbers that grows in pieces, so that nothing is copied while it does. Each number takes four
 * bytes as long as that holds all of them exactly (`narrow` says as what), eight from the first that it does not hold.
 */
export class GrowingColumn {
  length = 0;
  readonly #pieces: Numbers[] = [];
  #kind: Kind;
  #last: Numbers;
  #room = 0;
  #expected = 0;

  constructor(narrow: Kind) {
    this.#kind = narrow;
    this.#last = new narrow(0);
  }

  /** Says how many numbers will come, about: as many get room in one piece, which then need not be copied. */
  expect(length: number): void {
    this.#expected = length;
  }

  push(number: number): void {
    const fits =
      this.#kind === Float32Array
        ? Math.fround(number) === number
        : this.#kind === Float64Array || number >>> 0 === number;
    if (!fits) this.#widen();
    if (this.#room === 0) this.#add();
    this.#last[this.#last.length - this.#room--] = number;
    this.length++;
  }

  /** All numbers in one array, those of rows whose `kept` is 0 left out. The column is empty afterwards. */
  take(kept?: Uint8Array): Numbers {
    if (!kept && this.#pieces.length === 1) {
      const [only] = this.#pieces.splice(0);
      // A view of a piece that is hardly filled would keep all of it.
      const all = 2 * this.length < only.length ? only.slice(0, this.length) : only.subarray(0, this.length);
      this.length = this.#room = 0;
      return all;
    }
    const count = kept ? kept.reduce((sum, keep) => sum + keep, 0) : this.length;
    const all = new this.#kind(count);
    let row = 0;
    let n = 0;
    const total = this.length;
    while (this.#pieces.length > 0) {
      // Taken from the front, so that the pieces need not all be there until the end.
      const piece = this.#pieces.shift()!;
      const size = Math.min(piece.length, total - row);
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
    this.#room = Math.max(CHUNK, this.#expected - this.length);
    this.#last = new this.#kind(this.#room);
    this.#pieces.push(this.#last);
  }

  #widen(): void {
    if (this.#kind === Float64Array) return;
    this.#kind = Float64Array;
    for (let p = 0; p < this.#pieces.length; p++) this.#pieces[p] = Float64Array.from(this.#pieces[p]);
    this.#last = this.#pieces[this.#pieces.length - 1] ?? this.#last;
  }
}
