import { FoldinError } from '../errors.js';
import {
  checkRange,
  checkSoftmax,
  checkWhole,
  type Softmax,
  TRAIN_DEFAULTS,
  type TrainConfig,
} from './config.js';

/** Gated recurrent units over the history, in the order in which it happened. */
export interface GruConfig extends Softmax {
  /** Units of the state. */
  readonly hidden: number;
  /** Whether the output's weights are the embeddings of the items (Press & Wolf 2017), or its own. */
  readonly tied: boolean;
  /** Length of an item's embedding; as long as the state where the output is tied. */
  readonly embedding: number;
  /** Share of the numbers of embeddings and of states, left out at random in training. */
  readonly dropout: number;
  /** The most items that the state has seen: histories are cut from the end into windows of so many targets. */
  readonly window: number;
}

export const GRU_DEFAULTS: GruConfig = {
  hidden: 64,
  tied: true,
  embedding: 64,
  dropout: 0.2,
  window: 200,
  softmax: 'auto',
  softmaxSamples: 8192,
};

/** The loss lies on a plateau, at what popularity reaches, for some hundred steps: patience must outlast it. */
export const GRU_TRAIN_DEFAULTS: TrainConfig = {
  ...TRAIN_DEFAULTS,
  epochs: 100,
  batch: 32,
  l2: 0,
  patience: 5,
  patienceSteps: 500,
};

/** The options with what follows from each other filled in. */
export function gruConfig(options: Partial<GruConfig>): GruConfig {
  const hidden = options.hidden ?? GRU_DEFAULTS.hidden;
  return { ...GRU_DEFAULTS, embedding: hidden, ...options };
}

/** CONFIG, with the option's name, unless every value makes sense and they fit together. */
export function checkGruConfig(config: GruConfig): void {
  checkWhole('hidden', config.hidden, 1, 8192);
  checkWhole('embedding', config.embedding, 1, 8192);
  checkRange('dropout', config.dropout, 0, 0.999);
  checkWhole('window', config.window, 1, 1e6);
  checkSoftmax(config);
  if (config.tied && config.embedding !== config.hidden) {
    throw new FoldinError(
      'CONFIG',
      `embedding is ${config.embedding} and hidden ${config.hidden}, but a tied output needs both the same`,
      { remedy: 'Leave --embedding out, or give the output its own weights with --free-output.' },
    );
  }
}
