import { EPSILON, FUNCTION_UNITS, SUM_UNITS } from './case.js';

/** One row of a loss case, dense, on the host. */
export interface LossRow {
  readonly logits: Float32Array;
  readonly targets: Float32Array;
  readonly stored: Uint8Array;
  readonly scale: number;
  readonly negativeWeight: number;
}

/** How far the gradient of each item and the loss may be from the reference. */
export interface LossBound {
  readonly grad: Float64Array;
  readonly loss: number;
}

interface Outputs {
  /** The output of each item in f64, and how far f32 may be from it. */
  readonly y: Float64Array;
  readonly yError: Float64Array;
}

/**
 * Softmax in f32: p_i is off, of itself, by the error of exp(z_i - max) (WGSL: 3 + 2|x| units in the last
 * place, and the rounding of x) and by that of the sum, which is the mean of the same under p.
 */
function softmax(logits: Float32Array): Outputs & { max: number; logSum: number; sumError: number } {
  const max = logits.reduce((m, z) => Math.max(m, z), Number.NEGATIVE_INFINITY);
  const exps = Float64Array.from(logits, (z) => Math.exp(z - max));
  const sum = exps.reduce((total, e) => total + e, 0);
  const y = exps.map((e) => e / sum);
  const relative = Float64Array.from(logits, (z) => EPSILON * (SUM_UNITS + 6 * (max - z)));
  const sumError = SUM_UNITS * EPSILON + y.reduce((total, p, i) => total + p * relative[i], 0);
  const yError = y.map((p, i) => p * (relative[i] + sumError + SUM_UNITS * EPSILON));
  return { y, yError, max, logSum: Math.log(sum), sumError };
}

function sigmoid(logits: Float32Array): Outputs {
  const y = Float64Array.from(logits, (z) => 1 / (1 + Math.exp(-z)));
  return { y, yError: new Float64Array(y.length).fill(FUNCTION_UNITS * EPSILON) };
}

export function softmaxNllBound({ logits, targets, scale }: LossRow): LossBound {
  const { y, yError, max, logSum, sumError } = softmax(logits);
  const total = targets.reduce((sum, x) => sum + x, 0);
  // log is off by 2^-21 = 8 EPSILON near 1, 3 units in the last place elsewhere.
  let loss = total * (sumError + SUM_UNITS * EPSILON * (1 + logSum));
  for (let i = 0; i < logits.length; i++) {
    loss += SUM_UNITS * EPSILON * targets[i] * (Math.abs(logits[i]) + Math.abs(max) + logSum);
  }
  const grad = y.map((p, i) => scale * (total * yError[i] + SUM_UNITS * EPSILON * (total * p + targets[i])));
  return { grad, loss: scale * loss };
}

/** The terms are w (|z| + x)^2; a kernel may add a target to its row at either weight. */
export function squaredErrorBound({ logits, targets, scale, negativeWeight }: LossRow): LossBound {
  const weight = Math.max(1, negativeWeight);
  let loss = 0;
  const grad = Float64Array.from(logits, (z, i) => {
    const size = Math.abs(z) + targets[i];
    const w = targets[i] === 0 ? negativeWeight : weight;
    loss += SUM_UNITS * EPSILON * w * size * size;
    return scale * SUM_UNITS * EPSILON * 2 * w * size;
  });
  return { grad, loss: scale * loss };
}

/** First-order: the error of y carried through (y - x)^2 and through the slope of the output. */
export function activatedSquaredErrorBound(row: LossRow, output: 'softmax' | 'sigmoid'): LossBound {
  const { logits, targets, stored, scale, negativeWeight } = row;
  const { y, yError } = output === 'softmax' ? softmax(logits) : sigmoid(logits);
  const d = y.map((p, i) => 2 * (stored[i] ? 1 : negativeWeight) * (p - targets[i]));
  const dError = y.map((p, i) => {
    const w = stored[i] ? 1 : negativeWeight;
    return 2 * w * (yError[i] + SUM_UNITS * EPSILON * (p + targets[i]));
  });
  let loss = 0;
  let dot = 0;
  let dotError = 0;
  for (let i = 0; i < y.length; i++) {
    const w = stored[i] ? 1 : negativeWeight;
    const difference = Math.abs(y[i] - targets[i]);
    const square = (y[i] + targets[i]) ** 2;
    loss += w * (2 * difference * yError[i] + SUM_UNITS * EPSILON * square);
    dot += d[i] * y[i];
    dotError += Math.abs(d[i]) * yError[i] + y[i] * dError[i] + SUM_UNITS * EPSILON * Math.abs(d[i] * y[i]);
  }
  const grad = y.map((p, i) => {
    if (output === 'sigmoid') {
      const slope = p * (1 - p);
      return scale * (slope * dError[i] + Math.abs(d[i]) * (yError[i] + SUM_UNITS * EPSILON * slope));
    }
    const terms = p * (Math.abs(d[i]) + Math.abs(dot));
    return (
      scale * (yError[i] * Math.abs(d[i] - dot) + p * (dError[i] + dotError) + SUM_UNITS * EPSILON * terms)
    );
  });
  return { grad, loss: scale * loss };
}

/** softplus(z) = max(z, 0) + log(1 + exp(-|z|)): the log and 1 + exp are off by 9 EPSILON together. */
export function binaryCrossEntropyBound({ logits, targets, scale }: LossRow): LossBound {
  let loss = 0;
  const grad = Float64Array.from(logits, (z, i) => {
    loss += EPSILON * (FUNCTION_UNITS + SUM_UNITS * (1 + targets[i]) * Math.abs(z));
    return scale * EPSILON * (FUNCTION_UNITS + SUM_UNITS * targets[i]);
  });
  return { grad, loss: scale * loss };
}
