import { checkRange, checkWhole, TRAIN_DEFAULTS, type TrainConfig } from './config.js';

/** What a neural matrix factorisation looks like, and how a history is folded in. */
export interface NeumfConfig {
  /** Numbers of a user and of an item whose products are added up (GMF). */
  readonly factors: number;
  /** Units of the layers (MLP): the first is the sum of one row a user and one row an item. At least one. */
  readonly hidden: readonly number[];
  /** Items the user does not have that are drawn for each one they have, anew every epoch. */
  readonly negatives: number;
  /** Steps of Adam in which a history is folded in. */
  readonly foldSteps: number;
  /** Their learning rate, which falls linearly to 0. */
  readonly foldRate: number;
  /** What the squared numbers of a user count as against the summed loss of their pairs. */
  readonly foldL2: number;
}

export const NEUMF_DEFAULTS: NeumfConfig = {
  factors: 32,
  hidden: [32, 16, 8],
  negatives: 4,
  foldSteps: 40,
  foldRate: 0.2,
  foldL2: 1,
};

/** A batch is so many interactions, each with its negatives. */
export const NEUMF_TRAIN_DEFAULTS: TrainConfig = {
  ...TRAIN_DEFAULTS,
  epochs: 20,
  batch: 2048,
  learningRate: 3e-3,
  lrDecay: 0.7,
  l2: 1e-6,
};

/** CONFIG, with the option's name, unless every value makes sense. */
export function checkNeumfConfig(config: NeumfConfig): void {
  checkWhole('factors', config.factors, 1, 65_535);
  checkWhole('hidden', config.hidden.length, 1, 100);
  for (const units of config.hidden) checkWhole('hidden', units, 1, 65_535);
  checkWhole('negatives', config.negatives, 1, 1000);
  checkWhole('fold-steps', config.foldSteps, 1, 10_000);
  checkRange('fold-lr', config.foldRate, 1e-6, 100);
  checkRange('fold-l2', config.foldL2, 0, 1e6);
}
