import { Command, Option } from 'commander';
import { FoldinError } from '../errors.js';
import type { BlendMember } from '../model/blendConfig.js';
import {
  checkNetworkConfig,
  checkTrainConfig,
  DAE_DEFAULTS,
  LINEAR_DEFAULTS,
  MLP_DEFAULTS,
  type NetworkConfig,
  outputFor,
  TEXTBOOK,
  TEXTBOOK_WARNING,
  type TrainConfig,
} from '../model/config.js';
import { learnsInEpochs, MODEL_NAMES, type ModelOptions, trainDefaults } from '../model/registry.js';
import { BLEND_FLAGS, type BlendFlags, blendOptions } from './blendOptions.js';
import { CONTENT_FLAGS, type ContentFlags, contentOptions } from './contentOptions.js';
import { FACTOR_FLAGS, type FactorFlags, factorOptions } from './factorOptions.js';
import { defineNeumf, NEUMF_FLAGS, type NeumfFlags, neumfOptions } from './neumfOptions.js';
import { given, number, wholeNumber, wholeNumbers } from './options.js';
import { defineSequences, SEQUENCE_FLAGS, type SequenceFlags, sequenceOptions } from './sequenceOptions.js';
import { defineTables, TABLE_FLAGS, type TableFlags, tableOptions } from './tableOptions.js';
import { defineVae, VAE_FLAGS, type VaeFlags, vaeOptions } from './vaeOptions.js';

export interface ModelFlags
  extends TableFlags,
    BlendFlags,
    ContentFlags,
    FactorFlags,
    SequenceFlags,
    NeumfFlags,
    VaeFlags {
  readonly model?: string;
  readonly preset?: 'textbook';
  readonly epochs?: number;
  readonly batch?: number;
  readonly lr?: number;
  readonly lrDecay?: number;
  readonly l2?: number;
  readonly optimizer?: TrainConfig['optimizer'];
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly clip?: number;
  readonly patience?: number;
  readonly patienceSteps?: number;
  readonly validateEvery?: number;
  readonly seed?: number;
  readonly output?: NetworkConfig['output'];
  readonly loss?: NetworkConfig['loss'];
  readonly negativeWeight?: number;
  readonly targets?: NetworkConfig['targets'];
  readonly reduction?: NetworkConfig['reduction'];
  readonly softmax?: NetworkConfig['softmax'];
  readonly softmaxSamples?: number;
  readonly zeroDiagonal?: boolean;
}

/** What is to be trained, and how. */
export interface Recipe {
  readonly model: string;
  /** What differs from the model's defaults. */
  readonly network: ModelOptions;
  readonly train: TrainConfig;
  /** Shares of the preset, where it has its own. */
  readonly shares?: { readonly validation: number; readonly test: number };
  readonly isTextbook: boolean;
  /** What a network's loss sees of the scores; undefined for other models. */
  readonly output?: NetworkConfig['output'];
  readonly warnings: readonly string[];
}

const one = (flag: string, what: string, choices: readonly string[]): Option =>
  new Option(flag, what).choices(choices);

export function defineModel(command: Command): Command {
  defineNetworks(command.optionsGroup('Model:'));
  for (const define of [defineTables, defineSequences, defineVae, defineNeumf]) define(command);
  return defineTraining(command.optionsGroup('Training:'));
}

const defineNetworks = (command: Command): Command =>
  command
    .addOption(
      one(
        '--model <name>',
        'mlp (default), dae, vae, neumf, linear, ease, itemknn, ials, kernel, gru, markov, content, blend, or the baselines popular and random',
        MODEL_NAMES,
      ),
    )
    .addOption(one('--preset <name>', "textbook: the tutorial's network to the letter", ['textbook']))
    .option(
      '--hidden <sizes>',
      'units of the hidden layers, or "none" (default 128,64; dae 200, vae none, neumf 32,16,8; gru 64)',
      wholeNumbers('hidden'),
    )
    .addOption(
      one('--activation <name>', 'of hidden layers (default relu; dae, vae tanh)', [
        'linear',
        'relu',
        'tanh',
        'sigmoid',
        'gelu',
      ]),
    )
    .addOption(
      one('--loss <name>', '(default mse; dae multinomial)', ['mse', 'weightedMse', 'multinomial', 'bce']),
    )
    .addOption(
      one('--output <name>', 'what the loss sees of the scores (default: what the loss needs)', [
        'linear',
        'softmax',
        'sigmoid',
      ]),
    )
    .option(
      '--negative-weight <x>',
      'weightedMse, ials: weight of what a user did not do (default 1; ials 0.3)',
      number('negative-weight'),
    )
    .addOption(
      one(
        '--softmax <kind>',
        'multinomial, gru: over all items (full), estimated from some (sampled), or by their number (auto, default: sampled above 200,000)',
        ['auto', 'full', 'sampled'],
      ),
    )
    .option(
      '--softmax-samples <items>',
      'that a sampled softmax draws for a step (default 8192)',
      wholeNumber('softmax-samples'),
    )
    .option(
      '--dropout <share>',
      'of a history, left out at random in training (default 0.5; linear, ease 0; gru 0.2)',
      number('dropout'),
    )
    .addOption(
      one(
        '--normalise <rule>',
        'l2: histories are scaled to length 1 (default); vae: l2AfterDropout, what is kept of them is',
        ['none', 'l2', 'l2AfterDropout'],
      ),
    )
    .addOption(one('--targets <rule>', "sum: a user's targets add up to 1 (default raw)", ['raw', 'sum']))
    .addOption(
      one(
        '--reduction <rule>',
        'users: loss summed over items, averaged over users (default); mean: over both',
        ['users', 'mean', 'sum'],
      ),
    )
    .option('--zero-diagonal', 'linear: an item may not predict itself (default)')
    .option('--no-zero-diagonal', 'linear: it may');

