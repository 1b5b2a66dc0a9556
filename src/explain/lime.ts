import { randomOrder, randomUniform, STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import { type Blocked, writeStored } from '../backend/stored.js';
import { inverse } from '../model/inverse.js';
import type { Attribution } from './contributions.js';
import { type History, type Scoring, scoresOfVariants } from './scoring.js';

/** Width of the kernel over cosine distances, and the ridge; as in the authors' own software for texts. */
const WIDTH = 0.25;
const RIDGE = 1;

/**
 * A local linear surrogate (LIME; Ribeiro, Singh & Guestrin 2016, eq. 1): the history with random entries left out,
 * each sample weighted by how close it is to the whole (cosine of the 0/1 vectors); the item's score is then fitted by
 * ridge regression on what was kept, solved on the device. `fit` is the weighted R²: far below 1, the surrogate says
 * little. The same seed gives the same samples.
 */
export async function lime(
  scoring: Scoring,
  history: History,
  item: number,
  { seed = 1, samples = Math.max(300, 4 * history.indices.length) }: { seed?: number; samples?: number } = {},
): Promise<Attribution> {
  const length = history.indices.length;
  // Sample 0 is the whole history; the last row, which is no sample, is empty.
  const kept = Array.from({ length: samples }, (_, s) => sampleOf(length, seed, s));
  const keeps = (row: number, place: number): boolean => row < samples && kept[row][place] === 1;
  const scores = await scoresOfVariants(scoring, history, samples + 1, keeps, item);
  const baseline = scores[samples];
  if (length === 0) return { score: scores[0], baseline, contributions: new Float64Array(0), fit: 1 };

  const weights = kept.map((mask) => {
    const share = mask.reduce((sum, x) => sum + x, 0) / length;
    return Math.exp(-(((1 - Math.sqrt(share)) / WIDTH) ** 2));
  });
  const total = weights.reduce((sum, w) => sum + w, 0);
  const mean = weights.reduce((sum, w, s) => sum + w * scores[s], 0) / total;
  const coefficients = await ridge(
    scoring,
    kept.map((mask, s) => Float64Array.from([...mask, 1], (x) => x * Math.sqrt(weights[s]))),
    Float64Array.from(weights, (w, s) => Math.sqrt(w) * (scores[s] - mean)),
  );
  let unexplained = 0;
  let variance = 0;
  kept.forEach((mask, s) => {
    const fitted = mask.reduce((sum, x, place) => sum + x * coefficients[place], coefficients[length] + mean);
    unexplained += weights[s] * (scores[s] - fitted) ** 2;
    variance += weights[s] * (scores[s] - mean) ** 2;
  });
  return {
    score: scores[0],
    baseline,
    contributions: coefficients.slice(0, length),
    fit: variance > 0 ? 1 - unexplained / variance : 1,
  };
}

/** Which entries a sample keeps: all in sample 0, else all but 1 to `length` random ones. */
function sampleOf(length: number, seed: number, sample: number): Float64Array {
  const kept = new Float64Array(length).fill(1);
  if (sample === 0) return kept;
  const lost = 1 + Math.floor(randomUniform(seed, STREAM.limeCounts, sample, 0) * length);
  const order = randomOrder(length, seed, STREAM.limePlaces, sample);
  for (const place of order.subarray(0, lost)) kept[place] = 0;
  return kept;
}

/** argmin |X c - y|² + RIDGE |c|², the last coefficient, that of the constant, left free. */
async function ridge(
  { backend, signal }: Scoring,
  rows: readonly Float64Array[],
  y: Float64Array,
): Promise<Float64Array> {
  const n = rows[0].length;
  const flat = new Float64Array(rows.length * n);
  rows.forEach((row, r) => {
    flat.set(row, r * n);
  });
  const { gram, right } = backend.scope(() => {
    const x = backend.tensor(Float32Array.from(flat), [rows.length, n]);
    const [gram, right] = [backend.zeros('f32', [n, n]), backend.zeros('f32', [n, 1])];
    backend.matmulTN({ a: x, b: x, out: gram, sums: backend.zeros('f32', [n]) });
    const b = backend.tensor(Float32Array.from(y), [y.length, 1]);
    backend.matmulTN({ a: x, b, out: right, sums: backend.zeros('f32', [1]) });
    return { gram, right };
  });
  const made = [gram, right];
  try {
    const sums = await backend.read(gram);
    for (let i = 0; i < n - 1; i++) sums[i * n + i] += RIDGE;
    const fill = async (out: Blocked) => writeStored(backend, out, sums as Float32Array);
    const { blocks } = await inverse(backend, n, fill, async () => signal?.throwIfAborted());
    made.push(...blocks);
    // In one block, as the sums are.
    const [inverted] = blocks;
    const solution = backend.scope(() => {
      const out = backend.zeros('f32', [n, 1]);
      backend.matmulTN({ a: inverted, b: right, out, sums: backend.zeros('f32', [1]) });
      return out;
    });
    made.push(solution);
    return Float64Array.from(await backend.read(solution));
  } finally {
    freeAll(made);
  }
}
