import type { Tensor } from './backend.js';
import type { Activation, BatchRows, Dropout, SparseRows } from './ops.js';

/** Where a block of items begins in the catalogue: a multiple of 64. */
interface InBlock {
  firstItem: number;
}

/**
 * The kernels of large catalogues: sums over items that are worked out block by block, and work on few rows of a
 * matrix over items. `items` always are numbers of the whole catalogue.
 */
export interface ItemOps {
  /**
   * The share of a block of items in bagForward, whose blocks are to be asked for in order: with s the sum over the
   * entries e of row b whose item is in the block of x_e weights[item_e - firstItem, h],
   * out[b, h] = (firstItem = 0 ? bias[h] : out[b, h]) + s, and activation of that where `isLast`.
   */
  bagBlock(
    args: InBlock & {
      input: SparseRows;
      batch: BatchRows;
      /** f32[n, hidden] */
      weights: Tensor;
      /** f32[hidden] */
      bias: Tensor;
      /** f32[batch, hidden] */
      out: Tensor;
      isLast: boolean;
      activation: Activation;
      dropout: Dropout;
    },
  ): void;

  /**
   * The first of two passes of softmaxNll over blocks of items, to be asked for in order. sums[b] holds, over the items
   * so far: the largest logit m, sum exp(logit - m), the sum of the targets, the sum of target * logit.
   */
  softmaxSums(
    args: InBlock & {
      /** f32[batch, n] */
      logits: Tensor;
      targets: SparseRows;
      batch: BatchRows;
      /** f32[batch, 4] */
      sums: Tensor;
    },
  ): void;

  /** The second pass: `logits` f32[batch, n] of a block become their gradient, `loss` that of softmaxNll over all items. */
  softmaxGrad(
    args: InBlock & {
      logits: Tensor;
      targets: SparseRows;
      batch: BatchRows;
      /** What softmaxSums found over all blocks. */
      sums: Tensor;
      /** f32[at least batch] */
      loss: Tensor;
      scale: number;
    },
  ): void;

  /**
   * The logits of a softmax over sampled items: logits[b, c] += corrections[c], but for the positives of row b, which were
   * not sampled. Rows beyond the batch keep their values. logits f32[batch, n], corrections f32[n].
   */
  correctLogits(args: { logits: Tensor; positives: SparseRows; batch: BatchRows; corrections: Tensor }): void;

  /** out += input, element by element; f32 of one shape. */
  accumulate(args: { input: Tensor; out: Tensor }): void;

  /**
   * Few rows of a matrix over items: out[e] = input[items[e] - firstItem] for each e whose item is in the block; zeros
   * where items[e] is NO_ITEM; other rows of `out` keep their values.
   */
  gatherRows(
    args: InBlock & {
      /** f32[n, width] or f32[n] */
      input: Tensor;
      /** u32[m] */
      items: Tensor;
      /** f32[m, width] or f32[m] */
      out: Tensor;
    },
  ): void;

  /**
   * A step of `adam` on few rows of a block, moments and all: the row items[e] - firstItem with the gradient grad[e], for
   * each e whose item is in the block. All other rows keep their values, those of the moments too: the lazy form
   * of Adam, with the bias corrections of `step` for every row (SparseAdam in PyTorch, LazyAdam in TensorFlow Addons).
   */
  adamRows(
    args: InBlock & {
      /** f32[n, width] or f32[n]; the moments alike */
      param: Tensor;
      /** f32[m, width] or f32[m] */
      grad: Tensor;
      moment1: Tensor;
      moment2: Tensor;
      /** u32[m], ascending, each item once; NO_ITEM behind the last */
      items: Tensor;
      step: number;
      learningRate: number;
      beta1: number;
      beta2: number;
      epsilon: number;
      l2: number;
      weightDecay: number;
    },
  ): void;
}
