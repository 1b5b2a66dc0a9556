import { isMoreCommon, type Share } from '../evaluate/shares.js';
import type { Recommender, Who } from '../recommend/recommender.js';
import type { Groups } from './groups.js';
import { nearest } from './kmeans.js';
import { represent } from './represent.js';

const MOST_LIKES = 2;

/** What the people of a group did with an item, for a sentence about it. */
export interface GroupTaste extends Share {
  /** From 1. `users` are in it, of whom so many are `having` the item. */
  readonly group: number;
  /** Everybody else. */
  readonly others: Share;
  /** What sets the group apart most, but for the item: its people have it more often than others, by more than chance. */
  readonly likes: readonly { readonly item: string; readonly title?: string }[];
}

/** The group, counted from 0, that somebody is in, or by their history would be. Errors of Recommender.historyOf. */
export async function groupOf(
  recommender: Recommender,
  { assigned, representation, centres }: Groups,
  who: Who,
): Promise<number> {
  const { backend, model, parts } = recommender;
  const found = recommender.historyOf(who);
  if ('user' in who) return assigned[parts.users!.indexOf(who.user)!];
  const { width, mean } = representation;
  const { points } = await represent(backend, model, recommender.matrixOf([found]), { mean });
  return (await nearest(backend, points, width, centres))[0];
}

/** What a group, counted from 0, did with an item. UNKNOWN_ID for an unknown item. */
export function groupTaste(
  recommender: Recommender,
  { groups, assigned }: Groups,
  group: number,
  item: string,
): GroupTaste {
  const { parts } = recommender;
  const { indptr, indices, rows } = parts.histories!;
  const { users, defining } = groups[group];
  const others = rows - users;
  const target = recommender.indexOf(item);
  const having = [0, 0];
  for (let user = 0; user < rows; user++) {
    if (indices.subarray(indptr[user], indptr[user + 1]).includes(target))
      having[assigned[user] === group ? 0 : 1]++;
  }
  const likes = defining.filter(({ item: liked, share, overall }) => {
    const mine = Math.round(share * users);
    const theirs = Math.round(overall * rows) - mine;
    return liked !== item && isMoreCommon({ users, having: mine }, { users: others, having: theirs });
  });
  return {
    group: group + 1,
    users,
    having: having[0],
    others: { users: others, having: having[1] },
    likes: likes.slice(0, MOST_LIKES).map(({ item: liked, title }) => ({
      item: liked,
      ...(title !== undefined && { title }),
    })),
  };
}
