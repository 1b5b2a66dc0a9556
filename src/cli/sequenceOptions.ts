import type { Command } from 'commander';
import { FoldinError } from '../errors.js';
import { checkGruConfig, GRU_DEFAULTS, type GruConfig, gruConfig } from '../model/gruConfig.js';
import { given, wholeNumber } from './options.js';

/** Flags of the models that go by the order of a history. */
export interface SequenceFlags {
  readonly hidden?: number[];
  readonly dropout?: number;
  readonly embedding?: number;
  readonly freeOutput?: boolean;
  readonly window?: number;
}

export const defineSequences = (command: Command): Command =>
  command
    .option(
      '--window <items>',
      `gru: what it sees of a history, the latest (default ${GRU_DEFAULTS.window})`,
      wholeNumber('window'),
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
  gru: ['hidden', 'dropout', 'embedding', 'freeOutput', 'window'],
};

/** The options that flags ask for. CONFIG when they make no sense. */
export function sequenceOptions(_model: string, flags: SequenceFlags): Partial<GruConfig> {
  const { hidden, dropout, embedding, freeOutput, window } = flags;
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
  const options: Partial<GruConfig> = given({ hidden: hidden?.[0], dropout, embedding, tied, window });
  checkGruConfig(gruConfig(options));
  return options;
}
