import { type Command, Option } from 'commander';
import { FoldinError } from '../errors.js';
import {
  checkNetworkConfig,
  checkTrainConfig,
  LINEAR_DEFAULTS,
  MLP_DEFAULTS,
  type NetworkConfig,
  outputFor,
  TEXTBOOK,
  TEXTBOOK_WARNING,
  type TrainConfig,
} from '../model/config.js';
import { MODEL_NAMES, type ModelOptions, trainDefaults } from '../model/registry.js';
import { given, number, wholeNumber, wholeNumbers } from './options.js';
import { defineTables, OF_TABLES, TABLE_FLAGS, type TableFlags, tableOptions } from './tableOptions.js';

export interface ModelFlags extends TableFlags {
  readonly model?: string;
  readonly preset?: 'textbook';
  readonly epochs?: number;
  readonly batch?: number;
  readonly lr?: number;
  readonly l2?: number;
  readonly optimizer?: TrainConfig['optimizer'];
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly patience?: number;
  readonly validateEvery?: number;
  readonly seed?: number;
  readonly hidden?: number[];
  readonly activation?: NetworkConfig['activation'];
  readonly output?: NetworkConfig['output'];
  readonly loss?: NetworkConfig['loss'];
  readonly dropout?: number;
  readonly negativeWeight?: number;
  readonly normalise?: NetworkConfig['normalise'];
  readonly targets?: NetworkConfig['targets'];
  readonly reduction?: NetworkConfig['reduction'];
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

export const defineModel = (command: Command): Command =>
  defineTables(
    command
      .optionsGroup('Model:')
      .addOption(
        one(
          '--model <name>',
          'mlp (default), linear, ease, itemknn, or the baselines popular and random',
          MODEL_NAMES,
        ),
      )
      .addOption(one('--preset <name>', "textbook: the tutorial's network to the letter", ['textbook']))
      .option(
        '--hidden <sizes>',
        'units of the hidden layers, or "none" (default 128,64)',
        wholeNumbers('hidden'),
      )
      .addOption(
        one('--activation <name>', 'of hidden layers (default relu)', [
          'linear',
          'relu',
          'tanh',
          'sigmoid',
          'gelu',
        ]),
      )
      .addOption(one('--loss <name>', '(default mse)', ['mse', 'weightedMse', 'multinomial', 'bce']))
      .addOption(
        one('--output <name>', 'what the loss sees of the scores (default: what the loss needs)', [
          'linear',
          'softmax',
          'sigmoid',
        ]),
      )
      .option(
        '--negative-weight <x>',
        'weightedMse: weight of what a user did not do',
        number('negative-weight'),
      )
      .option(
        '--dropout <share>',
        'of a history, left out at random in training (default 0.5; linear, ease 0)',
        number('dropout'),
      )
      .addOption(one('--normalise <rule>', 'l2: histories are scaled to length 1 (default)', ['none', 'l2']))
      .addOption(one('--targets <rule>', "sum: a user's targets add up to 1 (default raw)", ['raw', 'sum']))
      .addOption(
        one(
          '--reduction <rule>',
          'users: loss summed over items, averaged over users (default); mean: over both',
          ['users', 'mean', 'sum'],
        ),
      )
      .option('--zero-diagonal', 'linear: an item may not predict itself (default)')
      .option('--no-zero-diagonal', 'linear: it may'),
  )
    .optionsGroup('Training:')
    .option('--epochs <n>', 'at most (default 150)', wholeNumber('epochs'))
    .option('--batch <users>', 'a step (default 100)', wholeNumber('batch'))
    .addOption(one('--optimizer <name>', '(default adam)', ['adam', 'adamw', 'sgd']))
    .option('--lr <x>', 'learning rate (default 0.001)', number('lr'))
    .option('--l2 <x>', 'penalty on squared weights (default 0.005; linear 0.4, ease 300)', number('l2'))
    .option('--momentum <x>', 'sgd', number('momentum'))
    .option('--weight-decay <x>', 'adamw', number('weight-decay'))
    .option(
      '--patience <n>',
      'validations without a better one before it stops; 0: never (default 20)',
      wholeNumber('patience'),
    )
    .option('--validate-every <epochs>', '(default 1)', wholeNumber('validate-every'));

/** Flags that say nothing to a model without training. */
const OF_NETWORKS: readonly (keyof ModelFlags)[] = [
  'preset',
  'epochs',
  'batch',
  'lr',
  'l2',
  'optimizer',
  'momentum',
  'weightDecay',
  'patience',
  'validateEvery',
  'hidden',
  'activation',
  'output',
  'loss',
  'dropout',
  'negativeWeight',
  'normalise',
  'targets',
  'reduction',
  'zeroDiagonal',
];

/** The recipe that flags ask for. CONFIG when they make no sense, alone or together, before anything is read. */
export function recipeOf(flags: ModelFlags): Recipe {
  const model = flags.model ?? 'mlp';
  const isNetwork = model === 'mlp' || model === 'linear';
  const own = TABLE_FLAGS[model];
  const idle = [...(isNetwork ? [] : OF_NETWORKS), ...OF_TABLES].find(
    (flag) => flags[flag] !== undefined && !own?.some((known) => known === flag),
  );
  if (idle) throw misplaced(idle, model);
  if (model === 'linear' && flags.hidden) throw misplaced('hidden', model);
  if (model === 'mlp' && flags.zeroDiagonal !== undefined) throw misplaced('zeroDiagonal', model);
  if (model !== 'mlp' && flags.preset) throw misplaced('preset', model);
  if (flags.negativeWeight !== undefined && flags.loss !== 'weightedMse') {
    throw new FoldinError('CONFIG', '--negative-weight belongs to the loss weightedMse', {
      remedy: 'Add --loss weightedMse, or leave it out.',
    });
  }

  const isTextbook = flags.preset === 'textbook';
  const { loss } = flags;
  const network: Partial<NetworkConfig> = {
    ...(isTextbook && TEXTBOOK.network),
    ...(loss && { output: outputFor(loss) }),
    ...given({
      hidden: flags.hidden,
      activation: flags.activation,
      output: flags.output,
      loss,
      dropout: flags.dropout,
      negativeWeight: flags.negativeWeight,
      normalise: flags.normalise,
      targets: flags.targets,
      reduction: flags.reduction,
      zeroDiagonal: flags.zeroDiagonal,
    }),
  };
  const train: TrainConfig = {
    ...(isTextbook ? TEXTBOOK.train : trainDefaults(model)),
    ...given({
      epochs: flags.epochs,
      batch: flags.batch,
      learningRate: flags.lr,
      l2: isNetwork ? flags.l2 : undefined,
      optimizer: flags.optimizer,
      momentum: flags.momentum,
      weightDecay: flags.weightDecay,
      patience: flags.patience,
      validateEvery: flags.validateEvery,
      seed: flags.seed,
    }),
  };
  checkTrainConfig(train);
  const whole = { ...(model === 'linear' ? LINEAR_DEFAULTS : MLP_DEFAULTS), ...network };
  if (isNetwork) checkNetworkConfig(whole);
  return {
    model,
    network: isNetwork ? network : own ? tableOptions(model, flags) : {},
    ...(isNetwork && { output: whole.output }),
    train,
    ...(isTextbook && { shares: { validation: TEXTBOOK.validation, test: 0 } }),
    isTextbook,
    warnings: isTextbook && whole.output === 'softmax' && whole.loss === 'mse' ? [TEXTBOOK_WARNING] : [],
  };
}

function misplaced(flag: keyof ModelFlags, model: string): FoldinError {
  const option = `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return new FoldinError('CONFIG', `${option} means nothing to the model ${model}`, {
    remedy: `Leave ${option} out, or choose another --model.`,
    details: { option, model },
  });
}
