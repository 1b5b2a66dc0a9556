import type { Command } from 'commander';
import { checkIalsConfig, IALS_DEFAULTS, type IalsConfig } from '../model/ials.js';
import { checkKernelConfig, KERNEL_DEFAULTS, type KernelConfig } from '../model/kernel.js';
import { NEUMF_DEFAULTS } from '../model/neumfConfig.js';
import { given, number, wholeNumber } from './options.js';

/** Flags of the models that solve for users. */
export interface FactorFlags {
  readonly l2?: number;
  readonly negativeWeight?: number;
  readonly factors?: number;
  readonly sweeps?: number;
  readonly itemPower?: number;
  readonly popularityPower?: number;
  readonly sharpness?: number;
  readonly landmarks?: number;
}

export const defineFactors = (command: Command): Command =>
  command
    .option(
      '--factors <d>',
      `ials, content, neumf: numbers that stand for a user or an item (default ${IALS_DEFAULTS.factors}; content 64, neumf ${NEUMF_DEFAULTS.factors})`,
      wholeNumber('factors'),
    )
    .option(
      '--sweeps <n>',
      `ials: times that all users, then all items are solved for (default ${IALS_DEFAULTS.sweeps})`,
      wholeNumber('sweeps'),
    )
    .option(
      '--item-power <a>',
      `kernel: items count as popularity^-a in what makes users alike (default ${KERNEL_DEFAULTS.itemPower})`,
      number('item-power'),
    )
    .option(
      '--sharpness <x>',
      `kernel: how fast likeness falls off with the angle between histories (default ${KERNEL_DEFAULTS.sharpness})`,
      number('sharpness'),
    )
    .option(
      '--landmarks <users>',
      `kernel: that everybody is compared with, at most (default ${KERNEL_DEFAULTS.landmarks})`,
      wholeNumber('landmarks'),
    );

/** Which of the flags each model understands. */
export const FACTOR_FLAGS: Readonly<Record<string, readonly (keyof FactorFlags)[]>> = {
  ials: ['l2', 'negativeWeight', 'factors', 'sweeps'],
  kernel: ['l2', 'itemPower', 'popularityPower', 'sharpness', 'landmarks'],
};

/** The options that flags ask for. CONFIG when they make no sense. */
export function factorOptions(
  model: string,
  flags: FactorFlags,
): Partial<IalsConfig> | Partial<KernelConfig> {
  if (model === 'ials') {
    const { factors, l2, negativeWeight, sweeps } = flags;
    const options: Partial<IalsConfig> = given({ factors, l2, negativeWeight, sweeps });
    checkIalsConfig({ ...IALS_DEFAULTS, ...options });
    return options;
  }
  const { l2, itemPower, popularityPower, sharpness, landmarks } = flags;
  const options: Partial<KernelConfig> = given({ l2, itemPower, popularityPower, sharpness, landmarks });
  checkKernelConfig({ ...KERNEL_DEFAULTS, ...options });
  return options;
}
