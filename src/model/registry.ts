import type { Backend } from '../backend/backend.js';
import type { Csr } from '../data/csr.js';
import { requireOrder } from '../data/order.js';
import { FoldinError } from '../errors.js';
import { Popular, Random } from './baselines.js';
import { Blend } from './blend.js';
import type { BlendConfig, BlendOptions } from './blendConfig.js';
import {
  DAE_DEFAULTS,
  DAE_TRAIN_DEFAULTS,
  type Decay,
  isSampled,
  isSoftmaxSampled,
  LINEAR_DEFAULTS,
  LINEAR_TRAIN_DEFAULTS,
  MLP_DEFAULTS,
  type NetworkConfig,
  TRAIN_DEFAULTS,
  type TrainConfig,
} from './config.js';
import { Content, createContent } from './content.js';
import {
  CONTENT_DEFAULTS,
  CONTENT_TRAIN_DEFAULTS,
  type ContentConfig,
  type ContentOptions,
} from './contentConfig.js';
import { EASE_DEFAULTS, type EaseConfig, fitEase } from './ease.js';
import { Grouped, type GroupedConfig } from './grouped.js';
import { Gru } from './gru.js';
import { GRU_DEFAULTS, GRU_TRAIN_DEFAULTS, type GruConfig, gruConfig } from './gruConfig.js';
import { initialGru } from './gruParameters.js';
import { fitIals, IALS_DEFAULTS, Ials, type IalsConfig } from './ials.js';
import { fitItemKnn, ITEM_KNN_DEFAULTS, type ItemKnnConfig } from './itemKnn.js';
import { ItemTable } from './itemTable.js';
import { fitKernel, KERNEL_DEFAULTS, Kernel, type KernelConfig } from './kernel.js';
import { fitMarkov, MARKOV_DEFAULTS, Markov, type MarkovConfig } from './markov.js';
import type { Model, TrainableModel } from './model.js';
import { Network } from './network.js';
import { initialWeights } from './networkWeights.js';
import { initialNeumf, Neumf } from './neumf.js';
import { NEUMF_DEFAULTS, NEUMF_TRAIN_DEFAULTS, type NeumfConfig } from './neumfConfig.js';
import type { FitControl } from './pace.js';
import type { NamedArrays } from './parameters.js';
import { SampledGru } from './sampledGru.js';
import { SampledNetwork } from './sampledNetwork.js';
import { initialVae, Vae } from './vae.js';
import { VAE_DEFAULTS, VAE_TRAIN_DEFAULTS, type VaeConfig } from './vaeConfig.js';

/** The options of a model that differ from its defaults: those of its own, or a network's. */
export type ModelOptions =
  | Partial<NetworkConfig>
  | Partial<EaseConfig>
  | Partial<ItemKnnConfig>
  | Partial<IalsConfig>
  | Partial<KernelConfig>
  | Partial<GruConfig>
  | Partial<MarkovConfig>
  | Partial<VaeConfig>
  | Partial<NeumfConfig>
  | Partial<ContentOptions>
  | Partial<BlendOptions>;

/** What a new model is made from: its training histories, its options, and the seed of its first weights. */
export interface ModelInit {
  readonly train: Csr;
  readonly config: ModelOptions;
  readonly seed: number;
  /** Users of a training step, where it is known: large catalogues are cut so that a step fits the device. */
  readonly batch?: number;
}

interface Entry {
  /** How it is trained unless told otherwise. */
  readonly train: TrainConfig;
  /** Its own options unless told otherwise; absent where it has none. */
  readonly options?: ModelOptions;
  /** Whether it takes more than a log: what is known of items, or another model. */
  readonly needsMore?: true;
  /** Whether it is trained, epoch by epoch. */
  readonly inEpochs?: true;
  /** A model ready to train, or done where there is nothing to train. */
  readonly create?: (backend: Backend, init: ModelInit) => Model;
  /** In its place: a model that is fitted in one go. */
  readonly fit?: (backend: Backend, init: ModelInit, control: FitControl) => Promise<Model>;
  /** A model as it was saved. */
  readonly load: (backend: Backend, items: number, config: unknown, tensors: NamedArrays) => Model;
}

const network = (name: string, defaults: NetworkConfig, train: TrainConfig): Entry => ({
  train,
  options: defaults,
  inEpochs: true,
  create(backend, { train, config, seed, batch = 1 }) {
    const whole = { ...defaults, ...(config as Partial<NetworkConfig>) };
    const weights = initialWeights(train.columns, whole.hidden, seed);
    const Kind = isSampled(whole, train.columns) ? SampledNetwork : Network;
    return new Kind(name, backend, train.columns, whole, weights, Math.min(batch, train.rows));
  },
  load: (backend, items, config, tensors) =>
    new Network(name, backend, items, { ...defaults, ...(config as Partial<NetworkConfig>) }, tensors),
});

