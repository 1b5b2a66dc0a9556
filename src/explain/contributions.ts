import { consecutive, uploadRows } from '../backend/sparse.js';
import { FoldinError } from '../errors.js';
import { scoreRows } from '../model/blend.js';
import type { Model } from '../model/model.js';
import { type History, type Scoring, scoresOf, scoresOfVariants } from './scoring.js';

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

/** Points of the path; more where those before leave more than TOLERANCE of the score unexplained. */
const STEPS = [32, 128, 512];
const TOLERANCE = 0.01;

/**
 * Integrated gradients (Sundararajan, Taly & Yan 2017, eq. 1) from no input to the history's inputs, by the midpoint
 * rule: x_i times the mean gradient along the straight path. Contributions add up to score - baseline, within 1%
 * where 512 points are enough for that. CONFIG for a model without gradients of its inputs.
 */
export async function integratedGradients(
  scoring: Scoring,
  history: History,
  item: number,
): Promise<Attribution> {
  const { backend, model } = scoring;
  if (!model.inputGradients) {
    throw new FoldinError('CONFIG', `the model "${model.name}" has no gradients of its inputs`, {
      remedy: 'Choose another method, such as leaveOneOut.',
    });
  }
  const length = history.indices.length;
  const values = model.inputValues(history) ?? new Float32Array(length).fill(1);
  const ends = { ...history, rows: 2, indptr: Uint32Array.of(0, length, length), values };
  const [score, baseline] = await scoresOf(scoring, ends, item, true);
  let contributions = new Float64Array(length);
  if (length === 0) return { score, baseline, contributions };
  for (const steps of STEPS) {
    const path = {
      rows: steps,
      columns: history.columns,
      indptr: Uint32Array.from({ length: steps + 1 }, (_, s) => s * length),
      indices: Uint32Array.from({ length: steps * length }, (_, at) => history.indices[at % length]),
      values: Float32Array.from(
        { length: steps * length },
        (_, at) => (values[at % length] * (Math.floor(at / length) + 0.5)) / steps,
      ),
    };
    const rows = uploadRows(backend, path);
    const batch = { rows: consecutive(backend, steps), first: 0, count: steps };
    const out = backend.zeros('f32', [steps * length]);
    try {
      model.inputGradients(rows, batch, item, out);
      const gradients = await backend.read(out);
      contributions = new Float64Array(length);
      gradients.forEach((gradient, at) => {
        contributions[at % length] += (values[at % length] * gradient) / steps;
      });
    } finally {
      rows.free();
      batch.rows.free();
      out.free();
    }
    const explained = contributions.reduce((sum, x) => sum + x, 0);
    if (Math.abs(score - baseline - explained) <= TOLERANCE * Math.abs(score - baseline)) break;
  }
  return { score, baseline, contributions };
}
