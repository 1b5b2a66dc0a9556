import type { Interactions } from '../interactions.js';
import type { Split } from '../splitTypes.js';
import { futureLeaks } from './future.js';
import type { Leak, SplitIds } from './leak.js';
import { pairLeaks } from './pairs.js';
import { vocabularyLeaks } from './statistics.js';
import { twinLeaks } from './twins.js';

/**
 * All leaks of a split that its parts alone can tell of; every split passes here. A leak multiplies NDCG, and nothing
 * else tells. `interactions`: what it was cut from, for their times.
 */
export function auditSplit(split: Split, ids: SplitIds, interactions?: Interactions): Leak[] {
  return [
    ...pairLeaks(split, ids),
    ...vocabularyLeaks(split.train, ids.items, `${split.name} split`),
    ...(interactions?.timeSec ? futureLeaks(split, interactions, ids) : []),
    ...twinLeaks(split, ids),
  ];
}

/** The ids of a split that was cut from these interactions. */
export const idsOf = ({ itemIndices }: Split, { users, items }: Interactions): SplitIds => ({
  users: users.ids,
  items: Array.from(itemIndices, (item) => items.ids[item]),
});
