import type { Backend } from '../backend/backend.js';
import { consecutive, uploadRows } from '../backend/sparse.js';
import { type Csr, rowIndices, selectRows } from '../data/csr.js';
import { FoldinError, throwIfAborted } from '../errors.js';
import type { NetworkConfig } from '../model/config.js';
import type { Model } from '../model/model.js';
import { readScores, Scores } from './scores.js';
import { sum } from './summary.js';

/**
 * How well a model gives back what goes into it: the mean of |output(score) - x| over all rows and items, in
 * f64, where x is the row's value of the item and 0 where it has none. It is Keras' `mae` of a network fitted
 * to its own input. SPLIT_EMPTY without rows, DIVERGED when a score is not finite.
 */
export async function reconstructionError(
  backend: Backend,
  model: Model,
  rows: Csr,
  output: NetworkConfig['output'],
  signal?: AbortSignal,
): Promise<number> {
  if (rows.rows === 0) {
    throw new FoldinError('SPLIT_EMPTY', 'there is no user to reconstruct', {
      remedy: 'Use a longer log or a larger validation share.',
    });
  }
  const errors = new Float64Array(rows.rows);
  const scores = new Scores(backend, model, rows.rows);
  try {
    for (let first = 0; first < rows.rows; first += scores.batch) {
      throwIfAborted(signal);
      const count = Math.min(scores.batch, rows.rows - first);
      const mine = selectRows(
        rows,
        Uint32Array.from({ length: count }, (_, i) => first + i),
      );
      const found = await scoresOf(backend, model, scores, mine);
      for (let r = 0; r < count; r++) {
        const values = outputs(found.subarray(r * model.items, (r + 1) * model.items), output);
        errors[first + r] = rowError(values, mine, r);
      }
    }
  } finally {
    scores.free();
  }
  const mean = sum(errors) / (rows.rows * model.items);
  if (Number.isFinite(mean)) return mean;
  throw new FoldinError('DIVERGED', 'the model gave scores that are not finite numbers', {
    remedy: 'Train it again with a lower learning rate (--lr).',
  });
}

async function scoresOf(backend: Backend, model: Model, scores: Scores, histories: Csr) {
  const input = uploadRows(backend, histories, model.inputValues(histories));
  const rows = consecutive(backend, histories.rows);
  try {
    scores.fill(input, { rows, first: 0, count: histories.rows, consecutive: true });
    return await readScores(backend, scores);
  } finally {
    input.free();
    rows.free();
  }
}

/** What the output layer makes of raw scores. */
function outputs(scores: ArrayLike<number>, output: NetworkConfig['output']): Float64Array {
  const values = Float64Array.from(scores);
  if (output === 'linear') return values;
  if (output === 'sigmoid') return values.map((x) => 1 / (1 + Math.exp(-x)));
  const highest = values.reduce((a, b) => Math.max(a, b));
  const powers = values.map((x) => Math.exp(x - highest));
  const total = sum(powers);
  return powers.map((power) => power / total);
}

function rowError(values: Float64Array, rows: Csr, row: number): number {
  const targets = new Float64Array(values.length);
  rowIndices(rows, row).forEach((column, n) => {
    targets[column] = rows.values?.[rows.indptr[row] + n] ?? 1;
  });
  return sum(values.map((value, column) => Math.abs(value - targets[column])));
}
