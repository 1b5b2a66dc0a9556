import { consecutive, uploadRows } from '../backend/sparse.js';
import type { Csr } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import { type Attribution, hasTerms } from './contributions.js';
import { type History, repeated, type Scoring, scoresOf } from './scoring.js';

/** Points of the path; more where those before leave more than TOLERANCE of the score unexplained. */
const STEPS = [32, 128, 512];
const TOLERANCE = 0.01;

/**
 * Integrated gradients (Sundararajan, Taly & Yan 2017, eq. 1) from input values of 0 to the history's, by the midpoint
 * rule: x_i times the mean gradient along the straight path. Contributions add up to score - baseline, within 1%
 * where 512 points are enough for that. What a value does is the model's business: of gru it multiplies the item's
 * embedding, so that the path begins with as many embeddings of zeros, and a contribution is the product of embedding and
 * mean gradient, summed. CONFIG for a model without gradients of its inputs.
 */
export async function integratedGradients(
  scoring: Scoring,
  history: History,
  item: number,
): Promise<Attribution> {
  const { backend, model } = scoring;
  if (!model.inputGradients) {
    throw new FoldinError('CONFIG', `the model "${model.name}" has no gradients of its inputs to integrate`, {
      remedy: `Choose ${hasTerms(model) ? 'additive, which is exact for it' : 'leaveOneOut, which asks for scores alone'}.`,
    });
  }
  const length = history.indices.length;
  const values = model.inputValues(history) ?? new Float32Array(length).fill(1);
  const tiled = (rows: number, inputOf: (row: number, place: number) => number): Csr => ({
    rows,
    columns: history.columns,
    indptr: Uint32Array.from({ length: rows + 1 }, (_, row) => row * length),
    indices: Uint32Array.from({ length: rows * length }, (_, at) => history.indices[at % length]),
    values: Float32Array.from({ length: rows * length }, (_, at) =>
      inputOf(Math.floor(at / length), at % length),
    ),
    ...(history.positions && {
      positions: Uint32Array.from({ length: rows * length }, (_, at) => history.positions![at % length]),
    }),
    ...(history.traits && { traits: repeated(history.traits, rows) }),
  });
  const ends = tiled(2, (row, place) => (row === 0 ? values[place] : 0));
  const [score, baseline] = await scoresOf(scoring, ends, item, true);
  let contributions = new Float64Array(length);
  if (length === 0) return { score, baseline, contributions };
  for (const steps of STEPS) {
    const rows = uploadRows(
      backend,
      tiled(steps, (step, place) => (values[place] * (step + 0.5)) / steps),
    );
    const batch = { rows: consecutive(backend, steps), first: 0, count: steps, consecutive: true } as const;
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
