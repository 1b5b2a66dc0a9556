import type { Activation } from '../backend/backend.js';
import { FoldinError } from '../errors.js';

/** What models of whole histories can do with their order. */
export interface Decay {
  /**
   * gamma: an item counts as gamma^(steps back from the latest) in what the model sees of a history. 1: all count alike.
   * What it learns to predict is not weighted.
   */
  readonly decay: number;
}

/** How the sum in a softmax over the items is worked out. */
export interface Softmax {
  /** Over all items (`full`), or estimated from some (`sampled`); `auto` samples where there are more than SAMPLED_ABOVE. */
  readonly softmax: 'auto' | 'full' | 'sampled';
  /** Items that a sampled softmax draws for a step. */
  readonly softmaxSamples: number;
}

/** What a network over histories looks like and what it minimises; of `Softmax`, the multinomial loss. */
export interface NetworkConfig extends Decay, Softmax {
  /** Units of the hidden layers; none makes the model linear. */
  readonly hidden: readonly number[];
  readonly activation: Activation;
  /** What the loss sees of the raw scores. Rankings do not depend on it. */
  readonly output: 'linear' | 'softmax' | 'sigmoid';
  /**
   * `mse` (score - target)²; `weightedMse` the same with `negativeWeight` where the user did nothing;
   * `multinomial` -sum target log softmax; `bce` binary cross-entropy of the sigmoid.
   */
  readonly loss: 'mse' | 'weightedMse' | 'multinomial' | 'bce';
  readonly negativeWeight: number;
  /** `users`: summed over items, averaged over users; `mean`: averaged over both, as Keras does; `sum`. */
  readonly reduction: 'users' | 'mean' | 'sum';
  /** Share of a history's items left out at random in training, the others scaled by 1 / (1 - dropout). */
  readonly dropout: number;
  /** `l2`: a history is scaled to length 1 before it goes in. */
  readonly normalise: 'none' | 'l2';
  /** `sum`: the targets of a user are divided by their sum. */
  readonly targets: 'raw' | 'sum';
  /** Linear model only: an item's own weight is held at 0, so that it cannot predict itself. */
  readonly zeroDiagonal: boolean;
}

export interface TrainConfig {
  readonly epochs: number;
  readonly batch: number;
  readonly optimizer: 'adam' | 'adamw' | 'sgd';
  readonly learningRate: number;
  /** Share of all steps, at the end, over which the learning rate falls linearly to 0. */
  readonly lrDecay: number;
  /** lambda of lambda * (sum of squared weights), added to the loss; biases are left out. */
  readonly l2: number;
  /** Decoupled weight decay of adamw. */
  readonly weightDecay: number;
  /** Of sgd. */
  readonly momentum: number;
  /** The most that the length of the gradient of all parameters may be; 0 lets it be. */
  readonly clip: number;
  /** Of adam: added to the root of the second moment. */
  readonly epsilon: number;
  /** Validations without a better ndcg@100 before training stops; 0 trains all epochs and keeps the last weights. */
  readonly patience: number;
  /** Patience runs out after so many steps at the earliest, counted from the last better validation. */
  readonly patienceSteps: number;
  /** A validation after every so many epochs. */
  readonly validateEvery: number;
  readonly seed: number;
}

/** Above so many items a softmax is estimated from samples, unless it is asked for in full. */
export const SAMPLED_ABOVE = 200_000;

/** Whether a softmax over so many items is estimated from samples of them. */
export const isSoftmaxSampled = ({ softmax }: Softmax, items: number): boolean =>
  softmax === 'sampled' || (softmax === 'auto' && items > SAMPLED_ABOVE);

/** Whether a network over so many items learns from samples of them. */
export const isSampled = (config: NetworkConfig, items: number): boolean =>
  config.loss === 'multinomial' && config.hidden.length > 0 && isSoftmaxSampled(config, items);

/** The defaults: what EVALUATION's table of held-out users shows to be best for a 128-64 network. */
export const MLP_DEFAULTS: NetworkConfig = {
  hidden: [128, 64],
  activation: 'relu',
  output: 'linear',
  loss: 'mse',
  negativeWeight: 1,
  reduction: 'users',
  dropout: 0.5,
  normalise: 'l2',
  targets: 'raw',
  softmax: 'auto',
  softmaxSamples: 8192,
  zeroDiagonal: false,
  decay: 1,
};

export const LINEAR_DEFAULTS: NetworkConfig = {
  ...MLP_DEFAULTS,
  hidden: [],
  activation: 'linear',
  dropout: 0,
  normalise: 'none',
  zeroDiagonal: true,
};

/** The denoising autoencoder with a multinomial likelihood (Liang et al. 2018). */
export const DAE_DEFAULTS: NetworkConfig = {
  ...MLP_DEFAULTS,
  hidden: [200],
  activation: 'tanh',
  output: 'softmax',
  loss: 'multinomial',
};

export const TRAIN_DEFAULTS: TrainConfig = {
  epochs: 150,
  batch: 100,
  optimizer: 'adam',
  learningRate: 1e-3,
  lrDecay: 0,
  l2: 5e-3,
  weightDecay: 0,
  momentum: 0,
  clip: 0,
  epsilon: 1e-8,
  patience: 20,
  patienceSteps: 0,
  validateEvery: 1,
  seed: 1,
};

export const LINEAR_TRAIN_DEFAULTS: TrainConfig = { ...TRAIN_DEFAULTS, l2: 0.4 };
export const DAE_TRAIN_DEFAULTS: TrainConfig = { ...TRAIN_DEFAULTS, l2: 2e-5 };

/**
 * The tutorial's network to the letter: 128-64 relu, softmax output, mean squared error over all elements,
 * Adam with Keras' defaults, batch 256, 10 epochs, the last weights kept. It hardly learns; see TEXTBOOK_WARNING.
 */
