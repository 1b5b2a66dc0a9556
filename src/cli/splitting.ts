import { type Command, Option } from 'commander';
import type { Leak } from '../data/leaks/leak.js';
import { SPLIT_RULES, type SplitSpec } from '../data/splitBy.js';
import type { Split } from '../data/splitTypes.js';
import { FoldinError } from '../errors.js';
import { number } from './options.js';
import type { Output } from './output.js';

export interface SplitFlags {
  readonly split?: Split['name'];
  readonly validation?: number;
  readonly test?: number;
  readonly validationFoldin?: string;
  readonly validationHeldout?: string;
  readonly allowLeak?: boolean;
}

/** For those who want to see what a leak does. */
export const allowLeakOption = (): Option =>
  new Option('--allow-leak', 'measure although what is to be found was seen; such figures are worth nothing');

/** Says which leaks were allowed. */
export function warnOfLeaks(out: Output, leaks: readonly Leak[] = []): void {
  for (const { message } of leaks) out.warn(`LEAK: ${message}`);
}

export const defineSplit = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--split <rule>',
        'what is held out to measure by (default heldOutUsers, see below)',
      ).choices([...SPLIT_RULES, 'given']),
    )
    .option('--validation <share>', 'held out to choose the epoch (default 0.1)', number('validation'))
    .option('--test <share>', 'held out to measure once at the end (default 0.1)', number('test'))
    .option('--validation-foldin <file>', 'histories of the validation users, from a file')
    .option('--validation-heldout <file>', 'what is to be found of them')
    .addOption(allowLeakOption());

export const SPLIT_NOTES = `Splits:
  heldOutUsers  a tenth of the users is never trained on; from most of their history the rest is to be found.
                The default: a model of foldin serves every user from their history alone ("fold-in"), also
                those who come after the training, and this measures just that.
  globalTime    what happened after a moment is to be found from what happened before
  leaveLastOut  the last item of each user is to be found from the earlier ones
  random        some of everyone's items
  given         your own files: all of the log is trained on (--validation-foldin, --validation-heldout)`;

/** The split that flags ask for; `defaults` are a preset's shares. */
export function splitSpec(
  flags: SplitFlags,
  seed: number,
  defaults: { validation: number; test: number } = { validation: 0.1, test: 0.1 },
): SplitSpec {
  const { validationFoldin, validationHeldout } = flags;
  const fromFiles = validationFoldin !== undefined || validationHeldout !== undefined;
  const wrong = (message: string, remedy: string) => new FoldinError('USAGE', message, { remedy });
  if (fromFiles && (validationFoldin === undefined || validationHeldout === undefined)) {
    throw wrong(
      'only one of the two validation files is given',
      'Give --validation-foldin and --validation-heldout.',
    );
  }
  if (flags.split === 'given' && !fromFiles) {
    throw wrong('the split is given, but no files are', 'Give --validation-foldin and --validation-heldout.');
  }
  if (fromFiles && flags.split !== undefined && flags.split !== 'given') {
    throw wrong('validation files do not go with a split of the log', 'Leave out --split or the files.');
  }
  if (fromFiles && (flags.validation !== undefined || flags.test !== undefined)) {
    throw wrong('validation files do not go with shares of the log', 'Leave out --validation and --test.');
  }
  if (fromFiles) return { name: 'given', seed: 0, validation: 0, test: 0 };
  return {
    name: flags.split ?? 'heldOutUsers',
    seed,
    validation: flags.validation ?? defaults.validation,
    test: flags.test ?? defaults.test,
  };
}
