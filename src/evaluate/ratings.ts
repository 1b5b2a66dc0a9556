import { FoldinError } from '../errors.js';
import { sum } from './summary.js';

/** Mean absolute error of predicted against actual ratings, in their unit. SHAPE_MISMATCH, SPLIT_EMPTY. */
export function mae(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  return meanOf(predicted, actual, (p, a) => Math.abs(p - a));
}

/** Root of the mean squared error of predicted against actual ratings, in their unit. SHAPE_MISMATCH, SPLIT_EMPTY. */
export function rmse(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  return Math.sqrt(meanOf(predicted, actual, (p, a) => (p - a) ** 2));
}

/** Shares in [0, 1]. A share of nothing (no item called positive, or none that is) is 0. */
export interface Decisions {
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * Yes-or-no decisions: a score of `threshold` or more says yes, a label above 0 is a true yes.
 * SHAPE_MISMATCH, SPLIT_EMPTY, DIVERGED as for the errors above.
 */
export function decisions(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  threshold: number,
): Decisions {
  let hits = 0;
  let said = 0;
  let real = 0;
  const accuracy = meanOf(scores, labels, (score, label) => {
    const yes = score >= threshold;
    const positive = label > 0;
    if (yes) said++;
    if (positive) real++;
    if (yes && positive) hits++;
    return yes === positive ? 1 : 0;
  });
  return {
    accuracy,
    precision: said > 0 ? hits / said : 0,
    recall: real > 0 ? hits / real : 0,
    f1: said + real > 0 ? (2 * hits) / (said + real) : 0,
  };
}

function meanOf(
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
  term: (predicted: number, actual: number) => number,
): number {
  if (predicted.length !== actual.length) {
    throw new FoldinError('SHAPE_MISMATCH', `${predicted.length} predictions for ${actual.length} values`, {
      remedy: 'Pass one prediction for every value.',
    });
  }
  if (predicted.length === 0) {
    throw new FoldinError('SPLIT_EMPTY', 'there is no prediction to measure', {
      remedy: 'Use another split or a longer log, so that something is held out.',
    });
  }
  const terms = new Float64Array(predicted.length);
  for (let i = 0; i < terms.length; i++) {
    if (!Number.isFinite(predicted[i]) || !Number.isFinite(actual[i])) {
      throw new FoldinError('DIVERGED', `prediction ${i} is ${predicted[i]} for the value ${actual[i]}`, {
        remedy: 'Train again with a lower learning rate, and look for extreme values in the log.',
        details: { index: i },
      });
    }
    terms[i] = term(predicted[i], actual[i]);
  }
  return sum(terms) / terms.length;
}