export const TEXTBOOK: { network: NetworkConfig; train: TrainConfig; validation: number } = {
  network: { ...MLP_DEFAULTS, output: 'softmax', reduction: 'mean', dropout: 0, normalise: 'none' },
  train: { ...TRAIN_DEFAULTS, epochs: 10, batch: 256, l2: 0, epsilon: 1e-7, patience: 0 },
  validation: 0.2,
};

export const TEXTBOOK_WARNING =
  'softmax output with mean squared error hardly learns: most gradient entries are below what Adam can see. ' +
  'Leave --preset textbook out (squared error on raw scores), or use --output softmax --loss multinomial.';

/** CONFIG, with the option's name, unless every value makes sense and the parts fit together. */
export function checkNetworkConfig(config: NetworkConfig): void {
  if (config.hidden.some((n) => !Number.isInteger(n) || n < 1)) {
    throw wrong('hidden', config.hidden.join(','), 'whole numbers of at least 1, such as 128,64');
  }
  checkOneOf('activation', config.activation, ['linear', 'relu', 'tanh', 'sigmoid', 'gelu']);
  checkOneOf('output', config.output, ['linear', 'softmax', 'sigmoid']);
  checkOneOf('loss', config.loss, ['mse', 'weightedMse', 'multinomial', 'bce']);
  checkOneOf('reduction', config.reduction, ['users', 'mean', 'sum']);
  checkOneOf('normalise', config.normalise, ['none', 'l2']);
  checkOneOf('targets', config.targets, ['raw', 'sum']);
  checkSoftmax(config);
  checkRange('dropout', config.dropout, 0, 0.999);
  checkDecay(config);
  checkRange('negative-weight', config.negativeWeight, 1e-6, 1e6);
  if (config.loss === 'multinomial' && config.output !== 'softmax') {
    throw wrong('output', config.output, 'softmax, which the multinomial loss needs');
  }
  if (config.loss === 'bce' && config.output !== 'sigmoid') {
    throw wrong('output', config.output, 'sigmoid, which the bce loss needs');
  }
  if (config.softmax === 'sampled' && config.loss !== 'multinomial') {
    throw wrong('loss', config.loss, 'multinomial, which is what a sampled softmax estimates');
  }
  if (config.softmax === 'sampled' && config.hidden.length === 0) {
    throw wrong('softmax', 'sampled', 'auto or full for a linear model');
  }
  if (config.zeroDiagonal && config.hidden.length > 0) {
    throw wrong('zero-diagonal', 'true', 'false where there are hidden layers');
  }
}

/** CONFIG, with the option's name, unless every value makes sense. */
export function checkSoftmax({ softmax, softmaxSamples }: Softmax): void {
  checkOneOf('softmax', softmax, ['auto', 'full', 'sampled']);
  checkWhole('softmax-samples', softmaxSamples, 1, 1e6);
}

/** CONFIG unless it is a share. */
export const checkDecay = ({ decay }: Decay): void => checkRange('decay', decay, 0, 1);

/** CONFIG, with the option's name, unless every value makes sense. */
export function checkTrainConfig(config: TrainConfig): void {
  checkWhole('epochs', config.epochs, 1, 1e6);
  checkWhole('batch', config.batch, 1, 65_535);
  checkOneOf('optimizer', config.optimizer, ['adam', 'adamw', 'sgd']);
  checkRange('lr', config.learningRate, 1e-12, 1e6);
  checkRange('lr-decay', config.lrDecay, 0, 1);
  checkRange('l2', config.l2, 0, 1e6);
  checkRange('weight-decay', config.weightDecay, 0, 1e6);
  checkRange('momentum', config.momentum, 0, 0.9999);
  checkRange('clip', config.clip, 0, 1e6);
  checkRange('epsilon', config.epsilon, 1e-16, 1);
  checkWhole('patience', config.patience, 0, 1e6);
  checkWhole('patience-steps', config.patienceSteps, 0, 1e9);
  checkWhole('validate-every', config.validateEvery, 1, 1e6);
  checkWhole('seed', config.seed, 0, 0xffffffff);
  if (config.weightDecay > 0 && config.optimizer !== 'adamw') {
    throw wrong('weight-decay', config.weightDecay, '0, or optimizer adamw');
  }
  if (config.momentum > 0 && config.optimizer !== 'sgd') {
    throw wrong('momentum', config.momentum, '0, or optimizer sgd');
  }
}

/** The output a loss needs, where it needs one. */
export const outputFor = (loss: NetworkConfig['loss']): NetworkConfig['output'] =>
  loss === 'multinomial' ? 'softmax' : loss === 'bce' ? 'sigmoid' : 'linear';

function wrong(option: string, got: unknown, expected: string): FoldinError {
  return new FoldinError('CONFIG', `${option} is ${String(got)}; expected ${expected}`, {
    remedy: `Set ${option} to ${expected}.`,
    details: { option, got },
  });
}

/** CONFIG, with the option's name, unless it is one of these. */
export function checkOneOf(option: string, got: string, known: readonly string[]): void {
  if (!known.includes(got)) throw wrong(option, got, `one of ${known.join(', ')}`);
}

/** CONFIG, with the option's name, unless it is a number from low to high. */
export function checkRange(option: string, got: number, low: number, high: number): void {
  if (!(got >= low && got <= high)) throw wrong(option, got, `a number from ${low} to ${high}`);
}

/** CONFIG, with the option's name, unless it is a whole number from low to high. */
export function checkWhole(option: string, got: number, low: number, high: number): void {
  if (!Number.isInteger(got) || got < low || got > high) {
    throw wrong(option, got, `a whole number from ${low} to ${high}`);
  }
}
