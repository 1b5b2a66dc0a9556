import type { Tensor } from './backend.js';

/** What is done to whole rows of similarities and scores; part of Ops. */
export interface ScoreOps {
  /**
   * From cosines to a kernel, in place: cosines <- exp(sharpness (cosines - 1)), which of vectors of length 1 is
   * the Gaussian exp(-sharpness |f - f'|² / 2).
   */
  gaussianKernel(args: {
    /** f32[m, n] */
    cosines: Tensor;
    sharpness: number;
  }): void;

  /**
   * out[b, i] = weight (scores[b, i] - mean_b) / sd_b, mean and standard deviation of the row over all its items; 0 in
   * a row whose scores are all the same. Where `rowWeights` are given, row b is also multiplied by its own.
   * `accumulate` adds to what `out` holds.
   */
  standardise(args: {
    /** f32[batch, items] */
    scores: Tensor;
    /** f32[batch, items], another tensor than `scores` */
    out: Tensor;
    weight: number;
    /** f32[batch] */
    rowWeights?: Tensor;
    accumulate?: boolean;
  }): void;
}
