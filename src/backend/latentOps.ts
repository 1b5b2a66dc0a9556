import type { Tensor } from './backend.js';

/** Which normal numbers are drawn in a step: the one of (row of the batch, column) is randomNormal(seed, step, row, column). */
export interface Noise {
  readonly seed: number;
  readonly step: number;
}

/** The kernels of models with a latent Gaussian a row; part of Ops. */
export interface LatentOps {
  /**
   * Draws from one Gaussian a row by reparameterisation (Kingma & Welling 2014, sec. 2.4):
   * out[b, c] = mean[b, c] + exp(logVariance[b, c] / 2) normal, or the mean itself where there is no `noise`.
   */
  gaussianSample(args: {
    /** f32[batch, 2 latent]: the means, then the logarithms of the variances */
    encoded: Tensor;
    /** f32[batch, latent]; rows from `count` on are padding and become zeros */
    out: Tensor;
    count: number;
    noise?: Noise;
  }): void;

  /**
   * Gradients of gaussianSample, and of the Kullback-Leibler divergence of the Gaussians from the standard normal:
   * with kl[b] = sum_c (mean² + exp(logVariance) - logVariance - 1) / 2, adds scale kl[b] to loss[b], and writes
   * out = (outGrad + scale mean, outGrad exp(logVariance / 2) normal / 2 + scale (exp(logVariance) - 1) / 2).
   */
  gaussianBackward(args: {
    /** f32[batch, 2 latent] */
    encoded: Tensor;
    /** f32[batch, latent]: the gradient for what was drawn */
    outGrad: Tensor;
    /** f32[batch, 2 latent]; rows from `count` on become zeros */
    out: Tensor;
    /** f32[at least batch]; what lies beyond `count` keeps its values */
    loss: Tensor;
    count: number;
    /** As gaussianSample was given it; without it the gradient for the logarithms is that of the divergence alone. */
    noise?: Noise;
    scale: number;
  }): void;
}
