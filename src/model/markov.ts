import type { Backend, Tensor } from '../backend/backend.js';
import type { BatchRows, SparseRows } from '../backend/ops.js';
import { freeAll } from '../backend/sparse.js';
import { type Csr, columnCounts } from '../data/csr.js';
import { requireOrder, rowInOrder } from '../data/order.js';
import { FoldinError } from '../errors.js';
import { checkDecay, checkRange, checkWhole, type Decay } from './config.js';
import { decayed } from './decay.js';
import type { Model } from './model.js';
import { type FitControl, pace } from './pace.js';
import type { NamedArrays } from './parameters.js';

/** Transitions between items; see `fitMarkov`. */
export interface MarkovConfig extends Decay {
  /** w: how far apart in a history two items may be to count as a transition. */
  readonly window: number;
  /** What the most popular item gets for it, the others in proportion: little, to order items that nothing leads to. */
  readonly popularityWeight: number;
}

export const MARKOV_DEFAULTS: MarkovConfig = { window: 10, decay: 0.6, popularityWeight: 1e-6 };

/** CONFIG, with the option's name, unless every value makes sense. */
export function checkMarkovConfig(config: MarkovConfig): void {
  checkWhole('window', config.window, 1, 1e6);
  checkRange('popularityWeight', config.popularityWeight, 0, 1);
  checkDecay(config);
}

/**
 * Item-to-item transitions of the order of histories: T_ij is the sum of 1 / d over the pairs of a history in which j
 * comes d <= window items after i, each row scaled to the sum 1; score_j = sum over the history of gamma^(steps back) T_ij,
 * plus popularityWeight times j's popularity as a share of the largest. window 1 and gamma 0 make a Markov chain of first order.
 */
export class Markov implements Model {
  readonly name = 'markov';
  readonly isAdditive = true;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #ones = new Map<number, Tensor>();
  readonly #noBias: Tensor;

  /** SHAPE_MISMATCH unless the arrays are a square table by rows and one number an item. */
  constructor(
    private readonly backend: Backend,
    readonly items: number,
    readonly config: MarkovConfig,
    arrays: NamedArrays,
  ) {
    checkMarkovConfig(config);
    const [indptr, indices, values, popularity] = NAMES.map((name) => arrays.get(name)?.values);
    requireTable(items, indptr, indices, values);
    if (popularity?.length !== items) throw unfit(`popularity should be f32[${items}]`);
    this.tensors = new Map([
      [NAMES[0], backend.tensor(Uint32Array.from(indptr!))],
      [NAMES[1], backend.tensor(Uint32Array.from(indices!))],
      [NAMES[2], backend.tensor(Float32Array.from(values!))],
      [NAMES[3], backend.tensor(Float32Array.from(popularity), [1, items])],
    ]);
    this.#noBias = backend.zeros('f32', [items]);
  }

  inputValues(histories: Csr): Float32Array | undefined {
    requireOrder(histories, 'markov');
    return decayed(histories, this.config.decay, 'markov').values;
  }

