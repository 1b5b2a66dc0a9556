/**
 * What models and options are in plain words. Models come from the registry, options from their defaults; a model that
 * has no words here is shown by its name, an option that has none is left at its default.
 */
export interface ModelWords {
  readonly title: string;
  readonly text: string;
  /** Shown at once; the others are behind a fold. */
  readonly isFirst?: true;
}

/** In the order in which they are offered; those of the registry that are missing here come last. */
export const MODEL_WORDS: Readonly<Record<string, ModelWords>> = {
  mlp: {
    title: 'Neural network',
    text: 'Two hidden layers find what tastes have in common. A good first choice.',
    isFirst: true,
  },
  ease: {
    title: 'Best linear model',
    text: 'Each item speaks for others. Found in one go; for up to some thousands of items.',
    isFirst: true,
  },
  itemknn: {
    title: 'Neighbours',
    text: 'What is had by the same people belongs together. Fast, and easy to understand.',
    isFirst: true,
  },
  vae: {
    title: 'Variational autoencoder',
    text: 'A larger network that learns a spread of tastes instead of one point. Takes longer.',
  },
  dae: {
    title: 'Denoising autoencoder',
    text: 'One hidden layer that learns to fill in what was left out.',
  },
  gru: {
    title: 'What comes next',
    text: 'Goes by the order in which things were done; the log needs times.',
  },
  linear: {
    title: 'Linear, step by step',
    text: 'The linear model by gradient descent, to watch it learn.',
  },
  markov: {
    title: 'Item to item',
    text: 'What usually follows what; the log needs times.',
  },
  blend: {
    title: 'Several together',
    text: 'A linear model and matrix factors, each as heard as it earns. Often better than either.',
  },
  ials: {
    title: 'Matrix factors',
    text: 'Users and items as points in one space, found by turns.',
  },
  kernel: {
    title: 'People like you',
    text: 'Compares whole histories with those of others; for up to some thousands of users.',
  },
  neumf: {
    title: 'Pairs of user and item',
    text: 'Neural collaborative filtering on sampled pairs.',
  },
  popular: { title: 'Bestsellers', text: 'The same for everyone. Every model should beat it.' },
  random: { title: 'Chance', text: 'The least there is.' },
};

export interface OptionWords {
  readonly label: string;
  readonly help?: string;
  /** The values there are; without them the default says what kind of value it is. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Shown at once; the others are behind a fold. */
  readonly isSimple?: true;
}

const SPREAD = { none: 'as it is', l2: 'scaled to length 1' };
const ACTIVATIONS = { relu: 'relu', tanh: 'tanh', sigmoid: 'sigmoid', gelu: 'gelu', linear: 'none' };

/** Options of models, by name. */
export const OPTION_WORDS: Readonly<Record<string, OptionWords>> = {
  hidden: { label: 'Units of the hidden layers', help: 'such as 128, 64' },
  latent: { label: 'Units in the middle' },
  activation: { label: 'Activation', choices: ACTIVATIONS },
  loss: {
    label: 'What it minimises',
    choices: {
      mse: 'squared error',
      weightedMse: 'squared error, weighted',
      multinomial: 'multinomial likelihood',
      bce: 'binary cross-entropy',
    },
  },
  dropout: { label: 'Share of a history left out in training', help: '0 to 1' },
  normalise: { label: 'Histories', choices: SPREAD },
  l2: { label: 'How much weights are held back' },
  userPower: { label: 'Long histories count less', help: '0 not at all, 1 in proportion' },
  l2Power: { label: 'Popular items are held back more', help: '0 not at all' },
  popularityPower: { label: 'Scores by popularity', help: 'below 0 favours the less popular' },
  neighbours: { label: 'Neighbours an item keeps' },
  shrink: { label: 'Rare items are held back by' },
  weighting: { label: 'Weights of a history', choices: { none: 'all alike', bm25: 'BM25' } },
  window: { label: 'Items of a history it sees, the latest' },
  kl: { label: 'What the divergence counts as' },
  anneal: { label: 'Share of the training until it does', help: '0 to 1' },
  factors: { label: 'Numbers that stand for a user or an item' },
  sweeps: { label: 'Turns' },
  negatives: { label: 'Others drawn for each item of a user' },
  itemPower: { label: 'Popular items count less for likeness', help: '0 not at all' },
  sharpness: { label: 'How fast likeness falls off' },
  decay: { label: 'Each step back counts', help: '0 to 1' },
};

/** Options of the training, by name. */
export const TRAIN_WORDS: Readonly<Record<string, OptionWords>> = {
  epochs: {
    label: 'Rounds through the log (epochs), at most',
    help: 'it stops by itself when no better one comes',
    isSimple: true,
  },
  batch: { label: 'Users a step' },
  learningRate: { label: 'Learning rate' },
  lrDecay: { label: 'Steps over which it falls to 0, a share', help: '0 to 1, at the end' },
  l2: { label: 'How much weights are held back' },
  optimizer: { label: 'Optimiser', choices: { adam: 'Adam', adamw: 'AdamW', sgd: 'gradient descent' } },
  clip: { label: 'Longest gradient', help: '0: any' },
  patience: { label: 'Rounds without a better one before it stops', help: '0: never' },
  seed: { label: 'Seed of everything random' },
};

/** Figures that anyone understands, best first. */
export const METRIC_WORDS: readonly { metric: string; text: string; isShare: boolean }[] = [
  { metric: 'hitRate@10', text: 'find something among ten recommendations', isShare: true },
  { metric: 'recall@10', text: 'of the hidden items are among the ten', isShare: true },
  { metric: 'coverage@10', text: 'of all items are recommended to somebody', isShare: true },
  { metric: 'ndcg@100', text: 'quality of the order, 0 to 1 (ndcg@100)', isShare: false },
];
