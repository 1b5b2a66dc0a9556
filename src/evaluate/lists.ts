import { NO_ITEM, NOT_FINITE } from '../backend/ops.js';
import { type Csr, rowIndices } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import type { ListMetric } from './parseMetric.js';
import { type Summary, summarise } from './summary.js';

/** The recommendations of a set of users, as the op topK writes them. */
export interface TopLists {
  /** u32[users, length], best first; a short list is filled up with NO_ITEM */
  readonly items: Uint32Array;
  /** Room for items in every list. */
  readonly length: number;
}

/** What beyond-accuracy metrics measure a list against. */
export interface Catalogue {
  /** u32[items]: how many training users had each item */
  readonly popularity: Uint32Array;
  /** Number of training users. */
  readonly trainUsers: number;
  /** What the users of the lists had seen: rows as in the lists. */
  readonly seen: Csr;
}

/** `lists[u]` holds the first k items of user u. Figures of one user each, or one of all users together. */
type ListFunction = (lists: readonly Uint32Array[], catalogue: Catalogue, k: number) => Summary;

/** coverage@k: share of the catalogue's items that stand in anyone's first k. */
export const coverage: ListFunction = (lists, { popularity }) => {
  const given = timesGiven(lists, popularity.length);
  return { mean: given.reduce((items, times) => items + (times > 0 ? 1 : 0), 0) / given.length, se: null };
};

/**
 * gini@k: how unequally the first k are spread over the whole catalogue, items never recommended included.
 * 0 = every item equally often; 1 - 1 / items = one item only.
 * G = sum_i (2 i - items - 1) times_i / (items * sum_i times_i), times ascending, i from 1.
 */
export const gini: ListFunction = (lists, { popularity }) => {
  const given = timesGiven(lists, popularity.length).sort();
  const items = given.length;
  let weighted = 0;
  let total = 0;
  given.forEach((times, i) => {
    weighted += (2 * (i + 1) - items - 1) * times;
    total += times;
  });
  return { mean: total > 0 ? weighted / (items * total) : 0, se: null };
};

/**
 * novelty@k: mean self-information in bits of the items of a list (Zhou et al. 2010), log2(training users /
 * training users who had the item); an item nobody had counts as if one had. Users without a list are left out.
 */
export const novelty: ListFunction = (lists, { popularity, trainUsers }) =>
  overUsers(lists, (list) => {
    let bits = 0;
    for (const item of list) bits += Math.log2(trainUsers / Math.max(popularity[item], 1));
    return bits / list.length;
  });

/**
 * popularityOverlap@k: share of a user's list that also stands in the list the popularity baseline would give
 * the same user: the k items most popular in training that the user has not seen, ties to the lower index.
 * 1 = nothing but best-sellers. Users without a list are left out.
 */
export const popularityOverlap: ListFunction = (lists, { popularity, seen }, k) => {
  const order = popularity.map((_, item) => item).sort((a, b) => popularity[b] - popularity[a] || a - b);
  return overUsers(lists, (list, user) => {
    const known = new Set(rowIndices(seen, user));
    const popular = new Set<number>();
    for (let i = 0; i < order.length && popular.size < k; i++) {
      if (!known.has(order[i])) popular.add(order[i]);
    }
    return list.reduce((shared, item) => shared + (popular.has(item) ? 1 : 0), 0) / list.length;
  });
};

/** Metrics of what is recommended, whether or not it is right. All take a cut. */
export const LIST_METRICS = {
  coverage: { of: coverage },
  gini: { of: gini },
  novelty: { of: novelty },
  popularityOverlap: { of: popularityOverlap },
} as const satisfies Record<string, { of: ListFunction }>;

export type ListMetricName = keyof typeof LIST_METRICS;

/**
 * Metrics of top-k lists, by label. CONFIG if a cut exceeds the length of the lists (and not the whole
 * catalogue), DIVERGED if a list was marked as not finite, SHAPE_MISMATCH if lists and catalogue do not fit,
 * SPLIT_EMPTY if every list is empty.
 */
export function evaluateLists(
  lists: TopLists,
  catalogue: Catalogue,
  metrics: readonly ListMetric[],
): Record<string, Summary> {
  const items = catalogue.popularity.length;
  const users = lists.items.length / lists.length;
  if (users !== catalogue.seen.rows || items !== catalogue.seen.columns) {
    const got = `${users} lists over ${items} items, but seen is ${catalogue.seen.rows} x ${catalogue.seen.columns}`;
    throw new FoldinError('SHAPE_MISMATCH', got, {
      remedy: 'Pass one list and one row of seen items a user, over the same items.',
    });
  }
  const rows = Array.from({ length: users }, (_, user) =>
    wellFormed(lists.items.subarray(user * lists.length, (user + 1) * lists.length), user, items),
  );
  if (rows.every((row) => row.length === 0)) {
    throw new FoldinError('SPLIT_EMPTY', 'no user has a recommendation to measure', {
      remedy: 'Evaluate users who have items left that they have not seen.',
    });
  }
  const summaries = metrics.map(({ label, name, k }): [string, Summary] => {
    if (k > lists.length && lists.length < items) {
      throw new FoldinError('CONFIG', `${label} needs lists of ${k} items, got lists of ${lists.length}`, {
        remedy: `Recommend at least ${k} items a user, or use a lower cut.`,
        details: { label, length: lists.length },
      });
    }
    return [
      label,
      LIST_METRICS[name].of(
        rows.map((row) => row.subarray(0, k)),
        catalogue,
        k,
      ),
    ];
  });
  return Object.fromEntries(summaries);
}

/** A list without its filling. */
function wellFormed(list: Uint32Array, user: number, items: number): Uint32Array {
  if (list[0] === NOT_FINITE) {
    throw new FoldinError('DIVERGED', `the scores of user row ${user} are not finite and cannot be ranked`, {
      remedy: 'Train again with a lower learning rate, and look for extreme values in the log.',
      details: { user },
    });
  }
  const end = list.indexOf(NO_ITEM);
  const filled = end < 0 ? list : list.subarray(0, end);
  const foreign = filled.find((item) => item >= items);
  if (foreign !== undefined) {
    throw new FoldinError(
      'SHAPE_MISMATCH',
      `the list of user row ${user} holds item ${foreign} of only ${items}`,
      {
        remedy: 'Pass lists and popularity counts over the same items.',
        details: { user },
      },
    );
  }
  return filled;
}

function timesGiven(lists: readonly Uint32Array[], items: number): Uint32Array {
  const times = new Uint32Array(items);
  for (const list of lists) for (const item of list) times[item]++;
  return times;
}

function overUsers(
  lists: readonly Uint32Array[],
  value: (list: Uint32Array, user: number) => number,
): Summary {
  const values: number[] = [];
  lists.forEach((list, user) => {
    if (list.length > 0) values.push(value(list, user));
  });
  return summarise(values);
}