  score(input: SparseRows, batch: BatchRows, scores: Tensor): void {
    const { backend, tensors } = this;
    const [indptr, indices, values, popularity] = NAMES.map((name) => tensors.get(name)!);
    const a = this.#onesOf(scores.shape[0]);
    backend.matmulNN({ a, b: popularity, bias: this.#noBias, out: scores, activation: 'linear' });
    backend.bagSparse({ input, batch, table: { indptr, indices, values }, out: scores });
  }

  /** f32[batch, 1] */
  #onesOf(batch: number): Tensor {
    let ones = this.#ones.get(batch);
    if (!ones) {
      ones = this.backend.tensor(new Float32Array(batch).fill(1), [batch, 1]);
      this.#ones.set(batch, ones);
    }
    return ones;
  }

  dispose(): void {
    freeAll([...this.tensors.values(), ...this.#ones.values(), this.#noBias]);
  }
}

/** In the order of `Markov`'s table: its rows' beginnings, columns, values, and what popularity adds. */
const NAMES = ['transitions.indptr', 'transitions.indices', 'transitions.values', 'popularity'] as const;

/** Counts the transitions of training histories on the host. COLUMN_MISSING where they know no order. */
export async function fitMarkov(
  backend: Backend,
  train: Csr,
  config: MarkovConfig,
  control: FitControl,
): Promise<Markov> {
  checkMarkovConfig(config);
  requireOrder(train, 'markov');
  const items = train.columns;
  const table = await transitions(backend, train, config.window, control);
  const counts = columnCounts(train);
  const most = counts.reduce((largest, count) => Math.max(largest, count), 1);
  const popularity = Float32Array.from(counts, (count) => (config.popularityWeight * count) / most);
  const array = (values: Uint32Array | Float32Array, shape = [values.length]) => ({ shape, values });
  return new Markov(
    backend,
    items,
    config,
    new Map([
      [NAMES[0], array(table.indptr)],
      [NAMES[1], array(table.indices)],
      [NAMES[2], array(table.values)],
      [NAMES[3], array(popularity, [1, items])],
    ]),
  );
}

/** The most items that are worked on between two looks at the clock. */
const AT_ONCE = 256;

/** T by rows, in one pass over the places where each item stands. */
async function transitions(backend: Backend, train: Csr, window: number, control: FitControl) {
  const items = train.columns;
  const { indptr: begins } = train;
  const sequence = new Uint32Array(train.indices.length);
  const ends = new Uint32Array(sequence.length);
  for (let row = 0; row < train.rows; row++) {
    sequence.set(rowInOrder(train, row), begins[row]);
    ends.fill(begins[row + 1], begins[row], begins[row + 1]);
  }
  const starts = new Uint32Array(items + 1);
  for (const item of sequence) starts[item + 1]++;
  for (let item = 0; item < items; item++) starts[item + 1] += starts[item];
  const next = starts.slice(0, items);
  const places = new Uint32Array(sequence.length);
  sequence.forEach((item, place) => {
    places[next[item]++] = place;
  });

  const atOnce = Math.min(AT_ONCE, Math.ceil(items / 4));
  const step = pace(backend, control, Math.ceil(items / atOnce));
  const sums = new Float64Array(items);
  const indptr = new Uint32Array(items + 1);
  const rows: { indices: Uint32Array; values: Float32Array }[] = [];
  for (let item = 0; item < items; item++) {
    const touched: number[] = [];
    let total = 0;
    for (let p = starts[item]; p < starts[item + 1]; p++) {
      const end = Math.min(ends[places[p]] - 1, places[p] + window);
      for (let at = places[p] + 1; at <= end; at++) {
        const weight = 1 / (at - places[p]);
        if (sums[sequence[at]] === 0) touched.push(sequence[at]);
        sums[sequence[at]] += weight;
        total += weight;
      }
    }
    const indices = Uint32Array.from(touched).sort();
    rows.push({ indices, values: Float32Array.from(indices, (j) => sums[j] / total) });
    for (const j of touched) sums[j] = 0;
    indptr[item + 1] = indptr[item] + indices.length;
    if (item % atOnce === atOnce - 1 || item === items - 1) await step();
  }
  const indices = new Uint32Array(Math.max(1, indptr[items]));
  const values = new Float32Array(indices.length);
  rows.forEach((row, item) => {
    indices.set(row.indices, indptr[item]);
    values.set(row.values, indptr[item]);
  });
  return { indptr, indices, values };
}

function requireTable(
  items: number,
  indptr: ArrayLike<number> | undefined,
  indices: ArrayLike<number> | undefined,
  values: ArrayLike<number> | undefined,
): void {
  if (indptr?.length !== items + 1 || !indices || values?.length !== indices.length) {
    throw unfit(`the transitions are not a table of ${items} items`);
  }
  for (let item = 0; item < items; item++) {
    if (!(indptr[item] <= indptr[item + 1] && indptr[item + 1] <= indices.length)) {
      throw unfit(`the transitions of item ${item} are not all there`);
    }
  }
  for (let e = 0; e < indices.length; e++) {
    if (!(indices[e] < items)) throw unfit(`a transition leads to item ${indices[e]} of ${items}`);
  }
}

const unfit = (problem: string): FoldinError =>
  new FoldinError('SHAPE_MISMATCH', problem, {
    remedy: 'Load a model with the configuration it was saved with.',
  });
