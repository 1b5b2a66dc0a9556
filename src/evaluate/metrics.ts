import type { RankedUser, TieGroup } from './ties.js';

/**
 * One pure function a metric, f64, of one user who has at least one held-out item. k = the cut, n = held-out
 * items, hits = held-out items among the first k ranks. k may exceed the number of items. Every value is
 * exact: the mean over all orders of tied items, which is the plain value where nothing ties.
 */
export type RankFunction = (user: RankedUser, k: number) => number;

/** How many of a group's ranks lie within the first k. */
const within = (group: TieGroup, k: number): number => Math.min(Math.max(k - group.above, 0), group.size);

/** Expected number of held-out items among the first k. */
export function hits(user: RankedUser, k: number): number {
  let sum = 0;
  for (const group of user.groups) sum += (group.relevant * within(group, k)) / group.size;
  return sum;
}

/** hits / k, also where fewer than k items could be ranked. */
export const precision: RankFunction = (user, k) => hits(user, k) / k;

/** hits / n */
export const recall: RankFunction = (user, k) => hits(user, k) / user.heldOut;

/** hits / min(k, n): the recall of Liang et al. 2018, which can reach 1 when n > k. */
export const cappedRecall: RankFunction = (user, k) => hits(user, k) / Math.min(k, user.heldOut);

/** The harmonic mean of precision and recall: 2 hits / (k + n). */
export const f1: RankFunction = (user, k) => (2 * hits(user, k)) / (k + user.heldOut);

/** Probability of at least one hit; within a group of ties the misses are hypergeometric. */
export const hitRate: RankFunction = (user, k) => {
  let miss = 1;
  for (const group of user.groups) {
    const inside = within(group, k);
    if (inside === 0) break;
    // C(size - relevant, inside) / C(size, inside), one relevant item after another.
    for (let i = 0; i < group.relevant && miss > 0; i++) {
      miss *= Math.max(group.size - inside - i, 0) / (group.size - i);
    }
  }
  return 1 - miss;
};

const discount = (rank: number): number => 1 / Math.log2(rank + 1);

function discountSum(above: number, end: number): number {
  let sum = 0;
  for (let rank = above + 1; rank <= end; rank++) sum += discount(rank);
  return sum;
}

/** Normalised discounted cumulative gain: gain 1, discount 1 / log2(rank + 1), ideal over min(k, n). */
export const ndcg: RankFunction = (user, k) => {
  let gain = 0;
  for (const group of user.groups) {
    gain += (group.relevant / group.size) * discountSum(group.above, group.above + within(group, k));
  }
  return gain / discountSum(0, Math.min(k, user.heldOut));
};

/**
 * Average precision at k: the sum of precision@rank over the ranks of hits up to k, divided by min(k, n).
 * Expected over ties as in McSherry & Najork 2008, "Computing information retrieval performance measures
 * efficiently in the presence of tied scores": the rank before i in a group, given a hit at i, holds on
 * average (i - 1) (relevant - 1) / (size - 1) of the group's other hits.
 */
export const map: RankFunction = (user, k) => {
  let sum = 0;
  for (const group of user.groups) {
    const others = group.size > 1 ? (group.relevant - 1) / (group.size - 1) : 0;
    let inGroup = 0;
    for (let i = 1; i <= within(group, k); i++) {
      inGroup += (group.relevantAbove + 1 + (i - 1) * others) / (group.above + i);
    }
    sum += (group.relevant / group.size) * inGroup;
  }
  return sum / Math.min(k, user.heldOut);
};

/** Expected reciprocal of the rank of the first held-out item, over the whole ranking. */
export const mrr: RankFunction = (user) => {
  const { above, size, relevant } = user.groups[0];
  // P(the group's first hit is its i-th item) = C(size - i, relevant - 1) / C(size, relevant), by recurrence.
  let probability = relevant / size;
  let sum = 0;
  for (let i = 1; i <= size - relevant + 1; i++) {
    sum += probability / (above + i);
    probability *= (size - i - relevant + 1) / (size - i);
  }
  return sum;
};

/**
 * Share of the pairs (held-out item, other unseen item) in the right order, a tie counting 1/2. Where every
 * unseen item is held out there is no pair, and every ranking is worth the same: 1/2.
 */
export const auc: RankFunction = (user) => {
  const others = user.candidates - user.heldOut;
  if (others === 0) return 0.5;
  let pairs = 0;
  for (const group of user.groups) {
    const othersAbove = group.above - group.relevantAbove;
    const othersTied = group.size - group.relevant;
    pairs += group.relevant * (others - othersAbove - othersTied / 2);
  }
  return pairs / (user.heldOut * others);
};

/** Metrics of one user's ranking; `cut` says whether the name takes an "@k". */
export const RANK_METRICS = {
  precision: { of: precision, cut: true },
  recall: { of: recall, cut: true },
  cappedRecall: { of: cappedRecall, cut: true },
  f1: { of: f1, cut: true },
  hitRate: { of: hitRate, cut: true },
  ndcg: { of: ndcg, cut: true },
  map: { of: map, cut: true },
  mrr: { of: mrr, cut: false },
  auc: { of: auc, cut: false },
} as const satisfies Record<string, { of: RankFunction; cut: boolean }>;

export type RankMetricName = keyof typeof RANK_METRICS;
