import type { Leak } from '../data/leaks/leak.js';
import { FoldinError } from '../errors.js';
import { RANK_METRICS } from './metrics.js';
import type { RankMetric } from './parseMetric.js';
import { type Summary, summarise } from './summary.js';
import { type Ranks, rankedUser, type TieRule } from './ties.js';

/** The value of every metric for every user that was scored, for tests of significance and metrics by group. */
export interface PerUser {
  /** u32[scored]: the row of each user in the evaluation set, ascending */
  readonly rows: Uint32Array;
  /** f64[scored] by metric label */
  readonly values: ReadonlyMap<string, Float64Array>;
}

export interface RankEvaluation {
  readonly ties: TieRule;
  /** `skipped` counts users without a held-out item; they are in no mean. */
  readonly users: { readonly scored: number; readonly skipped: number };
  /** By label, e.g. {"ndcg@100": {mean, se}}: means over the scored users */
  readonly metrics: Record<string, Summary>;
  readonly perUser: PerUser;
  /** Leaks that were allowed: then the figures are worth nothing. */
  readonly leaks?: readonly Leak[];
}

/**
 * Every metric from the exact ranks of the held-out items. SPLIT_EMPTY if nobody has one, DIVERGED if a
 * user's scores were not finite.
 */
export function evaluateRanks(
  ranks: Ranks,
  metrics: readonly RankMetric[],
  ties: TieRule = 'expected',
): RankEvaluation {
  const users = ranks.candidates.length;
  const rows: number[] = [];
  for (let user = 0; user < users; user++) if (ranks.indptr[user + 1] > ranks.indptr[user]) rows.push(user);
  if (rows.length === 0) {
    throw new FoldinError('SPLIT_EMPTY', `none of the ${users} users to evaluate has a held-out item`, {
      remedy: 'Use another split or a longer log, so that users keep items that the model must find.',
    });
  }

  const values = new Map(metrics.map(({ label }) => [label, new Float64Array(rows.length)]));
  rows.forEach((row, scored) => {
    const user = rankedUser(ranks, row, ties);
    for (const { label, name, k } of metrics) values.get(label)![scored] = RANK_METRICS[name].of(user, k);
  });
  return {
    ties,
    users: { scored: rows.length, skipped: users - rows.length },
    metrics: Object.fromEntries([...values].map(([label, perUser]) => [label, summarise(perUser)])),
    perUser: { rows: Uint32Array.from(rows), values },
  };
}
