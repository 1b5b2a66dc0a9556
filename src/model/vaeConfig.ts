import type { Activation } from '../backend/backend.js';
import { checkOneOf, checkRange, checkWhole, TRAIN_DEFAULTS, type TrainConfig } from './config.js';

/** What a variational autoencoder looks like and what it minimises. */
export interface VaeConfig {
  /** Units of the encoder's hidden layers; the decoder has them the other way round. */
  readonly hidden: readonly number[];
  /** Units in the middle. */
  readonly latent: number;
  /** Of hidden layers. */
  readonly activation: Activation;
  /** Share of a history's items left out at random in training. */
  readonly dropout: number;
  /** `l2`: a history is scaled to length 1, then dropped from and scaled by 1 / (1 - dropout); `l2AfterDropout`: dropped from, then scaled to length 1. */
  readonly normalise: 'none' | 'l2' | 'l2AfterDropout';
  /** What the divergence from the prior counts as in the end; 0 leaves it out. */
  readonly kl: number;
  /** Share of all updates over which its weight rises from 0 to `kl`, linearly. */
  readonly anneal: number;
  /** b: in the loss, users count as (length of their history)^-b. */
  readonly userPower: number;
  /** Where the output biases start: at 0, or at the logarithm of the share of users who have the item. */
  readonly outputBias: 'zero' | 'popularity';
}

export const VAE_DEFAULTS: VaeConfig = {
  hidden: [600],
  latent: 200,
  activation: 'tanh',
  dropout: 0.5,
  normalise: 'l2',
  kl: 0.2,
  anneal: 0.3,
  userPower: 0,
  outputBias: 'popularity',
};

export const VAE_TRAIN_DEFAULTS: TrainConfig = { ...TRAIN_DEFAULTS, l2: 1e-4 };

/** CONFIG, with the option's name, unless every value makes sense. */
export function checkVaeConfig(config: VaeConfig): void {
  for (const units of config.hidden) checkWhole('hidden', units, 1, 65_535);
  checkWhole('latent', config.latent, 1, 32_767);
  checkOneOf('activation', config.activation, ['linear', 'relu', 'tanh', 'sigmoid', 'gelu']);
  checkRange('dropout', config.dropout, 0, 0.999);
  checkOneOf('normalise', config.normalise, ['none', 'l2', 'l2AfterDropout']);
  checkRange('kl', config.kl, 0, 1e6);
  checkRange('anneal', config.anneal, 0, 1);
  checkRange('user-power', config.userPower, 0, 2);
  checkOneOf('output-bias', config.outputBias, ['zero', 'popularity']);
}
