import type { Tensor } from './backend.js';
import type { Activation } from './ops.js';

/**
 * Pairs of a user and an item. Pair k of a batch is the four numbers from 4 (first + k) on of `pairs` u32[4 * any]: row of
 * the user, row of the item, bits of the f32 target, bits of the f32 weight.
 */
interface Pairs {
  readonly pairs: Tensor;
  readonly first: number;
  readonly count: number;
}

/** The kernels of models over pairs; part of Ops. */
export interface PairOps {
  /** out[k, h] = activation(users[user_k, h] + items[item_k, h]); rows from `count` on become zeros. */
  pairSum(
    args: Pairs & {
      /** f32[any, hidden] */
      users: Tensor;
      /** f32[any, hidden] */
      items: Tensor;
      /** f32[capacity, hidden] */
      out: Tensor;
      activation: Activation;
    },
  ): void;

  /**
   * Binary cross-entropy of z_k = logits[k] + sum_f users[user_k, f] items[item_k, f], and its gradient for z in place:
   * loss[k] = scale weight_k (softplus(z_k) - target_k z_k); logits[k] <- scale weight_k (sigmoid(z_k) - target_k).
   * From `count` to the capacity both become zeros.
   */
  pairLoss(
    args: Pairs & {
      /** f32[any, factors] */
      users: Tensor;
      /** f32[any, factors] */
      items: Tensor;
      /** f32[capacity, 1] */
      logits: Tensor;
      /** f32[at least capacity]; what lies beyond the capacity keeps its values */
      loss: Tensor;
      scale: number;
    },
  ): void;

  /**
   * Gradients of pairSum (without activation) and pairLoss for one of the two tables, gathered row by row (no atomics):
   * outDot[r, f] = sum over the row's entries (k, o): logitGrad[k] others[o, f], outSum[r, h] = sum sumGrad[k, h].
   * The entries of row r are entries[starts[firstStart + r] .. starts[firstStart + r + 1]], counted in entries (pairs of u32).
   */
  pairBackward(args: {
    /** u32[any], offsets into `entries` */
    starts: Tensor;
    /** u32[2 * any]: pair of the batch, its row in the other table */
    entries: Tensor;
    firstStart: number;
    /** f32[capacity, 1] */
    logitGrad: Tensor;
    /** f32[capacity, hidden] */
    sumGrad: Tensor;
    /** f32[any, factors]: the other table of pairLoss */
    others: Tensor;
    /** f32[rows, factors] */
    outDot: Tensor;
    /** f32[rows, hidden] */
    outSum: Tensor;
  }): void;

  /**
   * pairSum of some users with every item: out[r items + i, h] = activation(users[firstRow + r, h] + items[i, h]) for
   * r < rows. The rest of `out` keeps its values.
   */
  gridSum(args: {
    /** f32[any, hidden] */
    users: Tensor;
    /** f32[items, hidden] */
    items: Tensor;
    /** f32[at least rows * items, hidden] */
    out: Tensor;
    firstRow: number;
    rows: number;
    activation: Activation;
  }): void;

  /** scores[firstRow + r, i] += parts[r items + i, 0] for r < rows: what was worked out pair by pair, back in rows. */
  pairScores(args: {
    /** f32[at least rows * items, 1] */
    parts: Tensor;
    /** f32[batch, items] */
    scores: Tensor;
    firstRow: number;
    rows: number;
  }): void;
}
