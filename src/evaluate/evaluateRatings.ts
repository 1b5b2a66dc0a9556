import type { Backend } from '../backend/backend.js';
import { type Csr, nnz } from '../data/csr.js';
import type { EvaluationSet } from '../data/splitTypes.js';
import { FoldinError } from '../errors.js';
import type { Model } from '../model/model.js';
import { Ranker } from './ranker.js';
import { type Decisions, decisions, mae, rmse } from './ratings.js';
import { sum } from './summary.js';

/** How well one way to predict does, in the unit of the ratings. */
export interface RatingFigures {
  readonly mae: number;
  readonly rmse: number;
  /** Of the decision "rated at the threshold or above", where one is given. */
  readonly decisions?: Decisions;
}

export interface RatingEvaluation {
  /** Held-out ratings. */
  readonly pairs: number;
  readonly threshold?: number;
  /** The model's raw scores, taken for ratings. */
  readonly model: RatingFigures;
  /** a + b times the score, fitted to the ratings of the calibration set by least squares; absent without one. */
  readonly calibrated?: RatingFigures;
  /** Baselines: the item's mean rating in training, and the mean of all. */
  readonly itemMean: RatingFigures;
  readonly mean: RatingFigures;
}

export interface RatingOptions {
  /** The training part, with its ratings: what the baselines know. */
  readonly train: Csr;
  /** The validation part: what scores are brought to the scale of ratings by. */
  readonly calibration?: EvaluationSet;
  readonly threshold?: number;
  readonly signal?: AbortSignal;
}

/**
 * How far predicted ratings are from the held-out ones, over pairs. The values of `set.heldOut` are the ratings; CONFIG
 * when it has none. SPLIT_EMPTY, DIVERGED.
 */
export async function evaluateRatings(
  backend: Backend,
  model: Model,
  set: EvaluationSet,
  { train, calibration, threshold, signal }: RatingOptions,
): Promise<RatingEvaluation> {
  const actual = set.heldOut.values;
  if (!actual || !train.values) {
    throw new FoldinError('CONFIG', 'errors of ratings need ratings, and the log was cleaned without', {
      remedy: 'Train with --weight value, and name the column with --value.',
    });
  }
  const scores = await scoresOf(backend, model, set, signal);
  const figures = (predicted: ArrayLike<number>): RatingFigures => ({
    mae: mae(predicted, actual),
    rmse: rmse(predicted, actual),
    ...(threshold !== undefined && { decisions: decisions(predicted, yes(actual, threshold), threshold) }),
  });
  const mean = sum(train.values) / nnz(train);
  const ofItem = itemMeans(train, mean);
  const line = calibration && nnz(calibration.heldOut) > 1 ? calibration : undefined;
  const scaled = line && leastSquares(await scoresOf(backend, model, line, signal), line.heldOut.values!);
  return {
    pairs: actual.length,
    ...(threshold !== undefined && { threshold }),
    model: figures(scores),
    ...(scaled && { calibrated: figures(scores.map((score) => scaled.a + scaled.b * score)) }),
    itemMean: figures(Float64Array.from(set.heldOut.indices, (item) => ofItem[item])),
    mean: figures(new Float64Array(actual.length).fill(mean)),
  };
}

const yes = (ratings: Float32Array, threshold: number): Uint8Array =>
  Uint8Array.from(ratings, (rating) => (rating >= threshold ? 1 : 0));

async function scoresOf(backend: Backend, model: Model, set: EvaluationSet, signal?: AbortSignal) {
  const ranker = new Ranker(backend, model, set);
  try {
    return await ranker.heldOutScores(signal);
  } finally {
    ranker.dispose();
  }
}

/** Mean rating of each item in training, the mean of all for items without. */
function itemMeans({ columns, indices, values }: Csr, mean: number): Float64Array {
  const sums = new Float64Array(columns);
  const counts = new Uint32Array(columns);
  indices.forEach((item, e) => {
    sums[item] += values![e];
    counts[item]++;
  });
  return sums.map((total, item) => (counts[item] > 0 ? total / counts[item] : mean));
}

/** The line y = a + b x with the least squared error; flat where all x are the same. */
function leastSquares(x: Float64Array, y: ArrayLike<number>): { a: number; b: number } {
  const n = x.length;
  const [meanX, meanY] = [sum(x) / n, sum(y) / n];
  const squares = sum(x.map((value) => (value - meanX) ** 2));
  const b = squares > 0 ? sum(x.map((value, i) => (value - meanX) * (y[i] - meanY))) / squares : 0;
  return { a: meanY - b * meanX, b };
}
