import type { Command } from 'commander';
import { FoldinError } from '../errors.js';
import { checkGruConfig, GRU_DEFAULTS, type GruConfig, gruConfig } from '../model/gruConfig.js';
import { checkMarkovConfig, MARKOV_DEFAULTS, type MarkovConfig } from '../model/markov.js';
import { given, number, wholeNumber } from './options.js';

/** Flags of the models that go by the order of a history. */
export interface SequenceFlags {
  readonly hidden?: number[];
  readonly dropout?: number;
  readonly embedding?: number;
  readonly freeOutput?: boolean;
  readonly window?: number;
  readonly decay?: number;
  readonly softmax?: GruConfig['softmax'];
  readonly softmaxSamples?: number;
}

export const defineSequences = (command: Command): Command =>
  command
    .option(
      '--window <items>',
      `gru: what it sees of a history, the latest (default ${GRU_DEFAULTS.window}); markov: how far apart a transition may be (default ${MARKOV_DEFAULTS.window})`,
      wholeNumber('window'),
    )
    .option(
      '--decay <gamma>',
      `an item counts as gamma^(steps back) in a history (default 1: all alike; markov ${MARKOV_DEFAULTS.decay}); not for gru`,
      number('decay'),
    )
    .option(
      '--free-output',
      "gru: the output gets weights of its own, instead of the items' embeddings (tied)",
    )
    .option(
      '--embedding <n>',
      'gru, with --free-output: length of embeddings (default: as --hidden)',
      wholeNumber('embedding'),
    );

/** Which of the flags each model understands. */
export const SEQUENCE_FLAGS: Readonly<Record<string, readonly (keyof SequenceFlags)[]>> = {
  gru: ['hidden', 'dropout', 'embedding', 'freeOutput', 'window', 'softmax', 'softmaxSamples'],
  markov: ['window', 'decay'],
};

/** The options that flags ask for. CONFIG when they make no sense. */
export function sequenceOptions(
  model: string,
  flags: SequenceFlags,
): Partial<GruConfig> | Partial<MarkovConfig> {
  if (model === 'markov') {
    const { window, decay } = flags;
    const options: Partial<MarkovConfig> = given({ window, decay });
    checkMarkovConfig({ ...MARKOV_DEFAULTS, ...options });
    return options;
  }
  const { hidden, dropout, embedding, freeOutput, window, softmax, softmaxSamples } = flags;
  if (hidden && hidden.length !== 1) {
    throw new FoldinError(
      'CONFIG',
      `hidden is ${hidden.join(',') || 'none'}, but gru has one layer of units`,
      {
        remedy: `Give --hidden one whole number, such as ${GRU_DEFAULTS.hidden}.`,
      },
    );
  }
  const tied = freeOutput ? false : undefined;
  const options: Partial<GruConfig> = given({
    hidden: hidden?.[0],
    dropout,
    embedding,
    tied,
    window,
    softmax,
    softmaxSamples,
  });
  checkGruConfig(gruConfig(options));
  return options;
}
