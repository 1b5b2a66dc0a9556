import { FoldinError } from '../errors.js';
import type { Recommender, Who } from '../recommend/recommender.js';
import {
  type Attribution,
  additive,
  additiveMixture,
  hasTerms,
  integratedGradients,
  leaveOneOut,
} from './contributions.js';
import { lime } from './lime.js';
import type { History, Scoring } from './scoring.js';
import { historyRow, type Named, named } from './who.js';
import { type Language, type Reason, sentence } from './words.js';

export type ExplainMethod = 'additive' | 'leaveOneOut' | 'integratedGradients' | 'lime';
export const EXPLAIN_METHODS: readonly ExplainMethod[] = [
  'additive',
  'leaveOneOut',
  'integratedGradients',
  'lime',
];

export interface ExplainOptions {
  /** By default `additive` for a model that is, else `leaveOneOut`. */
  readonly method?: ExplainMethod;
  readonly language?: Language;
  /** Of LIME's samples; 1 by default. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** Why an item has the score it has. Contributions are in the units of the score. */
export interface Explanation extends Named {
  readonly user?: string;
  readonly score: number;
  readonly method: ExplainMethod;
  /** The score of an empty history, which contributions count from; of a blend, in the units of this one. */
  readonly baseline: number;
  /** One an item of the history, the largest first. */
  readonly contributions: readonly Reason[];
  /**
   * score - baseline - the sum of the contributions: rounding for `additive`, at most 1% of the difference for
   * `integratedGradients`; the other methods promise no sum.
   */
  readonly remainder: number;
  /** R² of LIME's surrogate. */
  readonly fit?: number;
  /** Items of the history that the model has never seen; they were ignored. */
  readonly unknownItems: readonly string[];
  readonly text: string;
}

/**
 * What each item of a history does to the score of one item. UNKNOWN_ID for an unknown user or item, NO_HISTORY when
 * nothing of the history is known, CONFIG for a method that the model does not have.
 */
export async function explain(
  recommender: Recommender,
  who: Who,
  item: string,
  options: ExplainOptions = {},
): Promise<Explanation> {
  const { backend, model, parts } = recommender;
  const target = recommender.indexOf(item);
  const { history, unknown } = historyRow(recommender, who);
  const method = options.method ?? (hasTerms(model) ? 'additive' : 'leaveOneOut');
  const scoring = { backend, model, signal: options.signal };
  const found = await attribution(scoring, history, target, method, options.seed);
  const contributions = Array.from(history.indices, (index, place) => ({
    ...named(parts, index),
    contribution: found.contributions[place],
  })).sort((a, b) => b.contribution - a.contribution);
  const explained = found.contributions.reduce((sum, x) => sum + x, 0);
  return {
    ...('user' in who && { user: who.user }),
    ...named(parts, target),
    score: found.score,
    method,
    baseline: found.baseline,
    contributions,
    remainder: found.score - found.baseline - explained,
    ...(found.fit !== undefined && { fit: found.fit }),
    unknownItems: unknown,
    text: sentence(named(parts, target), contributions, options.language ?? 'en'),
  };
}

/** The contributions by one of the methods; see `explain`. */
export function attribution(
  scoring: Scoring,
  history: History,
  item: number,
  method: ExplainMethod,
  seed?: number,
): Promise<Attribution> {
  if (method === 'leaveOneOut') return leaveOneOut(scoring, history, item);
  if (method === 'integratedGradients') return integratedGradients(scoring, history, item);
  if (method === 'lime') return lime(scoring, history, item, { seed });
  if (scoring.model.isAdditive) return additive(scoring, history, item);
  if (hasTerms(scoring.model)) return additiveMixture(scoring, history, item);
  throw new FoldinError('CONFIG', `the scores of the model "${scoring.model.name}" are no sum of terms`, {
    remedy: 'Choose leaveOneOut, integratedGradients or lime.',
  });
}
