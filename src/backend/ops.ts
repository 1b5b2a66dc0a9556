import type { Tensor } from './backend.js';
import type { ItemOps } from './itemOps.js';
import type { LatentOps } from './latentOps.js';
import type { PairOps } from './pairOps.js';
import type { RankOps } from './rankOps.js';
import type { ScoreOps } from './scoreOps.js';
import type { SequenceOps } from './sequenceOps.js';
import type { SolveOps } from './solveOps.js';
import type { SystemOps } from './systemOps.js';

export type Activation = 'linear' | 'relu' | 'tanh' | 'sigmoid' | 'gelu';

/**
 * Which inputs are left out in a step: input (row, item) is dropped iff
 * randomBits(seed, step, row, item) < dropThreshold(rate), row counted within the batch.
 */
export interface Dropout {
  /** Probability of dropping, 0 <= rate < 1. Kept inputs are scaled by 1 / (1 - rate). */
  readonly rate: number;
  readonly seed: number;
  readonly step: number;
}

/** A CSR matrix on the device. `values` may be f32[1] holding the value of every entry. */
export interface SparseRows {
  /** u32[users + 1] */
  readonly indptr: Tensor;
  /** u32[nnz], ascending within a row */
  readonly indices: Tensor;
  /** f32[nnz] or f32[1] */
  readonly values: Tensor;
}

/**
 * Which rows of a SparseRows make up a batch: row b of the batch is row `rows[first + b]`, b < count.
 * Rows count..batch of a batch-sized output are padding and are written as zeros.
 */
export interface BatchRows {
  /** u32[anything] of row numbers */
  readonly rows: Tensor;
  readonly first: number;
  readonly count: number;
}

/**
 * The kernels. One name in five places: the method here, shaders/NAME.wgsl, the function in cpu/, the
 * launch in gpu/, the row of the test table. Arguments that are tensors carry the names of the
 * shader's buffers. Outputs belong to the caller and are overwritten unless said otherwise.
 */
