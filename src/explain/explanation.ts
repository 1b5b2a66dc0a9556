import type { Recommender, Who } from '../recommend/recommender.js';
import { type Attribution, type OwnMethod, ownAttribution, ownMethod } from './contributions.js';
import type { History, Scoring } from './scoring.js';
import { historyRow, type Named, named } from './who.js';
import { agrees, type Language, type Peers, type Reason, sentence } from './words.js';

export type ExplainMethod = OwnMethod | 'integratedGradients' | 'lime';

export interface SentenceOptions {
  readonly language?: Language;
  /** What people of the same group did with the item (see groupTaste): said where it speaks for the item. */
  readonly peers?: Peers;
  readonly signal?: AbortSignal;
}

/** Why an item has the score it has. Contributions are in the units of the score. */
export interface Explanation extends Named {
  readonly user?: string;
  readonly score: number;
  readonly method: ExplainMethod;
  /**
   * What contributions count from: the score of an empty history; by `integratedGradients` that of inputs that say nothing,
   * which for gru are as many embeddings of zeros; of a blend, in the units of this one.
   */
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
  /** As given, and whether they chose the item more often than others, so that the text names them. */
  readonly peers?: Peers & { readonly agree: boolean };
  readonly text: string;
}

/** A way to explain, and its name. */
export interface Way {
  readonly method: ExplainMethod;
  readonly attribute: (scoring: Scoring, history: History, item: number) => Promise<Attribution>;
}

/** An explanation by one way. UNKNOWN_ID, NO_HISTORY, and what the way throws. */
export async function explanationBy(
  recommender: Recommender,
  who: Who,
  item: string,
  { method, attribute }: Way,
  { language = 'en', peers, signal }: SentenceOptions = {},
): Promise<Explanation> {
  const { backend, model, parts } = recommender;
  const target = recommender.indexOf(item);
  const { history, unknown } = historyRow(recommender, who);
  const found = await attribute({ backend, model, signal }, history, target);
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
    ...(peers && { peers: { ...peers, agree: agrees(peers) } }),
    text: sentence(named(parts, target), contributions, language, peers),
  };
}

/** The same in the model's own way. */
export const explainOwn = (
  recommender: Recommender,
  who: Who,
  item: string,
  options?: SentenceOptions,
): Promise<Explanation> =>
  explanationBy(
    recommender,
    who,
    item,
    { method: ownMethod(recommender.model), attribute: ownAttribution },
    options,
  );
