import { FoldinError } from '../errors.js';
import type { Recommender, Who } from '../recommend/recommender.js';
import { type Attribution, hasTerms, leaveOneOut, ownAttribution, ownMethod } from './contributions.js';
import { type ExplainMethod, type Explanation, explanationBy, type SentenceOptions } from './explanation.js';
import { integratedGradients } from './integratedGradients.js';
import { lime } from './lime.js';
import type { History, Scoring } from './scoring.js';

export type { ExplainMethod, Explanation } from './explanation.js';

export const EXPLAIN_METHODS: readonly ExplainMethod[] = [
  'additive',
  'leaveOneOut',
  'integratedGradients',
  'lime',
];

export interface ExplainOptions extends SentenceOptions {
  /** By default `additive` for a model that is, else `leaveOneOut`. */
  readonly method?: ExplainMethod;
  /** Of LIME's samples; 1 by default. */
  readonly seed?: number;
}

/**
 * What each item of a history does to the score of one item. UNKNOWN_ID for an unknown user or item, NO_HISTORY when
 * nothing of the history is known, CONFIG for a method that the model does not have.
 */
export async function explain(
  recommender: Recommender,
  who: Who,
  item: string,
  { method = ownMethod(recommender.model), seed, ...options }: ExplainOptions = {},
): Promise<Explanation> {
  const way = {
    method,
    attribute: (scoring: Scoring, history: History, target: number) =>
      attribution(scoring, history, target, method, seed),
  };
  return explanationBy(recommender, who, item, way, options);
}

/** The contributions by one of the methods; see `explain`. */
export async function attribution(
  scoring: Scoring,
  history: History,
  item: number,
  method: ExplainMethod,
  seed?: number,
): Promise<Attribution> {
  if (method === 'leaveOneOut') return leaveOneOut(scoring, history, item);
  if (method === 'integratedGradients') return integratedGradients(scoring, history, item);
  if (method === 'lime') return lime(scoring, history, item, { seed });
  if (hasTerms(scoring.model)) return ownAttribution(scoring, history, item);
  throw new FoldinError('CONFIG', `the scores of the model "${scoring.model.name}" are no sum of terms`, {
    remedy: 'Choose leaveOneOut, integratedGradients or lime.',
  });
}
