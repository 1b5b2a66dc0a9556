import type { Split } from '../data/splitTypes.js';
import type { RankEvaluation } from '../evaluate/evaluateRanks.js';

/** Figures of single test users in a manifest: enough to break a mean down by group or by length of history. */
export interface TestUsers {
  /** Index of each user in the model file's users. */
  readonly users: readonly number[];
  /** Items of each user's history that the model was shown. */
  readonly historyLength: readonly number[];
  /** By metric, each user's value, rounded to six digits; of the model and of popularity. */
  readonly model: Readonly<Record<string, readonly number[]>>;
  readonly popular: Readonly<Record<string, readonly number[]>>;
}

/** Of more test users than this, so many are kept, evenly spread: a manifest is no table. */
const MOST_USERS = 5000;
/** The first that is there is what a report breaks down. */
export const KEPT_METRICS = ['ndcg@100', 'ndcg@10', 'recall@10'];

/** Undefined where the split does not say who the test users are. */
export function testUsers(
  { test }: Split,
  { model, popular }: { model: RankEvaluation; popular: RankEvaluation },
): TestUsers | undefined {
  const { users } = test;
  if (!users) return undefined;
  const { rows } = model.perUser;
  const step = Math.max(1, Math.ceil(rows.length / MOST_USERS));
  const kept = Array.from(rows.keys()).filter((i) => i % step === 0);
  const valuesOf = ({ perUser }: RankEvaluation) =>
    Object.fromEntries(
      KEPT_METRICS.flatMap((metric) => {
        const values = perUser.values.get(metric);
        return values ? [[metric, kept.map((i) => Number(values[i].toPrecision(6)))]] : [];
      }),
    );
  const { indptr } = test.history;
  return {
    users: kept.map((i) => users[rows[i]]),
    historyLength: kept.map((i) => indptr[rows[i] + 1] - indptr[rows[i]]),
    model: valuesOf(model),
    popular: valuesOf(popular),
  };
}
