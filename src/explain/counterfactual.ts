import { FoldinError, throwIfAborted } from '../errors.js';
import { topLists } from '../evaluate/topLists.js';
import type { Recommender, Who } from '../recommend/recommender.js';
import { type History, type Scoring, variants } from './scoring.js';
import { historyRow, type Named, named } from './who.js';

export interface Counterfactual extends Named {
  readonly k: number;
  /** Without these the item is not among the best k; empty when nothing of the history keeps it there. */
  readonly removed: readonly Named[];
  /** False when the item stays among the best k however much is removed. */
  readonly found: boolean;
  /** How many histories were scored to find it. */
  readonly scored: number;
}

/**
 * A smallest set of history items without which an item is not among the best k: greedily, at each step the one
 * that brings it closest to leaving; then every one of them that turns out not to be needed is put back, and the rest
 * scored again. No proper subset of the answer does; a smaller set of other items may exist. What is removed stays
 * out of the list, as seen. CONFIG when the item is not among the best k to begin with.
 */
export async function counterfactual(
  recommender: Recommender,
  who: Who,
  item: string,
  { k = 10, signal }: { k?: number; signal?: AbortSignal } = {},
): Promise<Counterfactual> {
  const { backend, model, parts } = recommender;
  const target = recommender.indexOf(item);
  const { history } = historyRow(recommender, who);
  const scoring = { backend, model, signal };
  const length = history.indices.length;
  const removed = new Set<number>();
  let scored = 0;
  const leads = async (sets: readonly ReadonlySet<number>[]): Promise<Float64Array> => {
    scored += sets.length;
    return leadOf(scoring, history, sets, target, k);
  };

  if (!Number.isInteger(k) || k < 1 || k + length >= parts.items.size) {
    throw new FoldinError(
      'CONFIG',
      `k is ${k}; expected a whole number from 1 on, so small that an item can be left out`,
      {
        remedy: `Ask for k below ${Math.max(2, parts.items.size - length)}.`,
      },
    );
  }
  const [before] = await leads([removed]);
  if (!(before > 0)) {
    throw new FoldinError(
      'CONFIG',
      `the item "${item}" is not among the best ${k}, so nothing keeps it there`,
      {
        remedy: 'Ask about an item that is recommended, or for a larger k.',
      },
    );
  }
  let lead = before;
  while (lead > 0 && removed.size < length) {
    throwIfAborted(signal);
    const places = Array.from({ length }, (_, place) => place).filter((place) => !removed.has(place));
    const found = await leads(places.map((place) => new Set([...removed, place])));
    const best = found.reduce((least, x, i) => (x < found[least] ? i : least), 0);
    removed.add(places[best]);
    lead = found[best];
  }
  const found = !(lead > 0);
  for (const place of found ? [...removed] : []) {
    const rest = new Set([...removed].filter((other) => other !== place));
    if (!((await leads([rest]))[0] > 0)) removed.delete(place);
  }
  return {
    ...named(parts, target),
    k,
    removed: found ? [...removed].map((place) => named(parts, history.indices[place])) : [],
    found,
    scored,
  };
}

/**
 * For each set of removed places: how far the item's score is above that of the best item it keeps out of the first k;
 * -Infinity where it is not among them.
 */
async function leadOf(
  { backend, model, signal }: Scoring,
  history: History,
  sets: readonly ReadonlySet<number>[],
  item: number,
  k: number,
): Promise<Float64Array> {
  const width = k + 1;
  const histories = variants(history, sets.length, (row, place) => !sets[row].has(place));
  const seen = variants(history, sets.length, () => true);
  const lists = await topLists(backend, model, { histories, seen, k: width, signal });
  return Float64Array.from(sets, (_, row) => {
    const items = lists.items.subarray(row * width, (row + 1) * width);
    const place = items.indexOf(item);
    if (place < 0 || place >= k) return Number.NEGATIVE_INFINITY;
    const lead = lists.scores[row * width + place] - lists.scores[row * width + k];
    // A tie that the order of the vocabulary decides: still among the first k.
    return Math.max(lead, Number.MIN_VALUE);
  });
}
