import type { EvaluationSet } from '../data/splitTypes.js';
import type { RankEvaluation } from './evaluateRanks.js';
import { bootstrapInterval } from './significance.js';
import { type Summary, summarise } from './summary.js';

/** Ends of a 95% bootstrap interval of a mean over users. */
export type Interval = readonly [low: number, high: number];

/** The figures of some of the users. */
export interface Part {
  readonly label: string;
  readonly users: number;
  readonly metrics: Readonly<Record<string, Summary & { readonly interval: Interval }>>;
}

/** Where each bucket of history lengths begins. */
const LENGTHS = [1, 5, 10, 20, 50, 100, 200];

/** The buckets, shortest first: "1–4", ..., "200+". */
export const HISTORY_BUCKETS: readonly string[] = LENGTHS.map((from, i) =>
  i + 1 < LENGTHS.length ? `${from}–${LENGTHS[i + 1] - 1}` : `${from}+`,
);

/** The bucket of a history of so many items; undefined for an empty one. */
export const historyBucket = (length: number): string | undefined =>
  HISTORY_BUCKETS[LENGTHS.filter((from) => from <= length).length - 1];

/** Figures by length of the history that the model was shown. `set` is what was evaluated. */
export function byHistoryLength(evaluation: RankEvaluation, { history }: EvaluationSet): Part[] {
  const bucket = (row: number) => historyBucket(history.indptr[row + 1] - history.indptr[row]);
  return breakdown(evaluation, bucket, HISTORY_BUCKETS);
}

/**
 * Figures by anything that puts the rows of the evaluation set into parts; rows without a label are left out, and parts
 * without users. Metrics of single users only.
 */
export function breakdown(
  { perUser, metrics }: RankEvaluation,
  labelOf: (row: number) => string | undefined,
  labels: readonly string[],
): Part[] {
  const places = new Map(labels.map((label) => [label, [] as number[]]));
  perUser.rows.forEach((row, place) => {
    const label = labelOf(row);
    if (label !== undefined) places.get(label)?.push(place);
  });
  return labels.flatMap((label) => {
    const mine = places.get(label)!;
    if (mine.length === 0) return [];
    const figures = Object.keys(metrics).flatMap((metric) => {
      const values = perUser.values.get(metric);
      if (!values) return [];
      const chosen = Float64Array.from(mine, (place) => values[place]);
      return [[metric, { ...summarise(chosen), interval: bootstrapInterval(chosen) }] as const];
    });
    return [{ label, users: mine.length, metrics: Object.fromEntries(figures) }];
  });
}
