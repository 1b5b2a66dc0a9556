import type { Backend } from '../backend/backend.js';
import { type Csr, columnCounts } from '../data/csr.js';
import type { EvaluationSet } from '../data/splitTypes.js';
import { FoldinError } from '../errors.js';
import type { Model } from '../model/model.js';
import { evaluateRanks, type RankEvaluation } from './evaluateRanks.js';
import { evaluateLists } from './lists.js';
import { type ListMetric, parseMetric, type RankMetric } from './parseMetric.js';
import { Ranker } from './ranker.js';
import { refuseShown, type SetNames } from './shown.js';
import type { Summary } from './summary.js';
import type { TieRule } from './ties.js';
import { topLists } from './topLists.js';

/** What is measured when nothing else is asked for; those of whole lists only where `train` is given. */
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
  'coverage@10',
  'popularityOverlap@10',
] as const;

/** Names of metrics as they are usually printed: a model file sorts the names of its manifest. */
export function inUsualOrder(labels: readonly string[]): string[] {
  const usual: readonly string[] = DEFAULT_METRICS.filter((label) => labels.includes(label));
  return [...usual, ...labels.filter((label) => !usual.includes(label))];
}

export interface EvaluateOptions {
  /** Names such as "ndcg@100"; CONFIG for an unknown one. */
  readonly metrics?: readonly string[];
  /** `expected` (default): the mean over all orders of equal scores; `index`: the lower item first. */
  readonly ties?: TieRule;
  /** The training histories, for metrics of whole lists. */
  readonly train?: Csr;
  /** Measure also where the model is shown what it is to find, to look; else that is LEAKAGE. */
  readonly allowLeak?: boolean;
  /** For messages. */
  readonly names?: SetNames;
  readonly signal?: AbortSignal;
}

/**
 * Full-ranking metrics of a model on an evaluation set: mean and standard error over users, in f64.
 * Metrics of whole lists (coverage, gini, novelty, popularityOverlap) need `train`, CONFIG without it. LEAKAGE when an
 * item that is held out stands in the history of the same row.
 */
export async function evaluate(
  backend: Backend,
  model: Model,
  given: EvaluationSet,
  options: EvaluateOptions = {},
): Promise<RankEvaluation> {
  const measurable = DEFAULT_METRICS.map(parseMetric).filter(({ kind }) => kind === 'rank' || options.train);
  const metrics = options.metrics?.map(parseMetric) ?? measurable;
  const ofRanks = metrics.filter((metric): metric is RankMetric => metric.kind === 'rank');
  const ofLists = metrics.filter((metric): metric is ListMetric => metric.kind === 'list');
  const { set, leaks } = await refuseShown(backend, model, given, options);
  const ranker = new Ranker(backend, model, set);
  try {
    const found = evaluateRanks(await ranker.ranks(options.signal), ofRanks, options.ties);
    const evaluation = leaks.length > 0 ? { ...found, leaks } : found;
    if (ofLists.length === 0) return evaluation;
    const ofAll = await lists(backend, model, set, ofLists, options);
    const inOrder = metrics.map(({ label }) => [label, evaluation.metrics[label] ?? ofAll[label]]);
    return { ...evaluation, metrics: Object.fromEntries(inOrder) };
  } finally {
    ranker.dispose();
  }
}

async function lists(
  backend: Backend,
  model: Model,
  { history, seen }: EvaluationSet,
  metrics: readonly ListMetric[],
  { train, signal }: EvaluateOptions,
): Promise<Record<string, Summary>> {
  if (!train) {
    throw new FoldinError(
      'CONFIG',
      `${metrics[0].label} is measured against the training part, which is not given`,
      {
        remedy: 'Pass the training histories as `train`, or leave the metric out.',
      },
    );
  }
  const length = Math.min(model.items, Math.max(...metrics.map(({ k }) => k)));
  const { items } = await topLists(backend, model, { histories: history, seen, k: length, signal });
  const catalogue = { popularity: columnCounts(train), trainUsers: train.rows, seen: seen ?? history };
  return evaluateLists({ items, length }, catalogue, metrics);
}
