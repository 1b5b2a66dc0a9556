import type { Backend } from '../backend/backend.js';
import type { EvaluationSet } from '../data/splitTypes.js';
import type { Model } from '../model/model.js';
import { evaluateRanks, type RankEvaluation } from './evaluateRanks.js';
import { parseMetric, type RankMetric } from './parseMetric.js';
import { Ranker } from './ranker.js';
import type { TieRule } from './ties.js';

/** What is measured when nothing else is asked for. */
export const DEFAULT_METRICS = [
  'ndcg@100',
  'cappedRecall@20',
  'cappedRecall@50',
  'precision@10',
  'recall@10',
  'f1@10',
  'hitRate@10',
  'ndcg@10',
  'map@10',
  'mrr',
  'auc',
] as const;

export interface EvaluateOptions {
  /** Names such as "ndcg@100"; CONFIG for an unknown one. */
  readonly metrics?: readonly string[];
  /** `expected` (default): the mean over all orders of equal scores; `index`: the lower item first. */
  readonly ties?: TieRule;
  readonly signal?: AbortSignal;
}

/** Full-ranking metrics of a model on an evaluation set: mean and standard error over users, in f64. */
export async function evaluate(
  backend: Backend,
  model: Model,
  set: EvaluationSet,
  options: EvaluateOptions = {},
): Promise<RankEvaluation> {
  const metrics = (options.metrics ?? DEFAULT_METRICS).map(parseMetric).filter((m): m is RankMetric => m.kind === 'rank');
  const ranker = new Ranker(backend, model, set);
  try {
    return evaluateRanks(await ranker.ranks(options.signal), metrics, options.ties);
  } finally {
    ranker.dispose();
  }
}
