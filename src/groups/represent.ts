import type { Backend } from '../backend/backend.js';
import { randomBits } from '../backend/random.js';
import { consecutive, freeAll, uploadRows } from '../backend/sparse.js';
import { type Csr, selectRows } from '../data/csr.js';
import { throwIfAborted } from '../errors.js';
import type { Model } from '../model/model.js';

const BATCH = 128;
/** Numbers a user gets from a model that has no units of its own. */
const PROJECTED = 64;
/** Stream of the signs that scores are projected by. */
const SIGNS = 112;

/** Users as points. */
export interface Representation {
  /** f32[users, width], each of length 1 (or 0 for a user like the average in everything). */
  readonly points: Float32Array;
  readonly width: number;
  /** f64[width]: the mean user that was taken off. */
  readonly mean: Float64Array;
  /** What they are made of. */
  readonly of: 'units' | 'scores';
}

/**
 * Where each user stands in what the model has learned: the outputs of a network's last hidden layer; for models
 * without one the scores of all items, projected on random signs (Achlioptas 2003), which keeps distances. Every
 * user is scaled to length 1 and the mean user taken off, so that directions are compared: how tastes differ from the
 * average. `mean` is that of an earlier representation, to place other histories among its users.
 */
export async function represent(
  backend: Backend,
  model: Model,
  histories: Csr,
  { mean, signal }: { readonly mean?: Float64Array; readonly signal?: AbortSignal } = {},
): Promise<Representation> {
  const width = model.units ?? PROJECTED;
  const points = new Float32Array(histories.rows * width);
  const batch = Math.min(BATCH, Math.max(1, histories.rows));
  const out = backend.zeros('f32', [batch, width]);
  const projection = model.units === undefined ? projectionOf(backend, model.items) : undefined;
  const scores = projection && backend.zeros('f32', [batch, model.items]);
  try {
    for (let first = 0; first < histories.rows; first += batch) {
      throwIfAborted(signal);
      const count = Math.min(batch, histories.rows - first);
      const mine = selectRows(
        histories,
        Uint32Array.from({ length: count }, (_, i) => first + i),
      );
      const input = uploadRows(backend, mine, model.inputValues(mine));
      const rows = consecutive(backend, count);
      try {
        const place = { rows, first: 0, count, consecutive: true } as const;
        if (projection && scores) {
          model.score(input, place, scores);
          backend.matmulNN({ a: scores, ...projection, out, activation: 'linear' });
        } else model.represent!(input, place, out);
        points.set((await backend.read(out)).subarray(0, count * width), first * width);
      } finally {
        input.free();
        rows.free();
      }
    }
  } finally {
    freeAll([out, ...(scores ? [scores] : []), ...(projection ? [projection.b, projection.bias] : [])]);
  }
  return { points, width, mean: centre(points, width, mean), of: projection ? 'scores' : 'units' };
}

function projectionOf(backend: Backend, items: number) {
  const signs = Float32Array.from({ length: items * PROJECTED }, (_, i) =>
    randomBits(1, SIGNS, 0, i) & 1 ? 0.125 : -0.125,
  );
  return { b: backend.tensor(signs, [items, PROJECTED]), bias: backend.zeros('f32', [PROJECTED]) };
}

/** Scales every row to length 1, takes the mean row (or the one given) off, scales again, and returns what it took off. */
function centre(points: Float32Array, width: number, given?: Float64Array): Float64Array {
  const rows = Array.from({ length: points.length / width }, (_, user) =>
    points.subarray(user * width, (user + 1) * width),
  );
  // Else long histories, whose numbers are large, would decide what the average is.
  for (const row of rows) scaleToOne(row);
  const mean = given ?? new Float64Array(width);
  if (!given) for (const row of rows) for (let h = 0; h < width; h++) mean[h] += row[h] / rows.length;
  for (const row of rows) {
    for (let h = 0; h < width; h++) row[h] -= mean[h];
    scaleToOne(row);
  }
  return mean;
}

function scaleToOne(row: Float32Array): void {
  const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
  if (length > 0) for (let h = 0; h < row.length; h++) row[h] /= length;
}
