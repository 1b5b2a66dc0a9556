import type { Command } from 'commander';
import { checkNeumfConfig, NEUMF_DEFAULTS, type NeumfConfig } from '../model/neumfConfig.js';
import { given, number, wholeNumber } from './options.js';

/** Flags of neural matrix factorisation. */
export interface NeumfFlags {
  readonly hidden?: number[];
  readonly factors?: number;
  readonly negatives?: number;
  readonly foldSteps?: number;
  readonly foldLr?: number;
  readonly foldL2?: number;
}

export const NEUMF_FLAGS = ['hidden', 'factors', 'negatives', 'foldSteps', 'foldLr', 'foldL2'] as const;

export const defineNeumf = (command: Command): Command =>
  command
    .option(
      '--negatives <n>',
      `neumf: drawn for each interaction, anew every epoch (default ${NEUMF_DEFAULTS.negatives})`,
      wholeNumber('negatives'),
    )
    .option(
      '--fold-steps <n>',
      `neumf: in which a history is folded in (default ${NEUMF_DEFAULTS.foldSteps})`,
      wholeNumber('fold-steps'),
    )
    .option(
      '--fold-lr <x>',
      `neumf: learning rate of these steps (default ${NEUMF_DEFAULTS.foldRate})`,
      number('fold-lr'),
    )
    .option(
      '--fold-l2 <x>',
      `neumf: penalty on a user's squared numbers in them (default ${NEUMF_DEFAULTS.foldL2})`,
      number('fold-l2'),
    );

/** The options that flags ask for. CONFIG when they make no sense. */
export function neumfOptions(flags: NeumfFlags): Partial<NeumfConfig> {
  const { hidden, factors, negatives, foldSteps, foldLr: foldRate, foldL2 } = flags;
  const options: Partial<NeumfConfig> = given({ hidden, factors, negatives, foldSteps, foldRate, foldL2 });
  checkNeumfConfig({ ...NEUMF_DEFAULTS, ...options });
  return options;
}