const gru = (backend: Backend, items: number, config: GruConfig, initial: NamedArrays): Model =>
  new (isSoftmaxSampled(config, items) ? SampledGru : Gru)(backend, items, config, initial);

const table = (name: string, options: ModelOptions, fit: Entry['fit']): Entry => ({
  train: TRAIN_DEFAULTS,
  options,
  fit,
  load: (backend, items, config, tensors) =>
    ItemTable.load(name, backend, items, config as Partial<Decay>, tensors),
});

/** Every model by its name. To add one: a file, a line here, a line in the behaviour suite. */
const REGISTRY: Readonly<Record<string, Entry>> = {
  popular: {
    train: TRAIN_DEFAULTS,
    create: (backend, { train }) => Popular.fit(backend, train),
    load: (backend, _items, _config, tensors) =>
      new Popular(backend, Float32Array.from(tensors.get('popularity')!.values)),
  },
  random: {
    train: TRAIN_DEFAULTS,
    create: (backend, { train, seed }) => new Random(backend, train.columns, { seed }),
    load: (backend, items, config) => new Random(backend, items, config as { seed: number }),
  },
  itemknn: table('itemknn', ITEM_KNN_DEFAULTS, (backend, { train, config }, control) =>
    fitItemKnn(backend, train, { ...ITEM_KNN_DEFAULTS, ...(config as Partial<ItemKnnConfig>) }, control),
  ),
  ease: table('ease', EASE_DEFAULTS, (backend, { train, config }, control) =>
    fitEase(backend, train, { ...EASE_DEFAULTS, ...(config as Partial<EaseConfig>) }, control),
  ),
  markov: {
    train: TRAIN_DEFAULTS,
    options: MARKOV_DEFAULTS,
    fit: (backend, { train, config }, control) =>
      fitMarkov(backend, train, { ...MARKOV_DEFAULTS, ...(config as Partial<MarkovConfig>) }, control),
    load: (backend, items, config, tensors) =>
      new Markov(backend, items, { ...MARKOV_DEFAULTS, ...(config as Partial<MarkovConfig>) }, tensors),
  },
  ials: {
    train: TRAIN_DEFAULTS,
    options: IALS_DEFAULTS,
    fit: (backend, { train, config, seed }, control) =>
      fitIals(backend, train, { ...IALS_DEFAULTS, ...(config as Partial<IalsConfig>) }, { ...control, seed }),
    load: (backend, items, config, tensors) => Ials.load(backend, items, config as IalsConfig, tensors),
  },
  kernel: {
    train: TRAIN_DEFAULTS,
    options: KERNEL_DEFAULTS,
    fit: (backend, { train, config, seed }, control) =>
      fitKernel(
        backend,
        train,
        { ...KERNEL_DEFAULTS, ...(config as Partial<KernelConfig>) },
        { ...control, seed },
      ),
    load: (backend, items, config, tensors) => Kernel.load(backend, items, config as KernelConfig, tensors),
  },
  linear: network('linear', LINEAR_DEFAULTS, LINEAR_TRAIN_DEFAULTS),
  mlp: network('mlp', MLP_DEFAULTS, TRAIN_DEFAULTS),
  gru: {
    train: GRU_TRAIN_DEFAULTS,
    options: GRU_DEFAULTS,
    inEpochs: true,
    create(backend, { train, config, seed }) {
      const whole = gruConfig(config as Partial<GruConfig>);
      requireOrder(train, 'gru');
      return gru(backend, train.columns, whole, initialGru(train.columns, whole, seed));
    },
    load: (backend, items, config, tensors) =>
      gru(backend, items, gruConfig(config as Partial<GruConfig>), tensors),
  },
  dae: network('dae', DAE_DEFAULTS, DAE_TRAIN_DEFAULTS),
  vae: {
    train: VAE_TRAIN_DEFAULTS,
    options: VAE_DEFAULTS,
    inEpochs: true,
    create(backend, { train, config, seed }) {
      const whole = { ...VAE_DEFAULTS, ...(config as Partial<VaeConfig>) };
      return new Vae(backend, train.columns, whole, initialVae(train, whole, seed));
    },
    load: (backend, items, config, tensors) =>
      new Vae(backend, items, { ...VAE_DEFAULTS, ...(config as Partial<VaeConfig>) }, tensors),
  },
  neumf: {
    train: NEUMF_TRAIN_DEFAULTS,
    options: NEUMF_DEFAULTS,
    inEpochs: true,
    create(backend, { train, config, seed }) {
      const whole = { ...NEUMF_DEFAULTS, ...(config as Partial<NeumfConfig>) };
      const { columns, rows } = train;
      return new Neumf(backend, columns, whole, initialNeumf(columns, rows, whole, seed), rows);
    },
    load: (backend, items, config, tensors) =>
      new Neumf(backend, items, { ...NEUMF_DEFAULTS, ...(config as Partial<NeumfConfig>) }, tensors),
  },
  content: {
    train: CONTENT_TRAIN_DEFAULTS,
    needsMore: true,
    inEpochs: true,
    create: (backend, { train, config, seed }) =>
      createContent(backend, train, { ...CONTENT_DEFAULTS, ...(config as Partial<ContentOptions>) }, seed),
    load: (backend, items, config, tensors) => Content.load(backend, items, config as ContentConfig, tensors),
  },
  blend: {
    train: TRAIN_DEFAULTS,
    fit: async () => {
      throw new FoldinError(
        'CONFIG',
        'the members of a blend are trained, and weighted on a validation part',
        {
          remedy: 'Call fit with the model "blend", which has a split to do both on.',
        },
      );
    },
    load: (backend, items, config, tensors) =>
      Blend.load(backend, items, config as BlendConfig, tensors, loadModel),
  },
  grouped: {
    train: TRAIN_DEFAULTS,
    needsMore: true,
    fit: async () => {
      throw new FoldinError('CONFIG', 'the model grouped is made of another one', {
        remedy: 'Choose the other model and add --group-prior, or call withGroupPrior on it.',
      });
    },
    load: (backend, items, config, tensors) =>
      Grouped.load(backend, items, config as GroupedConfig, tensors, loadModel),
  },
};