const defineTraining = (command: Command): Command =>
  command
    .option('--epochs <n>', 'at most (default 150; vae 100, neumf 20)', wholeNumber('epochs'))
    .option('--batch <users>', 'a step (default 100; neumf: interactions, 2048)', wholeNumber('batch'))
    .addOption(one('--optimizer <name>', '(default adam)', ['adam', 'adamw', 'sgd']))
    .option('--lr <x>', 'learning rate (default 0.001; neumf 0.003)', number('lr'))
    .option(
      '--lr-decay <share>',
      'of all steps, at the end, over which the rate falls to 0 (default 0; neumf 0.7)',
      number('lr-decay'),
    )
    .option(
      '--l2 <x>',
      'penalty on squared weights (default 0.005; linear 0.4, dae 2e-5, vae 1e-4, neumf 1e-6, ease 300, ials 0.007, kernel 1.5, gru 0)',
      number('l2'),
    )
    .option(
      '--clip <x>',
      'the most that the length of the gradient may be; 0: anything (default)',
      number('clip'),
    )
    .option('--momentum <x>', 'sgd', number('momentum'))
    .option('--weight-decay <x>', 'adamw', number('weight-decay'))
    .option(
      '--patience <n>',
      'validations without a better one before it stops; 0: never (default 20; gru 5)',
      wholeNumber('patience'),
    )
    .option(
      '--patience-steps <n>',
      'and so many steps at least (default 0; gru 500)',
      wholeNumber('patience-steps'),
    )
    .option('--validate-every <epochs>', '(default 1)', wholeNumber('validate-every'));

const TRAINING = [
  'epochs',
  'batch',
  'lr',
  'lrDecay',
  'l2',
  'optimizer',
  'clip',
  'momentum',
  'weightDecay',
  'patience',
  'patienceSteps',
  'validateEvery',
] as const;

const NETWORK = [
  'activation',
  'output',
  'loss',
  'dropout',
  'negativeWeight',
  'normalise',
  'targets',
  'reduction',
  'decay',
] as const;

/** Of the multinomial loss over many items. */
const SOFTMAX = ['softmax', 'softmaxSamples'] as const;

/** Which flags each model understands. */
const FLAGS: Readonly<Record<string, readonly (keyof ModelFlags)[]>> = {
  ...TABLE_FLAGS,
  ...SEQUENCE_FLAGS,
  ...FACTOR_FLAGS,
  content: [...TRAINING, ...CONTENT_FLAGS],
  blend: [...BLEND_FLAGS, 'attribute', 'itemVectors', 'users', 'userAttribute'],
  linear: [...TRAINING, ...NETWORK, 'zeroDiagonal'],
  mlp: [...TRAINING, ...NETWORK, ...SOFTMAX, 'hidden', 'preset'],
  dae: [...TRAINING, ...NETWORK, ...SOFTMAX, 'hidden'],
  vae: [...TRAINING, ...VAE_FLAGS],
  neumf: [...TRAINING, ...NEUMF_FLAGS],
  gru: [...TRAINING, ...SEQUENCE_FLAGS['gru']],
};
const flagsOf = (model: string): readonly (keyof ModelFlags)[] => FLAGS[model] ?? [];
const ALL_FLAGS = [...new Set(Object.values(FLAGS).flat())];

const NETWORK_DEFAULTS: Readonly<Record<string, NetworkConfig>> = {
  linear: LINEAR_DEFAULTS,
  mlp: MLP_DEFAULTS,
  dae: DAE_DEFAULTS,
};

