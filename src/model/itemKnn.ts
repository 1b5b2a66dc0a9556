import type { Backend } from '../backend/backend.js';
import { itemBlocks } from '../backend/blocks.js';
import { freeAll } from '../backend/sparse.js';
import { readStored, zerosInBlocks } from '../backend/stored.js';
import type { Csr } from '../data/csr.js';
import { columnCounts } from '../data/csr.js';
import { checkDecay, checkOneOf, checkRange, checkWhole, type Decay } from './config.js';
import { fillGram, gramSteps } from './gram.js';
import { ItemTable, refuseLargeTable } from './itemTable.js';
import { type FitControl, pace } from './pace.js';

export interface ItemKnnConfig extends Decay {
  /** How many neighbours each item keeps. */
  readonly neighbours: number;
  /** Added to the product of the lengths: holds similarities of rare items back. */
  readonly shrink: number;
  /** `bm25`: long histories count less and repeated interactions saturate (Robertson, k1 1.2, b 0.75). */
  readonly weighting: 'none' | 'bm25';
}

export const ITEM_KNN_DEFAULTS: ItemKnnConfig = { neighbours: 100, shrink: 0, weighting: 'none', decay: 1 };

/** CONFIG, with the option's name, unless every value makes sense. */
export function checkItemKnnConfig(config: ItemKnnConfig): void {
  checkWhole('neighbours', config.neighbours, 1, 1e9);
  checkRange('shrink', config.shrink, 0, 1e12);
  checkOneOf('weighting', config.weighting, ['none', 'bm25']);
  checkDecay(config);
}

/**
 * Item-based nearest neighbours (Sarwar et al. 2001): score_j = sum over the history of s_ij, where
 * s_ij = x_i . x_j / (|x_i| |x_j| + shrink) over the columns of the weighted training matrix, and of each
 * column j only the `neighbours` largest are kept (ties to the lower index), itself left out. The table stays dense,
 * with zeros: it is scored by the same kernel as any other, and n^2 numbers had to be held anyway.
 * LIMIT_EXCEEDED, before anything is allocated, when it is too large.
 */
export async function fitItemKnn(
  backend: Backend,
  train: Csr,
  config: ItemKnnConfig,
  control: FitControl,
): Promise<ItemTable> {
  checkItemKnnConfig(config);
  const items = train.columns;
  refuseLargeTable(backend, items);
  const blocks = itemBlocks(backend, items, items);
  const step = pace(backend, control, (blocks.length + 1) * gramSteps(items, 1));
  const table = zerosInBlocks(backend, [items, items], 1, blocks);
  try {
    const values = config.weighting === 'bm25' ? bm25(train) : train.values;
    await fillGram(backend, train, { values, ridge: new Float64Array(items), out: table, step });
    const gram = await readStored(backend, table);
    const lengths = Float64Array.from({ length: items }, (_, i) => Math.sqrt(gram[i * items + i]));
    const kept = new Float32Array(gram.length);
    const column = new Float64Array(items);
    for (let j = 0; j < items; j++) {
      // G is symmetric: its row is its column.
      for (let i = 0; i < items; i++) {
        const product = gram[j * items + i];
        column[i] = i === j || product <= 0 ? 0 : product / (lengths[i] * lengths[j] + config.shrink);
      }
      for (const i of largest(column, config.neighbours)) kept[i * items + j] = column[i];
      if (j % Math.ceil(items / gramSteps(items, 1)) === 0) await step();
    }
    freeAll(table.blocks);
    return new ItemTable('itemknn', backend, items, config, kept);
  } finally {
    freeAll(table.blocks);
  }
}

/** The places of the k largest positive numbers, ties to the lower one; ascending. */
function largest(numbers: Float64Array, k: number): number[] {
  const positive = numbers.filter((x) => x > 0).sort();
  const places: number[] = [];
  if (positive.length === 0) return places;
  const threshold = positive[Math.max(0, positive.length - k)];
  // Of those at the threshold itself, only as many as there is room for.
  let room = k;
  for (const x of positive) if (x > threshold) room--;
  numbers.forEach((x, i) => {
    if (x > threshold || (x === threshold && room-- > 0)) places.push(i);
  });
  return places;
}

/** BM25 of each entry, a history being the document and its items the terms: f32[nnz]. */
function bm25(train: Csr): Float32Array {
  const [k1, b] = [1.2, 0.75];
  const { rows, indptr, indices, values } = train;
  const counts = columnCounts(train);
  const lengths = Float64Array.from({ length: rows }, (_, u) => {
    let sum = 0;
    for (let e = indptr[u]; e < indptr[u + 1]; e++) sum += values?.[e] ?? 1;
    return sum;
  });
  const mean = lengths.reduce((sum, n) => sum + n, 0) / rows;
  const weighted = new Float32Array(indices.length);
  for (let u = 0; u < rows; u++) {
    for (let e = indptr[u]; e < indptr[u + 1]; e++) {
      const x = values?.[e] ?? 1;
      const count = counts[indices[e]];
      const idf = Math.log(1 + (rows - count + 0.5) / (count + 0.5));
      weighted[e] = (idf * x * (k1 + 1)) / (x + k1 * (1 - b + (b * lengths[u]) / mean));
    }
  }
  return weighted;
}
