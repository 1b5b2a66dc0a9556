/** Pairs of a user and an item as the kernels read them; see PairOps. */
export class PairList {
  readonly numbers: Uint32Array;
  readonly #floats: Float32Array;
  /** Pairs in it. */
  length = 0;

  constructor(readonly capacity: number) {
    this.numbers = new Uint32Array(4 * capacity);
    this.#floats = new Float32Array(this.numbers.buffer);
  }

  add(user: number, item: number, target: number, weight: number): void {
    const at = 4 * this.length++;
    this.numbers[at] = user;
    this.numbers[at + 1] = item;
    this.#floats[at + 2] = target;
    this.#floats[at + 3] = weight;
  }

  /**
   * The pairs first .. first + count by the user (side 0) or the item (side 1) they belong to, as pairBackward reads them:
   * fills `starts` u32[rows + 1] and, from entry `begin` on, `entries` with (pair, counted from `first`; row of the other
   * side). Returns where the entries end.
   */
  byRow(
    { first, count }: { readonly first: number; readonly count: number },
    side: 0 | 1,
    starts: Uint32Array,
    entries: Uint32Array,
    begin: number,
  ): number {
    const { numbers } = this;
    const rows = starts.length - 1;
    starts.fill(0);
    for (let k = first; k < first + count; k++) starts[numbers[4 * k + side]]++;
    let end = begin;
    for (let row = 0; row < rows; row++) {
      const mine = starts[row];
      starts[row] = end;
      end += mine;
    }
    starts[rows] = end;
    // Every start moves to its row's end, which is where the next row's start was.
    for (let k = first; k < first + count; k++) {
      const at = 2 * starts[numbers[4 * k + side]]++;
      entries[at] = k - first;
      entries[at + 1] = numbers[4 * k + 1 - side];
    }
    starts.copyWithin(1, 0, rows);
    starts[0] = begin;
    return end;
  }
}

/** The place-th item, counted from 0, that is not in a history, whose items ascend: in O(log length), and the same for all. */
export function unseenItem(history: Uint32Array, place: number): number {
  // history[j] - j unseen items stand before history[j]: the first j with more than `place` of them says how many are seen.
  let low = 0;
  let high = history.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (history[middle] - middle > place) high = middle;
    else low = middle + 1;
  }
  return place + low;
}
