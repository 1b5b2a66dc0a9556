import { MASKED, NO_ITEM, NOT_FINITE } from '../backend/ops.js';

/** The best items of some rows among a block of the catalogue, as the op topK writes them: width numbers a row. */
export interface BlockLists {
  readonly width: number;
  readonly items: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

/**
 * The k best items of each row among all blocks, given those of every block in the order of the catalogue: best first,
 * ties to the lower index. A row that is not finite in one block is not finite.
 */
export function mergeLists(
  blocks: readonly BlockLists[],
  rows: number,
  k: number,
  into: { readonly items: Uint32Array; readonly scores: Float32Array | Float64Array },
  at: number,
): void {
  for (let row = 0; row < rows; row++) {
    const place = at + row * k;
    const isBroken = blocks.some(({ items, width }) => items[row * width] === NOT_FINITE);
    into.items.fill(isBroken ? NOT_FINITE : NO_ITEM, place, place + k);
    into.scores.fill(MASKED, place, place + k);
    if (isBroken) continue;
    const next = blocks.map(({ width }) => row * width);
    for (let i = 0; i < k; i++) {
      let best = -1;
      for (let b = 0; b < blocks.length; b++) {
        const { items, scores, width } = blocks[b];
        if (next[b] === (row + 1) * width || items[next[b]] === NO_ITEM) continue;
        // Of equal scores the one of the earlier block has the lower index.
        if (best < 0 || scores[next[b]] > blocks[best].scores[next[best]]) best = b;
      }
      if (best < 0) break;
      into.items[place + i] = blocks[best].items[next[best]];
      into.scores[place + i] = blocks[best].scores[next[best]++];
    }
  }
}
