import type { Backend, Tensor } from '../backend/backend.js';
import { randomOrder, STREAM } from '../backend/random.js';
import { type ConsecutiveRows, type DeviceRows, freeAll } from '../backend/sparse.js';
import { selectRows } from '../data/csr.js';
import type { EvaluationSet } from '../data/splitTypes.js';
import { requireWhole, scoreRows } from '../model/blend.js';
import type { Model } from '../model/model.js';
import { evaluateRanks } from './evaluateRanks.js';
import { parseMetric, type RankMetric } from './parseMetric.js';
import { Ranker } from './ranker.js';
import { summarise } from './summary.js';

/** Fewer users than these are too few to choose weights by. */
export const FEWEST_USERS = 50;
/** Bytes that the members' scores of the users may take; of more users, a random sample chooses. */
const MOST_BYTES = 256 * 2 ** 20;
/** What is moved from one member to another, coarse first. */
const STEPS = [0.2, 0.1, 0.05];

/** How the weights of a blend came about. */
export interface WeightChoice {
  /** One a member, >= 0; they add up to 1. */
  readonly weights: readonly number[];
  /** `equal`: the validation part could not tell which are better. */
  readonly chosenBy: 'validation' | 'equal';
  /** Why they are equal: a phrase. */
  readonly reason?: string;
  readonly metric: string;
  /** Validation users that were scored. */
  readonly users: number;
  /** The metric of the chosen weights, of equal ones and of each member alone, on the validation part; none without users. */
  readonly found?: { readonly chosen: number; readonly equal: number; readonly alone: readonly number[] };
}

/** The members' scores of one batch of users, mixed by weights that can be changed. */
class Mix implements Model {
  readonly name = 'mix';
  readonly config = {};
  readonly isAdditive = false;
  readonly tensors = new Map<string, Tensor>();
  readonly items: number;
  weights: readonly number[] = [];
  /** By first row of the batch: f32[batch, items] a member. */
  readonly #scores = new Map<number, Tensor[]>();

  constructor(
    private readonly backend: Backend,
    private readonly members: readonly Model[],
  ) {
    this.items = members[0].items;
  }

  inputValues(): undefined {}

  score(histories: DeviceRows, batch: ConsecutiveRows, scores: Tensor): void {
    const { backend } = this;
    const mine = this.#scores.get(batch.first) ?? this.#scored(histories, batch, scores.shape);
    mine.forEach((own, m) => {
      backend.standardise({ scores: own, out: scores, weight: this.weights[m], accumulate: m > 0 });
    });
  }

  #scored(histories: DeviceRows, { first, count }: ConsecutiveRows, shape: readonly number[]): Tensor[] {
    const rows = Uint32Array.from({ length: count }, (_, row) => first + row);
    const matrix = selectRows(histories.matrix, rows);
    const made: Tensor[] = [];
    this.#scores.set(first, made);
    for (const member of this.members) {
      const own = this.backend.zeros('f32', shape);
      made.push(own);
      scoreRows(this.backend, member, matrix, own);
    }
    return made;
  }

  dispose(): void {
    for (const tensors of this.#scores.values()) freeAll(tensors);
  }
}

/**
 * Non-negative weights for the z-scores of these models that are best on the validation users, by ndcg@100: from equal
 * weights, what is moved from one model to another as long as it helps, in ever smaller steps. Equal weights stay where
 * there are fewer than FEWEST_USERS users, or where the best ones gain less than a standard error of the
 * difference; `reason` then says so. Which users choose, where there are too many, depends on the seed alone.
 */
export async function chooseWeights(
  backend: Backend,
  members: readonly Model[],
  validation: EvaluationSet,
  { seed, metric = 'ndcg@100', signal }: { seed: number; metric?: string; signal?: AbortSignal },
): Promise<WeightChoice> {
  requireWhole(members);
  const equal = members.map(() => 1 / members.length);
  const set = sample(validation, members, seed);
  const users = set.history.rows;
  const settled = { weights: equal, chosenBy: 'equal', metric, users } as const;
  if (users < FEWEST_USERS) {
    return {
      ...settled,
      reason: `${users} validation users are too few to choose by (${FEWEST_USERS} at least)`,
    };
  }
  const mix = new Mix(backend, members);
  const ranker = new Ranker(backend, mix, set);
  const seen = new Map<string, { mean: number; values: Float64Array }>();
  const measure = async (weights: readonly number[]) => {
    const key = weights.map((weight) => weight.toFixed(6)).join();
    let found = seen.get(key);
    if (!found) {
      mix.weights = weights;
      const { metrics, perUser } = evaluateRanks(await ranker.ranks(signal), [
        parseMetric(metric) as RankMetric,
      ]);
      found = { mean: metrics[metric].mean, values: perUser.values.get(metric)! };
      seen.set(key, found);
    }
    return found;
  };
  try {
    const alone: number[] = [];
    for (const m of members.keys())
      alone.push((await measure(members.map((_, i) => (i === m ? 1 : 0)))).mean);
    const start = await measure(equal);
    let best = { weights: equal, ...start };
    for (const step of STEPS) {
      for (let improved = true; improved; ) {
        improved = false;
        for (const weights of neighbours(best.weights, step)) {
          const found = await measure(weights);
          if (found.mean <= best.mean) continue;
          best = { weights, ...found };
          improved = true;
        }
      }
    }
    const found = { chosen: best.mean, equal: start.mean, alone };
    const gain = summarise(Float64Array.from(best.values, (value, u) => value - start.values[u]));
    if (best.weights === equal || gain.mean < (gain.se ?? 0)) {
      return {
        ...settled,
        reason: `on ${users} validation users no others are better beyond chance (${gain.mean.toFixed(4)} ± ${(gain.se ?? 0).toFixed(4)} ${metric})`,
        found: { ...found, chosen: start.mean },
      };
    }
    return { ...settled, weights: best.weights, chosenBy: 'validation', found };
  } finally {
    ranker.dispose();
    mix.dispose();
  }
}

/** Weights with `step` (or what there is) moved from one member to another. */
function neighbours(weights: readonly number[], step: number): number[][] {
  return weights.flatMap((from, a) =>
    weights.flatMap((_, b) => {
      const moved = Math.min(step, from);
      if (a === b || moved === 0) return [];
      const to = [...weights];
      // Rounded, so that the same weights reached in two ways are the same numbers.
      to[a] = Number((to[a] - moved).toFixed(6));
      to[b] = Number((to[b] + moved).toFixed(6));
      return [to];
    }),
  );
}

/** The users that have something to find, as many of them as fit. */
function sample({ history, heldOut }: EvaluationSet, members: readonly Model[], seed: number): EvaluationSet {
  const most = Math.max(
    FEWEST_USERS,
    Math.floor(MOST_BYTES / 4 / members.length / Math.max(1, history.columns)),
  );
  const scored = Array.from({ length: history.rows }, (_, row) => row).filter(
    (row) => heldOut.indptr[row + 1] > heldOut.indptr[row],
  );
  const rows = Array.from(
    randomOrder(scored.length, seed, STREAM.sample, 1).subarray(0, most),
    (i) => scored[i],
  );
  rows.sort((a, b) => a - b);
  return { history: selectRows(history, rows), heldOut: selectRows(heldOut, rows) };
}
