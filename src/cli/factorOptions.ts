import type { Command } from 'commander';
import { checkIalsConfig, IALS_DEFAULTS, type IalsConfig } from '../model/ials.js';
import { given, wholeNumber } from './options.js';

/** Flags of the models that solve for users. */
export interface FactorFlags {
  readonly l2?: number;
  readonly negativeWeight?: number;
  readonly factors?: number;
  readonly sweeps?: number;
}

export const defineFactors = (command: Command): Command =>
  command
    .option(
      '--factors <d>',
      `ials: numbers that stand for a user or an item (default ${IALS_DEFAULTS.factors})`,
      wholeNumber('factors'),
    )
    .option(
      '--sweeps <n>',
      `ials: times that all users, then all items are solved for (default ${IALS_DEFAULTS.sweeps})`,
      wholeNumber('sweeps'),
    );

/** Which of the flags each model understands. */
export const FACTOR_FLAGS: Readonly<Record<string, readonly (keyof FactorFlags)[]>> = {
  ials: ['l2', 'negativeWeight', 'factors', 'sweeps'],
};

/** The options that flags ask for. CONFIG when they make no sense. */
export function factorOptions(_model: string, flags: FactorFlags): Partial<IalsConfig> {
  const { factors, l2, negativeWeight, sweeps } = flags;
  const options: Partial<IalsConfig> = given({ factors, l2, negativeWeight, sweeps });
  checkIalsConfig({ ...IALS_DEFAULTS, ...options });
  return options;
}
