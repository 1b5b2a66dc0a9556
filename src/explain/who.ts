import { FoldinError } from '../errors.js';
import type { Recommender, RecommenderParts, Who } from '../recommend/recommender.js';
import type { History } from './scoring.js';

/** An item as people know it. */
export interface Named {
  readonly item: string;
  readonly title?: string;
}

export function named({ items, titles }: RecommenderParts, index: number): Named {
  const title = titles?.[index];
  return { item: items.ids[index], ...(title !== undefined && { title }) };
}

/** A history as a matrix of one row, and its ids that the model does not know. NO_HISTORY when none is known. */
export function historyRow(recommender: Recommender, who: Who): { history: History; unknown: string[] } {
  const found = recommender.historyOf(who);
  const { known, unknown } = found;
  if (known.length === 0) {
    throw new FoldinError(
      'NO_HISTORY',
      'nothing of the history is known to the model, so there is nothing to explain',
      {
        remedy: 'Give a history with items of the log the model was trained on.',
        details: { unknown },
      },
    );
  }
  return { history: recommender.matrixOf([found]), unknown: [...unknown] };
}