export const MODEL_NAMES: readonly string[] = Object.keys(REGISTRY);

function entry(name: string): Entry {
  if (Object.hasOwn(REGISTRY, name)) return REGISTRY[name];
  throw new FoldinError('CONFIG', `there is no model "${name}"`, {
    remedy: `Choose one of: ${MODEL_NAMES.join(', ')}.`,
  });
}

/** Whether a model is trained, epoch by epoch, and not fitted in one go. CONFIG for an unknown name. */
export const learnsInEpochs = (name: string): boolean => entry(name).inEpochs ?? false;

/** A model's training options unless told otherwise. CONFIG for an unknown name. */
export const trainDefaults = (name: string): TrainConfig => entry(name).train;

/** Whether a log is all that a model is made of. CONFIG for an unknown name. */
export const isMadeOfLog = (name: string): boolean => !entry(name).needsMore;

/** A model's own options unless told otherwise, by name. CONFIG for an unknown name. */
export const modelDefaults = (name: string): ModelOptions => entry(name).options ?? {};

/**
 * A new model over the columns of `train`, with nothing learned yet where it learns step by step. CONFIG for a name or
 * option that makes no sense, and for a model that is fitted in one go: see `fitModel`.
 */
export function createModel(name: string, backend: Backend, init: ModelInit): Model {
  const { create } = entry(name);
  if (create) return create(backend, init);
  throw new FoldinError('CONFIG', `the model "${name}" is fitted in one go`, {
    remedy: 'Call fitModel and await what it returns.',
  });
}

/** The same for every model; those that are fitted in one go are done when the promise is fulfilled. */
export async function fitModel(
  name: string,
  backend: Backend,
  init: ModelInit,
  control: FitControl = {},
): Promise<Model> {
  const { fit } = entry(name);
  return fit ? fit(backend, init, control) : createModel(name, backend, init);
}

/** A saved model. MODEL_CORRUPT when its tensors do not fit its configuration. */
export function loadModel(
  name: string,
  backend: Backend,
  items: number,
  config: unknown,
  tensors: NamedArrays,
): Model {
  try {
    return entry(name).load(backend, items, config, tensors);
  } catch (cause) {
    if (cause instanceof FoldinError && cause.code !== 'SHAPE_MISMATCH' && cause.code !== 'CONFIG')
      throw cause;
    throw new FoldinError(
      'MODEL_CORRUPT',
      `the file's ${name} model does not fit its own configuration: ${(cause as Error).message}`,
      {
        remedy: 'Train the model again, or take an undamaged copy of the file.',
        cause,
      },
    );
  }
}

/** The model as one that learns step by step, or undefined when there is nothing to train. */
export const trainable = (model: Model): TrainableModel | undefined =>
  'learnsFrom' in model ? (model as TrainableModel) : undefined;
