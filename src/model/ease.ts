import type { Backend } from '../backend/backend.js';
import { itemBlocks } from '../backend/blocks.js';
import { freeAll } from '../backend/sparse.js';
import { type Blocked, readStored } from '../backend/stored.js';
import { type Csr, columnCounts } from '../data/csr.js';
import { checkDecay, checkRange, type Decay } from './config.js';
import { fillGram, gramSteps } from './gram.js';
import { inverse, inverseSteps } from './inverse.js';
import { ItemTable, refuseLargeTable } from './itemTable.js';
import { type FitControl, pace } from './pace.js';
import { userWeights } from './userWeights.js';

/** EASE (Steck 2019) and its relatives; see `fitEase`. */
export interface EaseConfig extends Decay {
  /** lambda > 0: how much each item's weights are held back, in units of interactions. */
  readonly l2: number;
  /** p of EDLAE (Steck 2020), 0 <= p < 1: as if that share of every history were left out at random. */
  readonly dropout: number;
  /** b: users count as (length of their history)^-b. */
  readonly userPower: number;
  /** q: lambda grows with an item's popularity to this power. */
  readonly l2Power: number;
  /** t: scores are multiplied by (popularity + 1)^t; below 0 it favours the less popular. */
  readonly popularityPower: number;
}

export const EASE_DEFAULTS: EaseConfig = {
  l2: 300,
  dropout: 0,
  userPower: 0,
  l2Power: 0,
  popularityPower: 0,
  decay: 1,
};

/** CONFIG, with the option's name, unless every value makes sense. */
export function checkEaseConfig(config: EaseConfig): void {
  checkRange('l2', config.l2, 1e-6, 1e12);
  checkRange('dropout', config.dropout, 0, 0.999);
  checkRange('user-power', config.userPower, 0, 2);
  checkRange('l2-power', config.l2Power, 0, 2);
  checkRange('popularity-power', config.popularityPower, -2, 2);
  checkDecay(config);
}

/**
 * A linear model in closed form: the B with zero diagonal that minimises
 * sum_u w_u |x_u - x_u B|^2 + sum_i r_i |B_i|^2, which is B_ij = -P_ij / P_jj with P = (G + diag r)^-1,
 * G = XT diag(w) X (Steck 2019, eq. 8). w_u = n_u^-b, scaled so that sum w n = sum n (n_u: length of the history);
 * r_i = lambda (g_i / mean g)^q + p / (1 - p) g_i, g = diag G. The columns of B are then multiplied by
 * (popularity_j + 1)^t. LIMIT_EXCEEDED, before anything is allocated, when an item x item table is too large.
 */
export async function fitEase(
  backend: Backend,
  train: Csr,
  config: EaseConfig,
  control: FitControl,
): Promise<ItemTable> {
  checkEaseConfig(config);
  const items = train.columns;
  refuseLargeTable(backend, items);
  const { values } = train;
  const weights = userWeights(train, config.userPower);
  const ridge = ridgeOf(train, weights, config);
  // G is computed twice; see `inverse`.
  const blocks = itemBlocks(backend, items, items).length;
  const step = pace(backend, control, 2 * gramSteps(items, blocks) + inverseSteps(items));
  const fill = (out: Blocked) => fillGram(backend, train, { values, weights, ridge, out, step });
  const inverted = await inverse(backend, items, fill, step);
  const p = (await readStored(backend, inverted).finally(() => freeAll(inverted.blocks))) as Float64Array;
  const popularity = columnCounts(train);
  const factors = Float64Array.from(
    popularity,
    (count, j) => -((count + 1) ** config.popularityPower) / p[j * items + j],
  );
  for (let i = 0; i < items; i++) {
    for (let j = 0; j < items; j++) p[i * items + j] *= factors[j];
    p[i * items + i] = 0;
  }
  return new ItemTable('ease', backend, items, config, p);
}

function ridgeOf(train: Csr, weights: Float64Array | undefined, config: EaseConfig): Float64Array {
  const { rows, columns, indptr, indices, values } = train;
  const g = new Float64Array(columns);
  for (let u = 0; u < rows; u++) {
    for (let e = indptr[u]; e < indptr[u + 1]; e++) {
      g[indices[e]] += (weights?.[u] ?? 1) * (values?.[e] ?? 1) ** 2;
    }
  }
  const mean = g.reduce((sum, x) => sum + x, 0) / columns;
  const { l2, l2Power, dropout } = config;
  // An item that nobody has would have no ridge at all when q > 0; any number leaves its weights at 0.
  return g.map((x) => (x > 0 ? l2 * (x / mean) ** l2Power + (dropout / (1 - dropout)) * x : l2));
}
