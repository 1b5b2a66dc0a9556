import { FoldinError } from '../../errors.js';

/**
 * What was seen that should not have been: a held-out pair (`pair`), a user held out of training (`user`), what
 * happened later (`future`), counts over more than the training part (`statistics`), another account of the same
 * person (`twins`), the model's own input (`echo`), a column made from what is to be found (`column`).
 */
export type LeakKind = 'pair' | 'user' | 'future' | 'statistics' | 'twins' | 'echo' | 'column';

export interface Leak {
  readonly kind: LeakKind;
  /** What leaks, with an example by its ids. */
  readonly message: string;
  /** What to do about it; a full sentence. */
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The ids behind a split's numbers. */
export interface SplitIds {
  /** By user index, as in `Split.trainUsers`. */
  readonly users: readonly string[];
  /** By column of the split's matrices. */
  readonly items: readonly string[];
}

/** Throws LEAKAGE for the first leak, and says how many there are; gives them back where they are allowed. */
export function refuseLeaks(leaks: readonly Leak[], allowLeak = false): readonly Leak[] {
  if (leaks.length === 0 || allowLeak) return leaks;
  const [{ kind, message, remedy, details }] = leaks;
  const more = leaks.length > 1 ? ` (and ${leaks.length - 1} more)` : '';
  throw new FoldinError('LEAKAGE', `${message}${more}`, {
    remedy: `${remedy} --allow-leak measures all the same, to look: such figures are worth nothing.`,
    details: { kind, ...details },
  });
}

/** "heldOutUsers split, test part" */
export const placeOf = ({ name }: { readonly name: string }, part: string): string =>
  `${name} split, ${part} part`;

export const quoted = (id: string | undefined): string => JSON.stringify(id ?? '?');
