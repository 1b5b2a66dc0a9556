import { FoldinError } from '../errors.js';
import type { Interactions } from './interactions.js';
import { globalTime, heldOutUsers, leaveLastOut, random } from './split.js';
import type { Split } from './splitTypes.js';

/** How a log was cut: what the model file keeps, so that `evaluate` can cut it again. */
export interface SplitSpec {
  readonly name: Split['name'];
  readonly seed: number;
  /** Shares. */
  readonly validation: number;
  readonly test: number;
}

const RULES = { heldOutUsers, globalTime, leaveLastOut, random };

/** Names of the rules that cut a log. */
export const SPLIT_RULES = Object.keys(RULES) as (keyof typeof RULES)[];

/** The parts of a log; leaks are refused unless they are allowed. CONFIG for `given`, whose parts are files. */
export function splitBy(
  { name, ...options }: SplitSpec,
  interactions: Interactions,
  allowLeak?: boolean,
): Split {
  if (name !== 'given') return RULES[name](interactions, { ...options, allowLeak });
  throw new FoldinError(
    'CONFIG',
    'the model was validated on files of its own, so the log has no test part',
    {
      remedy: 'Evaluate it with --foldin FILE --heldout FILE.',
    },
  );
}