/** The recipe that flags ask for. CONFIG when they make no sense, alone or together, before anything is read. */
export function recipeOf(flags: ModelFlags): Recipe {
  const model = flags.model ?? 'mlp';
  const idle = ALL_FLAGS.find((flag) => flags[flag] !== undefined && !flagsOf(model).includes(flag));
  if (idle) throw misplaced(idle, model);
  if (NETWORK_DEFAULTS[model] && flags.negativeWeight !== undefined && flags.loss !== 'weightedMse') {
    throw new FoldinError('CONFIG', '--negative-weight belongs to the loss weightedMse', {
      remedy: 'Add --loss weightedMse, or leave it out.',
    });
  }

  const isTextbook = flags.preset === 'textbook';
  const train: TrainConfig = {
    ...(isTextbook ? TEXTBOOK.train : trainDefaults(model)),
    ...given({
      epochs: flags.epochs,
      batch: flags.batch,
      learningRate: flags.lr,
      lrDecay: flags.lrDecay,
      l2: learnsInEpochs(model) ? flags.l2 : undefined,
      optimizer: flags.optimizer,
      clip: flags.clip,
      momentum: flags.momentum,
      weightDecay: flags.weightDecay,
      patience: flags.patience,
      patienceSteps: flags.patienceSteps,
      validateEvery: flags.validateEvery,
      seed: flags.seed,
    }),
  };
  checkTrainConfig(train);
  const defaults = NETWORK_DEFAULTS[model];
  if (!defaults) return { model, network: optionsOf(model, flags), train, isTextbook, warnings: [] };
  const network = { ...(isTextbook && TEXTBOOK.network), ...networkOptions(flags) };
  const whole = { ...defaults, ...network };
  checkNetworkConfig(whole);
  const misfit = SOFTMAX.find((flag) => flags[flag] !== undefined);
  if (misfit && whole.loss !== 'multinomial') throw needsMultinomial(misfit, whole.loss);
  return {
    model,
    network,
    output: whole.output,
    train,
    ...(isTextbook && { shares: { validation: TEXTBOOK.validation, test: 0 } }),
    isTextbook,
    warnings: isTextbook && whole.output === 'softmax' && whole.loss === 'mse' ? [TEXTBOOK_WARNING] : [],
  };
}

/** A member of a blend, from the words that describe it: a model and its flags, as `train` takes them. */
function memberOf(words: readonly string[]): BlendMember {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  defineModel(command).parse(['--model', ...words], { from: 'user' });
  const { model, network, train } = recipeOf(command.opts<ModelFlags>());
  // Chance is the blend's: one seed for all.
  const { seed: _, ...own } = train;
  return { model, network, train: own };
}

/** Of a model that is no network of this file. */
function optionsOf(model: string, flags: ModelFlags): ModelOptions {
  if (model === 'content') return contentOptions(flags);
  if (model === 'blend') return blendOptions(flags, memberOf);
  if (model === 'vae') return vaeOptions(flags);
  if (model === 'neumf') return neumfOptions(flags);
  if (SEQUENCE_FLAGS[model]) return sequenceOptions(model, flags);
  if (FACTOR_FLAGS[model]) return factorOptions(model, flags);
  return TABLE_FLAGS[model] ? tableOptions(model, flags) : {};
}

function networkOptions(flags: ModelFlags): Partial<NetworkConfig> {
  const { hidden, activation, loss, output, dropout, negativeWeight, targets, reduction, zeroDiagonal } =
    flags;
  // What checkNetworkConfig refuses need not be told apart here.
  const normalise = flags.normalise as NetworkConfig['normalise'] | undefined;
  return {
    ...(loss && { output: outputFor(loss) }),
    ...given({ hidden, activation, loss, output, dropout, negativeWeight }),
    ...given({ normalise, targets, reduction, zeroDiagonal, decay: flags.decay }),
    ...given({ softmax: flags.softmax, softmaxSamples: flags.softmaxSamples }),
  };
}

function needsMultinomial(flag: (typeof SOFTMAX)[number], loss: string): FoldinError {
  const option = flag === 'softmax' ? '--softmax' : '--softmax-samples';
  return new FoldinError('CONFIG', `${option} belongs to the loss multinomial, not to ${loss}`, {
    remedy: `Add --loss multinomial, or leave ${option} out.`,
    details: { option, loss },
  });
}

function misplaced(flag: keyof ModelFlags, model: string): FoldinError {
  const option = `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return new FoldinError('CONFIG', `${option} means nothing to the model ${model}`, {
    remedy: `Leave ${option} out, or choose another --model.`,
    details: { option, model },
  });
}
