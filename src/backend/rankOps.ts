import type { Tensor } from './backend.js';
import type { BatchRows, SparseRows } from './ops.js';

/** Scores of a block of the items: all of them, or as many as fit one tensor. */
interface ScoreBlock {
  /** f32[batch, n] */
  scores: Tensor;
  batch: BatchRows;
  /** The item of the first column, a multiple of 64; 0 where absent. */
  firstItem?: number;
}

/** The kernels that rank. Items are numbered over the whole catalogue, also where `scores` holds a block of it. */
export interface RankOps {
  /**
   * The k best items of each row, best first; ties to the lower index. Items of `seen` never appear, nor
   * items whose bit in `allowed` is 0. `scores` is overwritten at masked items. A row with fewer than k
   * items to give is filled with index 0xffffffff and score MASKED, and so is a padding row. A row where an
   * item that may be given has a score that is not finite is filled with index 0xfffffffe and score MASKED.
   */
  topK(
    args: ScoreBlock & {
      seen: SparseRows;
      /** u32[at least ceil((firstItem + n) / 32)], bit i % 32 of word i / 32 */
      allowed: Tensor;
      /** u32[batch, k] */
      topItems: Tensor;
      /** f32[batch, k] */
      topScores: Tensor;
    },
  ): void;

  /**
   * The scores of the held-out items: out[e - firstEntry] = scores[b, item_e - firstItem] for each entry e of each row
   * of the batch whose item is in the block. Other places of `out` keep their values.
   */
  scoresOf(
    args: ScoreBlock & {
      heldOut: SparseRows;
      /** f32[entries] */
      out: Tensor;
      /** heldOut.indptr of the batch's first row when rows are consecutive */
      firstEntry: number;
    },
  ): void;

  /**
   * For each held-out entry of each row of the batch: how many unseen items score above it, and how many
   * others score the same, at a lower index and in all. The exact ranks give every metric at every k.
   * An item must not be both seen and held out. `scores` is overwritten at seen items. Counts of the block with
   * firstItem 0 overwrite `ranks`, those of others are added. 0xffffffff three times marks a row where an unseen item
   * has a score that is not finite.
   */
  rankOf(
    args: ScoreBlock & {
      seen: SparseRows;
      heldOut: SparseRows;
      /** f32[entries]: what `scoresOf` found, entry e at e - firstEntry */
      heldOutScores: Tensor;
      /** u32[3 * entries]: above, tied at a lower index, tied; entry e of heldOut at 3 (e - firstEntry) */
      ranks: Tensor;
      firstEntry: number;
    },
  ): void;
}

/** The score of an item that must not be ranked: -3.4e38 as an f32 holds it. */
export const MASKED = Math.fround(-3.4e38);
/** Index that fills a top-k list beyond its last item. */
export const NO_ITEM = 0xffffffff;
/** Index that marks a row whose scores are not finite. */
export const NOT_FINITE = 0xfffffffe;
