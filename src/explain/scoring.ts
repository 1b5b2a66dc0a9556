import type { Backend } from '../backend/backend.js';
import { type Csr, selectRows } from '../data/csr.js';
import { positionsBy } from '../data/order.js';
import { throwIfAborted } from '../errors.js';
import { itemBits, topLists } from '../evaluate/topLists.js';
import type { Model } from '../model/model.js';

/** One history: a matrix of one row. */
export type History = Csr;

/** How many entries the variants of a history may have at once on the device. */
const MOST_ENTRIES = 1 << 20;

export interface Scoring {
  readonly backend: Backend;
  readonly model: Model;
  readonly signal?: AbortSignal;
}

const emptyRows = (rows: number, columns: number): Csr => ({
  rows,
  columns,
  indptr: new Uint32Array(rows + 1),
  indices: new Uint32Array(0),
});

/** The raw score of one item for each row: f64[rows]. With `asInputs` the values are the model's inputs as they are. */
export async function scoresOf(
  { backend, model, signal }: Scoring,
  histories: Csr,
  item: number,
  asInputs = false,
): Promise<Float64Array> {
  const { scores } = await topLists(backend, model, {
    histories,
    seen: emptyRows(histories.rows, histories.columns),
    allowed: itemBits([item], model.items),
    k: 1,
    asInputs,
    signal,
  });
  return Float64Array.from(scores);
}

/** Row r: the entries of the history whose place p is kept, keeps(r, p); values and order go with their entries. */
export function variants(
  history: History,
  rows: number,
  keeps: (row: number, place: number) => boolean,
): Csr {
  const length = history.indices.length;
  const indptr = new Uint32Array(rows + 1);
  const indices: number[] = [];
  const values: number[] = [];
  const keys: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let place = 0; place < length; place++) {
      if (!keeps(row, place)) continue;
      indices.push(history.indices[place]);
      if (history.values) values.push(history.values[place]);
      if (history.positions) keys.push(history.positions[place]);
    }
    indptr[row + 1] = indices.length;
  }
  return {
    rows,
    columns: history.columns,
    indptr,
    indices: Uint32Array.from(indices),
    values: history.values && Float32Array.from(values),
    ...(history.positions && { positions: positionsBy(indptr, keys) }),
    ...(history.traits && { traits: repeated(history.traits, rows) }),
  };
}

/** The only row of a matrix, so many times. */
export const repeated = (matrix: Csr, rows: number): Csr => selectRows(matrix, new Uint32Array(rows));

/** The item's score for each of `rows` variants of a history, however long it is. */
export async function scoresOfVariants(
  scoring: Scoring,
  history: History,
  rows: number,
  keeps: (row: number, place: number) => boolean,
  item: number,
): Promise<Float64Array> {
  const atOnce = Math.max(1, Math.floor(MOST_ENTRIES / Math.max(1, history.indices.length)));
  const scores = new Float64Array(rows);
  for (let first = 0; first < rows; first += atOnce) {
    throwIfAborted(scoring.signal);
    const count = Math.min(atOnce, rows - first);
    const part = variants(history, count, (row, place) => keeps(first + row, place));
    scores.set(await scoresOf(scoring, part, item), first);
  }
  return scores;
}
