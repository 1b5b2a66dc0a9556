import { scoreRows } from '../model/blend.js';
import type { Model } from '../model/model.js';
import { type History, repeated, type Scoring, scoresOf, scoresOfVariants } from './scoring.js';

/** What each entry of a history does to the score of one item. */
export interface Attribution {
  /** The item's score for the history. */
  readonly score: number;
  /** What the contributions count from: the score of an empty history. */
  readonly baseline: number;
  /** f64, one an entry of the history, in its order. */
  readonly contributions: Float64Array;
  /** R² of the surrogate, weighted as its rows; only of LIME. */
  readonly fit?: number;
}

/**
 * Exact terms of an additive model: x_i w_ij for each entry i of the history, in the input values that the whole
 * history has. They and the baseline add up to the score but for rounding.
 */
export async function additive(scoring: Scoring, history: History, item: number): Promise<Attribution> {
  const length = history.indices.length;
  const values = scoring.model.inputValues(history) ?? new Float32Array(length).fill(1);
  // The whole, nothing, and each entry alone.
  const indices = Uint32Array.of(...history.indices, ...history.indices);
  const rows = {
    rows: length + 2,
    columns: history.columns,
    indptr: Uint32Array.from({ length: length + 3 }, (_, r) => (r === 0 ? 0 : length + Math.max(0, r - 2))),
    indices,
    values: Float32Array.of(...values, ...values),
    ...(history.traits && { traits: repeated(history.traits, length + 2) }),
  };
  const [score, baseline, ...alone] = await scoresOf(scoring, rows, item, true);
  return { score, baseline, contributions: Float64Array.from(alone, (s) => s - baseline) };
}

/** Whether every score of a model is a sum of exact terms, one an entry of the history. */
export const hasTerms = ({ isAdditive, mixture }: Model): boolean =>
  isAdditive || (mixture?.every(({ model }) => model.isAdditive) ?? false);

/**
 * The same of a blend of additive models: each member's terms, in its standard deviations for this history, times its
 * weight. The baseline has the members' own and takes their means off, so that it and the terms still add up.
 */
export async function additiveMixture(
  scoring: Scoring,
  history: History,
  item: number,
): Promise<Attribution> {
  const contributions = new Float64Array(history.indices.length);
  let baseline = 0;
  for (const { model, weight } of scoring.model.mixture!) {
    const own = await additive({ ...scoring, model }, history, item);
    const { mean, sd } = await moments({ ...scoring, model }, history);
    if (sd === 0) continue;
    baseline += (weight * (own.baseline - mean)) / sd;
    own.contributions.forEach((term, place) => {
      contributions[place] += (weight * term) / sd;
    });
  }
  const [score] = await scoresOf(scoring, history, item);
  return { score, baseline, contributions };
}

/** Mean and standard deviation of a model's scores of all items. */
async function moments({ backend, model }: Scoring, history: History): Promise<{ mean: number; sd: number }> {
  const scores = backend.zeros('f32', [1, model.items]);
  try {
    scoreRows(backend, model, history, scores);
    const found = (await backend.read(scores)) as Float32Array;
    const mean = found.reduce((sum, score) => sum + score, 0) / found.length;
    // Of equal scores the mean may be a rounding away.
    if (found.every((score) => score === found[0])) return { mean, sd: 0 };
    const squares = found.reduce((sum, score) => sum + (score - mean) ** 2, 0);
    return { mean, sd: Math.sqrt(squares / found.length) };
  } finally {
    scores.free();
  }
}

/**
 * What the score loses when an entry is taken out of the history, the others staying: one batch on the device. Entries
 * that stand in for each other get little, however much they matter together.
 */
export async function leaveOneOut(scoring: Scoring, history: History, item: number): Promise<Attribution> {
  const length = history.indices.length;
  // Row `length` is the whole history, the next one is empty.
  const keeps = (row: number, place: number): boolean => row <= length && row !== place;
  const scores = await scoresOfVariants(scoring, history, length + 2, keeps, item);
  const score = scores[length];
  return {
    score,
    baseline: scores[length + 1],
    contributions: scores.subarray(0, length).map((without) => score - without),
  };
}

/** The ways that need nothing of a model but its scores; the others are in files of their own. */
export type OwnMethod = 'additive' | 'leaveOneOut';

/** How a model is explained unless another way is asked for: by exact terms where it has them. */
export const ownMethod = (model: Model): OwnMethod => (hasTerms(model) ? 'additive' : 'leaveOneOut');

export function ownAttribution(scoring: Scoring, history: History, item: number): Promise<Attribution> {
  if (scoring.model.isAdditive) return additive(scoring, history, item);
  return hasTerms(scoring.model)
    ? additiveMixture(scoring, history, item)
    : leaveOneOut(scoring, history, item);
}
