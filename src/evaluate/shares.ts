/** Of so many users, how many have something. */
export interface Share {
  readonly users: number;
  readonly having: number;
}

/** Fewer than these who have it say nothing of a group. */
const FEWEST = 5;
const STANDARD_ERRORS = 2;

/**
 * Whether the first have it more often than the others, by more than chance: the difference of the shares is beyond two
 * standard errors of what it would be were they alike (two proportions, pooled), and five of the first have it at least.
 */
export function isMoreCommon(these: Share, others: Share): boolean {
  if (these.having < FEWEST || others.users < 1) return false;
  const pooled = (these.having + others.having) / (these.users + others.users);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / these.users + 1 / others.users));
  return shareOf(these) - shareOf(others) > STANDARD_ERRORS * error;
}

export const shareOf = ({ users, having }: Share): number => (users > 0 ? having / users : 0);