export interface Ops
  extends SequenceOps,
    ItemOps,
    LatentOps,
    PairOps,
    RankOps,
    ScoreOps,
    SolveOps,
    SystemOps {
  /**
   * Sparse times dense: out[b, h] = activation(sum over entries e of row b: x_e weights[item_e, h] + bias[h]),
   * x_e = values_e, dropped or scaled as `dropout` says. Where `scales` is given, what is kept of a row is scaled to
   * Euclidean length 1 instead, and the factor left there.
   */
  bagForward(args: {
    input: SparseRows;
    batch: BatchRows;
    /** f32[items, hidden] */
    weights: Tensor;
    /** f32[hidden] */
    bias: Tensor;
    /** f32[batch, hidden] */
    out: Tensor;
    activation: Activation;
    dropout: Dropout;
    /** f32[batch]; 0 of a row that keeps nothing */
    scales?: Tensor;
  }): void;

  /**
   * Gradients of bagForward: for `bias` the column sums, for `weights` gathered item by item (no atomics):
   * out[item - firstItem, h] = sum over entries e of the item's column: x_e outGrad[row_e, h].
   * The column of an item is entries[starts[firstStart + item] .. starts[firstStart + item + 1]], counted in entries
   * (pairs of u32) from the beginning of the buffer.
   */
  bagBackward(args: {
    /** u32[steps * (items + 1)], offsets into `entries` of one batch after another */
    starts: Tensor;
    /** u32[2 * nnz]: row of the batch, bits of the f32 value */
    entries: Tensor;
    firstStart: number;
    /** f32[batch, hidden] */
    outGrad: Tensor;
    /** f32[items, hidden] */
    out: Tensor;
    /** f32[hidden]: column sums of outGrad, the gradient of the bias */
    sums: Tensor;
    dropout: Dropout;
    /** `out` holds the block of items that begins with this one, a multiple of 64; 0 where absent. */
    firstItem?: number;
    /** Adds to what `out` holds, instead of overwriting it. `sums` is overwritten all the same. */
    accumulate?: boolean;
    /** f32[batch], as bagForward left it, where it was given it. */
    scales?: Tensor;
  }): void;

  /**
   * The gradient of bagForward, without activation and dropout, for its inputs: of every entry e of the batch's rows,
   * out[e] = sum_h weights[item_e - firstItem, h] outGrad[b, h]. Entries of other rows, or of items that are not in the
   * block, keep their values.
   */
  bagInputGrad(args: {
    /** Where the entries are; their values do not matter. */
    places: SparseRows;
    batch: BatchRows;
    /** f32[items, hidden] */
    weights: Tensor;
    /** f32[batch, hidden] */
    outGrad: Tensor;
    /** f32[nnz] */
    out: Tensor;
    /** `weights` hold the block of items that begins with this one, a multiple of 64; 0 where absent. */
    firstItem?: number;
  }): void;

  /** out = activation(a b + bias); a f32[m, k], b f32[k, n], bias f32[n], out f32[m, n]. */
  matmulNN(args: { a: Tensor; b: Tensor; bias: Tensor; out: Tensor; activation: Activation }): void;

  /**
   * Partial sums of a bᵀ: a f32[m, k], b f32[n, k], out f32[splits * m, n], splits = out.shape[0] / m.
   * The parts, one after the other in `out`, add up to the product; which terms a part sums is the backend's choice.
   */
  matmulNT(args: { a: Tensor; b: Tensor; out: Tensor }): void;

  /** out = (a bᵀ) * activation'(saved): matmulNT in one part with reduceActivation; a f32[m, k], b f32[n, k], saved and out f32[m, n]. */
  matmulNTActivation(args: {
    a: Tensor;
    b: Tensor;
    saved: Tensor;
    out: Tensor;
    activation: Activation;
  }): void;

  /** out = inputᵀ; input f32[m, n], out f32[n, m]. */
  transpose(args: { input: Tensor; out: Tensor }): void;

  /**
   * The gradients of a dense layer: out = aᵀ b of its weights, sums = column sums of b of its bias.
   * a f32[m, k], b f32[m, n], out f32[k, n], sums f32[n]. `accumulate` adds both to what is there.
   */
  matmulTN(args: { a: Tensor; b: Tensor; out: Tensor; sums: Tensor; accumulate?: boolean }): void;

  /**
   * out = (sum of the parts) * activation'(saved); parts f32[splits * m, n], saved and out f32[m, n].
   * `saved` is the activation's output, for gelu its input.
   */
  reduceActivation(args: { parts: Tensor; saved: Tensor; out: Tensor; activation: Activation }): void;

  /** out = activation(input), element by element; same shapes. */
  activate(args: { input: Tensor; out: Tensor; activation: Activation }): void;

  /**
   * Multinomial negative log-likelihood (Liang et al. 2018, eq. 2), summed over items, and its gradient in place.
   * loss[b] = -scale sum_i x_bi log softmax(logits_b)_i; logits <- scale (n_b softmax(logits_b) - x_b), n_b = sum_i x_bi.
   */
  softmaxNll(args: LossArgs): void;

  /**
   * Squared error of the raw scores, and its gradient in place; w_bi = 1 where x_bi is stored, else negativeWeight > 0.
   * loss[b] = scale sum_i w_bi (logits_bi - x_bi)²; logits <- 2 scale w_bi (logits_bi - x_bi).
   */
  squaredError(args: BlockLossArgs & { negativeWeight: number }): void;

  /** The same of y = output(logits), with the gradient for the logits. */
  activatedSquaredError(args: LossArgs & { negativeWeight: number; output: 'softmax' | 'sigmoid' }): void;

  /**
   * Binary cross-entropy with logits, summed over items, and its gradient in place.
   * loss[b] = scale sum_i (softplus(logits_bi) - x_bi logits_bi); logits <- scale (sigmoid(logits_bi) - x_bi).
   */
  binaryCrossEntropy(args: BlockLossArgs): void;

  /**
   * sums[slot + p], p < SQUARE_PARTS, add up to factor * (sum of squares of input); the other slots keep
   * their values. sums f32[any].
   */
  sumSquares(args: {
    input: Tensor;
    sums: Tensor;
    slot: number;
    factor: number;
    /** Of an input of one dimension: how many leading numbers count; all of them where absent. */
    count?: number;
  }): void;

  /**
   * Holds the length of a gradient down (Pascanu et al. 2013, alg. 1), in place:
   * grad <- grad min(1, most / (length + 1e-6)), where the length is the root of the sum of the SQUARE_PARTS numbers of
   * `squares` f32[SQUARE_PARTS], see sumSquares.
   */
  clipNorm(args: { grad: Tensor; squares: Tensor; most: number }): void;

  /**
   * ring[slot] = sum of parts[0 .. count]; NaN when any of them is not finite (tested by bits).
   * parts f32[n], ring f32[slots].
   */
  recordLoss(args: { parts: Tensor; ring: Tensor; count: number; slot: number }): void;

  /**
   * One step of gradient descent with L2 and (heavy-ball) momentum, in place:
   * g = grad + 2 l2 param; velocity <- momentum velocity + g; param <- param - learningRate velocity.
   */
  sgd(args: {
    param: Tensor;
    grad: Tensor;
    velocity: Tensor;
    learningRate: number;
    momentum: number;
    l2: number;
    /** Of parameters of one dimension: how many leading numbers L2 applies to; all of them where absent. */
    decayed?: number;
  }): void;

  /**
   * One step of Adam (Kingma & Ba 2015, alg. 1) with L2 in the gradient, or AdamW (Loshchilov & Hutter 2019)
   * with decoupled weightDecay, in place. `step` counts from 1. g = grad + 2 l2 param;
   * param <- param - learningRate (m / (1 - beta1^step) / (sqrt(v / (1 - beta2^step)) + epsilon) + weightDecay param).
   */
  adam(args: {
    param: Tensor;
    grad: Tensor;
    moment1: Tensor;
    moment2: Tensor;
    step: number;
    learningRate: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    l2: number;
    weightDecay: number;
    /** Of parameters of one dimension: how many leading numbers L2 and weight decay apply to; all where absent. */
    decayed?: number;
  }): void;

  /** Sets the diagonal of matrix f32[n, n] to 0. */
  zeroDiagonal(args: { matrix: Tensor }): void;

  /** For every point the nearest centroid by Euclidean distance, ties to the lower index, and the distance squared. */
  clusterAssign(args: {
    /** f32[n, d] */
    points: Tensor;
    /** f32[k, d] */
    centroids: Tensor;
    /** u32[n] */
    assigned: Tensor;
    /** f32[n] */
    distances: Tensor;
  }): void;

  /** Each centroid becomes the mean of the points assigned to it; one without points keeps its place. */
  clusterUpdate(args: {
    /** f32[n, d] */
    points: Tensor;
    /** u32[n] */
    assigned: Tensor;
    /** f32[k, d], changed in place */
    centroids: Tensor;
    /** u32[k]: how many points each has */
    counts: Tensor;
  }): void;

  /** out[r, c] = randomUniform(seed, stream, firstRow + r, firstColumn + c) in [0, 1); firstColumn is 0 where absent. */
  uniform(args: { out: Tensor; seed: number; stream: number; firstRow: number; firstColumn?: number }): void;
}

export interface LossArgs {
  /** f32[batch, items]; becomes the gradient */
  logits: Tensor;
  targets: SparseRows;
  batch: BatchRows;
  /** f32[at least batch]; what lies beyond the batch keeps its values */
  loss: Tensor;
  /** What the loss is multiplied by, e.g. 1 / batch */
  scale: number;
}

/** Of a loss that is a sum over items: also of a block of them. */
export interface BlockLossArgs extends LossArgs {
  /**
   * The item of the first column, a multiple of 64; 0 where absent. The loss of the block with item 0 overwrites `loss`,
   * that of others is added.
   */
  firstItem?: number;
}

/** Into how many partial sums `sumSquares` writes. */
export const SQUARE_PARTS = 32;

export { MASKED, NO_ITEM, NOT_FINITE } from './rankOps.js';
export { PANEL } from './solveOps.js';
