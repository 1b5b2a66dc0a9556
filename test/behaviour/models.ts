import type { Backend } from '../../src/backend/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { withGroupPrior } from '../../src/groups/prior.js';
import type { TrainConfig } from '../../src/model/config.js';
import type { ModelOptions } from '../../src/model/registry.js';
import type { FitOptions } from '../../src/recommend/fit.js';

/** How a model is trained in this suite: enough to learn the checkerboard. */
export interface ModelUnderTest {
  readonly model: string;
  readonly network?: ModelOptions;
  readonly train?: Partial<TrainConfig>;
  /** Whether its scores depend on the history at all. */
  readonly personal: boolean;
  /** What is made of it in the end, by name. */
  readonly finish?: { readonly name: string; readonly of: (backend: Backend) => FitOptions['finish'] };
  /** Fitted in one go: no epochs, no checkpoints, nothing that could diverge. */
  readonly inOneGo?: boolean;
}

export const MODELS: readonly ModelUnderTest[] = [
  { model: 'popular', personal: false },
  { model: 'random', personal: false },
  { model: 'itemknn', personal: true, inOneGo: true, network: { neighbours: 10, shrink: 3 } },
  { model: 'itemknn', personal: true, inOneGo: true, network: { weighting: 'bm25' } },
  { model: 'ease', personal: true, inOneGo: true, network: { l2: 20 } },
  {
    model: 'ease',
    personal: true,
    inOneGo: true,
    network: { l2: 20, dropout: 0.3, userPower: 0.5, l2Power: 0.5, popularityPower: -0.2 },
  },
  { model: 'ease', personal: true, inOneGo: true, network: { l2: 20, decay: 0.8 } },
  { model: 'itemknn', personal: true, inOneGo: true, network: { decay: 0.9 } },
  { model: 'markov', personal: true, inOneGo: true, network: { window: 12, decay: 0.9 } },
  {
    model: 'ials',
    personal: true,
    inOneGo: true,
    network: { factors: 8, l2: 0.01, negativeWeight: 0.1, sweeps: 5 },
  },
  { model: 'kernel', personal: true, inOneGo: true, network: { l2: 0.5 } },
  {
    model: 'kernel',
    personal: true,
    inOneGo: true,
    network: { l2: 0.1, itemPower: 0.5, sharpness: 2, popularityPower: 0, landmarks: 20 },
  },
  { model: 'blend', personal: true, inOneGo: true },
  {
    model: 'blend',
    personal: true,
    inOneGo: true,
    network: {
      members: [
        { model: 'itemknn', network: { neighbours: 10 } },
        {
          model: 'mlp',
          network: { hidden: [16], dropout: 0.2 },
          train: { epochs: 40, learningRate: 0.01, l2: 0, batch: 16, patience: 0 },
        },
        { model: 'popular' },
      ],
      weights: [2, 2, 0],
    },
  },
  {
    model: 'content',
    personal: true,
    network: {
      factors: 6,
      // An item's colour, and something of no account.
      features: csrFromRows(
        Array.from({ length: 30 }, (_, item) => [item % 2, 2 + ((item >> 1) % 3)]),
        5,
      ),
    },
    train: { epochs: 60, learningRate: 0.02 },
  },
  {
    model: 'ease',
    personal: true,
    inOneGo: true,
    network: { l2: 20 },
    finish: {
      name: 'grouped',
      of: (backend) => (model, split) => withGroupPrior(backend, model, split, { groups: 2 }),
    },
  },
  { model: 'linear', personal: true, train: { epochs: 40, learningRate: 0.01, l2: 0.1 } },
  {
    model: 'mlp',
    personal: true,
    network: { hidden: [16, 8], dropout: 0.2 },
    train: { epochs: 60, learningRate: 0.01, l2: 0 },
  },
  {
    model: 'mlp',
    personal: true,
    network: { hidden: [12], activation: 'gelu', loss: 'multinomial', output: 'softmax' },
    train: { epochs: 60, learningRate: 0.01, l2: 0 },
  },
  {
    model: 'mlp',
    personal: true,
    network: {
      hidden: [16, 8],
      loss: 'multinomial',
      output: 'softmax',
      dropout: 0.2,
      softmax: 'sampled',
      softmaxSamples: 12,
    },
    train: { epochs: 60, learningRate: 0.01, l2: 1e-5, optimizer: 'adamw', weightDecay: 1e-4 },
  },
  {
    model: 'mlp',
    personal: true,
    network: {
      hidden: [10, 10],
      activation: 'sigmoid',
      loss: 'bce',
      output: 'sigmoid',
      normalise: 'none',
      dropout: 0.1,
    },
    train: { epochs: 120, learningRate: 0.03, l2: 0, optimizer: 'adamw', weightDecay: 1e-4 },
  },
  {
    model: 'gru',
    personal: true,
    network: { hidden: 16, dropout: 0.1, window: 8 },
    train: { epochs: 30, learningRate: 0.01 },
  },
  {
    model: 'gru',
    personal: true,
    network: { hidden: 10, embedding: 6, tied: false, dropout: 0 },
    train: { epochs: 30, learningRate: 0.01, clip: 1 },
  },
  {
    model: 'gru',
    personal: true,
    network: { hidden: 16, dropout: 0.1, softmax: 'sampled', softmaxSamples: 12 },
    train: { epochs: 30, learningRate: 0.01 },
  },
  {
    model: 'gru',
    personal: true,
    network: { hidden: 10, embedding: 6, tied: false, dropout: 0, softmax: 'sampled', softmaxSamples: 12 },
    train: { epochs: 30, learningRate: 0.01, l2: 1e-5, optimizer: 'adamw', weightDecay: 1e-4 },
  },
  {
    model: 'dae',
    personal: true,
    network: { hidden: [12] },
    train: { epochs: 60, learningRate: 0.01 },
  },
  {
    model: 'vae',
    personal: true,
    network: { hidden: [16], latent: 6 },
    train: { epochs: 60, learningRate: 0.01, l2: 0 },
  },
  {
    model: 'vae',
    personal: true,
    network: { hidden: [], latent: 5, normalise: 'l2AfterDropout', userPower: 0.5, kl: 0.1, anneal: 0.8 },
    train: { epochs: 80, learningRate: 0.02, lrDecay: 0.5 },
  },
  {
    model: 'neumf',
    personal: true,
    network: { factors: 5, hidden: [8, 4], foldSteps: 30 },
    train: { epochs: 30, batch: 64, learningRate: 0.02 },
  },
  {
    model: 'neumf',
    personal: true,
    network: { factors: 9, hidden: [6], negatives: 2, foldL2: 0.3 },
    train: { epochs: 30, batch: 100, learningRate: 0.02 },
  },
];
