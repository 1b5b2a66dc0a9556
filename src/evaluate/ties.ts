import { FoldinError } from '../errors.js';

/**
 * What a metric makes of equal scores. `expected`: the mean over every order of the tied items, so that
 * a model with constant scores earns exactly chance. `index`: the lower item index first, as in serving.
 */
export type TieRule = 'expected' | 'index';

/** The exact ranks of all held-out items, as the op rankOf counts them. */
export interface Ranks {
  /** u32[users + 1]: the held-out entries of user u are indptr[u] .. indptr[u + 1] */
  readonly indptr: Uint32Array;
  /**
   * u32[3 * entries]: unseen items that score above, others with the same score at a lower index, others
   * with the same score in all. "Others" count other held-out items too.
   */
  readonly counts: Uint32Array;
  /** u32[users]: how many items the user has not seen */
  readonly candidates: Uint32Array;
}

/** What rankOf writes as `above` for a row that holds a score that is not finite. */
export const NOT_RANKABLE = 0xffffffff;

/** Items of one score: ranks above + 1 .. above + size, among which the relevant ones lie in any order. */
export interface TieGroup {
  readonly above: number;
  readonly size: number;
  /** How many of the group are held out; at least 1. */
  readonly relevant: number;
  /** How many held-out items stand in better groups. */
  readonly relevantAbove: number;
}

/** One user's held-out items as groups of ties, best first: all a metric needs. */
export interface RankedUser {
  readonly groups: readonly TieGroup[];
  /** n, the number of held-out items */
  readonly heldOut: number;
  /** Items that were ranked: all that the user has not seen. */
  readonly candidates: number;
}

/**
 * The groups of one user under a tie rule. Under `index` every item is a group of its own, so one formula
 * a metric serves both rules. DIVERGED if the scores were not finite, SHAPE_MISMATCH if counts contradict.
 */
export function rankedUser(ranks: Ranks, user: number, ties: TieRule): RankedUser {
  const from = ranks.indptr[user];
  const heldOut = ranks.indptr[user + 1] - from;
  const candidates = ranks.candidates[user];
  const places: { above: number; size: number }[] = [];
  for (let entry = from; entry < from + heldOut; entry++) {
    const [above, tiedLower, tied] = ranks.counts.subarray(3 * entry, 3 * entry + 3);
    if (above === NOT_RANKABLE) {
      throw new FoldinError(
        'DIVERGED',
        `the scores of user row ${user} are not finite and cannot be ranked`,
        {
          remedy: 'Train again with a lower learning rate, and look for extreme values in the log.',
          details: { user },
        },
      );
    }
    // Written so that a missing count (undefined) fails too.
    if (!(tiedLower <= tied && above + tied < candidates)) throw contradiction(user);
    places.push(ties === 'index' ? { above: above + tiedLower, size: 1 } : { above, size: tied + 1 });
  }
  places.sort((a, b) => a.above - b.above);

  const groups: TieGroup[] = [];
  let end = 0;
  for (let first = 0; first < heldOut; ) {
    const { above, size } = places[first];
    let next = first + 1;
    while (next < heldOut && places[next].above === above && places[next].size === size) next++;
    if (above < end || next - first > size) throw contradiction(user);
    groups.push({ above, size, relevant: next - first, relevantAbove: first });
    end = above + size;
    first = next;
  }
  return { groups, heldOut, candidates };
}

function contradiction(user: number): FoldinError {
  return new FoldinError('SHAPE_MISMATCH', `the rank counts of user row ${user} contradict each other`, {
    remedy: 'Pass the counts of rankOf with the indptr of the same held-out rows and their unseen items.',
    details: { user },
  });
}
