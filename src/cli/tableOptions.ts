import { type Command, Option } from 'commander';
import { checkEaseConfig, EASE_DEFAULTS, type EaseConfig } from '../model/ease.js';
import { checkItemKnnConfig, ITEM_KNN_DEFAULTS, type ItemKnnConfig } from '../model/itemKnn.js';
import { defineFactors } from './factorOptions.js';
import { given, number, wholeNumber } from './options.js';

/** Flags of the models that are a table of items by items. */
export interface TableFlags {
  readonly l2?: number;
  readonly dropout?: number;
  readonly decay?: number;
  readonly userPower?: number;
  readonly l2Power?: number;
  readonly popularityPower?: number;
  readonly neighbours?: number;
  readonly shrink?: number;
  readonly weighting?: ItemKnnConfig['weighting'];
}

export const defineTables = (command: Command): Command =>
  defineFactors(
    command
      .option(
        '--user-power <b>',
        'ease, vae: users count as (length of history)^-b (default 0)',
        number('user-power'),
      )
      .option(
        '--l2-power <q>',
        'ease: l2 grows with (popularity of an item)^q (default 0)',
        number('l2-power'),
      )
      .option(
        '--popularity-power <t>',
        'ease, kernel: scores are multiplied by (popularity + 1)^t (default 0; kernel -0.1)',
        number('popularity-power'),
      )
      .option(
        '--neighbours <k>',
        `itemknn: kept for each item (default ${ITEM_KNN_DEFAULTS.neighbours})`,
        wholeNumber('neighbours'),
      )
      .option(
        '--shrink <x>',
        'itemknn: holds the similarities of rare items back (default 0)',
        number('shrink'),
      )
      .addOption(new Option('--weighting <name>', 'itemknn: (default none)').choices(['none', 'bm25'])),
  );

/** Which of the flags each model understands. */
export const TABLE_FLAGS: Readonly<Record<string, readonly (keyof TableFlags)[]>> = {
  ease: ['l2', 'dropout', 'userPower', 'l2Power', 'popularityPower', 'decay'],
  itemknn: ['neighbours', 'shrink', 'weighting', 'decay'],
};

/** The options that flags ask for. CONFIG when they make no sense. */
export function tableOptions(model: string, flags: TableFlags): Partial<EaseConfig> | Partial<ItemKnnConfig> {
  if (model === 'ease') {
    const { l2, dropout, userPower, l2Power, popularityPower, decay } = flags;
    const options: Partial<EaseConfig> = given({ l2, dropout, userPower, l2Power, popularityPower, decay });
    checkEaseConfig({ ...EASE_DEFAULTS, ...options });
    return options;
  }
  const { neighbours, shrink, weighting, decay } = flags;
  const options: Partial<ItemKnnConfig> = given({ neighbours, shrink, weighting, decay });
  checkItemKnnConfig({ ...ITEM_KNN_DEFAULTS, ...options });
  return options;
}
