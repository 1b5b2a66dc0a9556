import type { Summary } from './summary.js';

/** Share of the most popular items in the lists from which a model has learned little else. */
const ALL_POPULAR = 0.9;
/** Lists of so few different items, in lengths of one list, are one list, but for what each user has seen. */
const ONE_LIST = 2;
const FEWEST_USERS = 20;

export interface SameListWarning {
  readonly code: 'SAME_LIST';
  readonly message: string;
}

/**
 * A model that gives everyone the same list may have a fair ndcg, and personalises nothing: popularityOverlap@k near 1,
 * or a coverage@k of hardly more than k items. Undefined for the baseline that does so by design, and where neither was
 * measured.
 */
export function sameListWarning(
  model: string,
  metrics: Readonly<Record<string, Summary>>,
  { items, users }: { readonly items: number; readonly users: number },
): SameListWarning | undefined {
  if (model === 'popular' || users < FEWEST_USERS) return undefined;
  for (const [label, { mean }] of Object.entries(metrics)) {
    const [name, cut] = label.split('@');
    // A cut of most of the catalogue leaves little to choose.
    if (4 * Number(cut) > items) continue;
    const what = `${label} is ${mean.toFixed(2)}`;
    if (name === 'popularityOverlap' && mean >= ALL_POPULAR) {
      return {
        code: 'SAME_LIST',
        message: `${model} gives nearly everyone the most popular items (${what}): it tells people apart no better than popularity does`,
      };
    }
    if (name === 'coverage' && mean * items <= ONE_LIST * Number(cut)) {
      return {
        code: 'SAME_LIST',
        message: `${model} gives everyone the same list (${what}, ${Math.round(mean * items)} items in all)`,
      };
    }
  }
  return undefined;
}
