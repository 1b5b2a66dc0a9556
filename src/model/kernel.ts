import type { Backend, Tensor } from '../backend/backend.js';
import { ITEM_BLOCK, type ItemBlock, itemBlocks } from '../backend/blocks.js';
import { randomOrder, STREAM } from '../backend/random.js';
import {
  type ConsecutiveRows,
  consecutive,
  type DeviceRows,
  freeAll,
  uploadRows,
} from '../backend/sparse.js';
import { type Blocked, plainWhereWhole, type Stored, writeStored, zerosInBlocks } from '../backend/stored.js';
import { type Csr, columnCounts, selectRows, transposed } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import { checkRange, checkWhole } from './config.js';
import { fillGram, gramSteps } from './gram.js';
import { inverse, inverseSteps } from './inverse.js';
import { gib, HOST_TABLE_BYTES } from './itemTable.js';
import type { Model } from './model.js';
import { type FitControl, pace } from './pace.js';
import { floatsOf, type NamedArrays } from './parameters.js';
import { loadRows, storedRows } from './storedRows.js';

/** Kernel ridge regression over users; see `fitKernel`. */
export interface KernelConfig {
  /** lambda > 0: how much the answer is held back, beside 1 for a user's likeness to themselves. */
  readonly l2: number;
  /** a: items count as popularity^-a in what makes users alike. */
  readonly itemPower: number;
  /** How fast likeness falls off with the angle between two histories: k = exp(sharpness (cos - 1)). */
  readonly sharpness: number;
  /** t: scores are multiplied by (popularity + 1)^t; below 0 it favours the less popular. */
  readonly popularityPower: number;
  /** Users that everybody is compared with at most; of more, a random sample of so many learns. */
  readonly landmarks: number;
}

export const KERNEL_DEFAULTS: KernelConfig = {
  l2: 1.5,
  itemPower: 0.2,
  sharpness: 3,
  popularityPower: -0.1,
  landmarks: 10_000,
};

/** CONFIG, with the option's name, unless every value makes sense. */
export function checkKernelConfig(config: KernelConfig): void {
  checkRange('l2', config.l2, 1e-6, 1e12);
  checkRange('item-power', config.itemPower, 0, 2);
  checkRange('sharpness', config.sharpness, 1e-3, 100);
  checkRange('popularity-power', config.popularityPower, -2, 2);
  checkWhole('landmarks', config.landmarks, 1, 1e6);
}

/** Rows that are computed between two steps. */
const ROWS = 128;
/** Landmarks whose share of the scores is worked out at a time, and what it takes. */
interface Share extends ItemBlock {
  /** f32[items, count]: their histories */
  readonly turned: Tensor;
  /** f32[count, items]: of `weights` */
  readonly weights: Tensor;
  /** f32[count] */
  readonly noBias: Tensor;
}

/** What is learned: the histories that everybody is compared with, and what likeness to each of them says of each item. */
interface Learned {
  /** Landmarks x items, its values scaled to rows of length 1. */
  readonly landmarks: Csr;
  /** f32[items]: what an item counts in a history before that is scaled to length 1; 0 where nobody has it. */
  readonly itemWeights: Float32Array | Float64Array;
  /** f32[landmarks, items], row-major */
  readonly weights: Float32Array | Float64Array;
  /** f32[items]: the score of somebody who is like nobody. */
  readonly means: Float32Array | Float64Array;
}

export class Kernel implements Model {
  readonly name = 'kernel';
  readonly isAdditive = false;
  readonly tensors: ReadonlyMap<string, Stored>;
  readonly #shares: readonly Share[];
  readonly #means: Tensor;
  readonly #owned: readonly Tensor[];

  constructor(
    private readonly backend: Backend,
    readonly config: KernelConfig,
    private readonly learned: Pick<Learned, 'landmarks' | 'itemWeights'>,
    { weights, means }: Pick<Learned, 'weights' | 'means'>,
  ) {
    const { landmarks, itemWeights } = learned;
    const { rows, columns } = landmarks;
    const blocks = itemBlocks(backend, rows, columns);
    const made: Tensor[] = [];
    const keep = (tensor: Tensor): Tensor => {
      made.push(tensor);
      return tensor;
    };
    try {
      const table = zerosInBlocks(backend, [rows, columns], 0, blocks);
      made.push(...table.blocks);
      writeStored(backend, table, weights);
      this.#shares = blocks.map((block, b) => ({
        ...block,
        turned: keep(backend.tensor(denseTurned(landmarks, block), [columns, block.count])),
        weights: table.blocks[b],
        noBias: keep(backend.zeros('f32', [block.count])),
      }));
      this.#means = keep(backend.tensor(means));
      const stored = storedRows(backend, 'landmarks', landmarks);
      for (const [, tensor] of stored) made.push(tensor);
      this.tensors = new Map<string, Stored>([
        ...stored,
        ['itemWeights', keep(backend.tensor(itemWeights))],
        ['weights', plainWhereWhole(table)],
        ['means', this.#means],
      ]);
    } catch (error) {
      freeAll(made);
      throw error;
    }
    this.#owned = made;
  }

  /** As it was saved. SHAPE_MISMATCH when its parts do not fit together. */
  static load(backend: Backend, items: number, config: KernelConfig, tensors: NamedArrays): Kernel {
    checkKernelConfig(config);
    const landmarks = loadRows(tensors, 'landmarks', items);
    const take = (name: string, ...shape: number[]) => floatsOf(tensors, name, shape);
    return new Kernel(
      backend,
      config,
      { landmarks, itemWeights: take('itemWeights', items) },
      { weights: take('weights', landmarks.rows, items), means: take('means', items) },
    );
  }

  get items(): number {
    return this.learned.landmarks.columns;
  }

  inputValues(histories: Csr): Float32Array {
    return features(histories, this.learned.itemWeights);
  }

  score(input: DeviceRows, batch: ConsecutiveRows, scores: Tensor): void {
    const { backend } = this;
    const dropout = { rate: 0, seed: 0, step: 0 };
    backend.scope(() => {
      for (const { first, count, turned, weights, noBias } of this.#shares) {
        const cosines = backend.zeros('f32', [scores.shape[0], count]);
        backend.bagForward({
          input,
          batch,
          weights: turned,
          bias: noBias,
          out: cosines,
          activation: 'linear',
          dropout,
        });
        backend.gaussianKernel({ cosines, sharpness: this.config.sharpness });
        const isFirst = first === 0;
        const out = isFirst ? scores : backend.zeros('f32', scores.shape);
        const bias = isFirst ? this.#means : backend.zeros('f32', [this.items]);
        backend.matmulNN({ a: cosines, b: weights, bias, out, activation: 'linear' });
        if (!isFirst) backend.accumulate({ input: out, out: scores });
      }
    });
  }

  dispose(): void {
    freeAll(this.#owned);
  }
}

/** f32[nnz]: each entry times what its item counts, rows scaled to length 1; 0 in a row of nothing but unknown items. */
function features(histories: Csr, itemWeights: ArrayLike<number>): Float32Array {
  const { rows, indptr, indices, values } = histories;
  const scaled = new Float32Array(indices.length);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let e = indptr[row]; e < indptr[row + 1]; e++) {
      squares += ((values?.[e] ?? 1) * itemWeights[indices[e]]) ** 2;
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let e = indptr[row]; e < indptr[row + 1]; e++) {
      scaled[e] = scale * (values?.[e] ?? 1) * itemWeights[indices[e]];
    }
  }
  return scaled;
}

/** f32[columns * count]: some rows of the matrix by columns, zeros included. */
function denseTurned({ columns, indptr, indices, values }: Csr, { first, count }: ItemBlock): Float32Array {
  const dense = new Float32Array(columns * count);
  for (let row = 0; row < count; row++) {
    for (let e = indptr[first + row]; e < indptr[first + row + 1]; e++) {
      dense[indices[e] * count + row] = values![e];
    }
  }
  return dense;
}

/**
 * Kernel ridge regression from histories to histories, over users (as an infinitely wide autoencoder does; Sachdeva et
 * al. 2022): f = x_i (popularity_i / mean)^-a, scaled to length 1; k(f, f') = exp(sharpness (cos(f, f') - 1));
 * Z = (K + lambda I)^-1 (X - m), m the share of users that have an item; score = (k(f, F) Z + m) (popularity + 1)^t.
 * K is users x users: of more than `landmarks` users a random sample learns, popularities and m are those of all.
 * LIMIT_EXCEEDED, before anything is allocated, when a table of it is too large.
 */
export async function fitKernel(
  backend: Backend,
  train: Csr,
  config: KernelConfig,
  { seed, ...control }: FitControl & { readonly seed: number },
): Promise<Kernel> {
  checkKernelConfig(config);
  const users = Math.min(train.rows, config.landmarks);
  const items = train.columns;
  refuseLargeTables(backend, users, items);
  if (users < train.rows) {
    control.onNotice?.(
      'LANDMARKS',
      `kernel learns from ${users} of ${train.rows} users, drawn at random; --landmarks ${train.rows} takes all, for a table of ${train.rows} x ${train.rows} numbers`,
    );
  }
  const chosen = randomOrder(train.rows, seed, STREAM.sample, 0).subarray(0, users).slice().sort();
  const histories = users < train.rows ? selectRows(train, chosen) : train;
  const popularity = columnCounts(train);
  const meanPopularity = train.indices.length / items;
  const itemWeights = Float32Array.from(popularity, (count) =>
    count > 0 ? (count / meanPopularity) ** -config.itemPower : 0,
  );
  const landmarks = { ...histories, values: features(histories, itemWeights) };
  const means = new Float64Array(items);
  train.indices.forEach((item, e) => {
    means[item] += (train.values?.[e] ?? 1) / train.rows;
  });
  const factors = Float64Array.from(popularity, (count) => (count + 1) ** config.popularityPower);

  const blocks = itemBlocks(backend, users, users).length;
  const batches = Math.ceil((items + 1) / ROWS);
  const step = pace(backend, control, 2 * gramSteps(users, blocks) + inverseSteps(users) + blocks * batches);
  const fill = (out: Blocked) => fillKernel(backend, landmarks, config, out, step);
  const inverted = await inverse(backend, users, fill, step);
  const turned = await solved(backend, histories, inverted, step).finally(() => freeAll(inverted.blocks));
  const weights = new Float32Array(users * items);
  for (let u = 0; u < users; u++) {
    const ones = turned[items * users + u];
    for (let i = 0; i < items; i++) {
      weights[u * items + i] = (turned[i * users + u] - means[i] * ones) * factors[i];
    }
  }
  return new Kernel(
    backend,
    config,
    { landmarks, itemWeights },
    { weights, means: Float32Array.from(means, (mean, i) => mean * factors[i]) },
  );
}

/** f32[items + 1, users]: XT P, row by row of the items; a last row of all users gives 1T P. */
async function solved(
  backend: Backend,
  histories: Csr,
  inverted: Blocked,
  step: () => Promise<void>,
): Promise<Float32Array> {
  const { rows: users, columns: items } = histories;
  const all = uploadRows(backend, withFullRow(transposed(histories)));
  const numbers = consecutive(backend, items + 1);
  const found = new Float32Array((items + 1) * users);
  try {
    for (const [b, weights] of inverted.blocks.entries()) {
      const { first: firstUser, count: width } = inverted.items[b];
      const bias = backend.zeros('f32', [width]);
      const part = backend.zeros('f32', [Math.min(ROWS, items + 1), width]);
      try {
        for (let first = 0; first <= items; first += ROWS) {
          const count = Math.min(ROWS, items + 1 - first);
          backend.bagForward({
            input: all,
            batch: { rows: numbers, first, count },
            weights,
            bias,
            out: part,
            activation: 'linear',
            dropout: { rate: 0, seed: 0, step: 0 },
          });
          const values = await backend.read(part);
          for (let r = 0; r < count; r++) {
            found.set(values.subarray(r * width, (r + 1) * width), (first + r) * users + firstUser);
          }
          await step();
        }
      } finally {
        freeAll([bias, part]);
      }
    }
    return found;
  } finally {
    for (const made of [all, numbers]) made.free();
  }
}

/** out = K + lambda I, block by block. */
async function fillKernel(
  backend: Backend,
  landmarks: Csr,
  { l2, sharpness }: KernelConfig,
  out: Blocked,
  step: () => Promise<void>,
): Promise<void> {
  const turned = transposed(landmarks);
  // What makes 1 + lambda of the cosine of a history with itself, which is 1, or 0 of an empty one.
  const ridge = Float64Array.from({ length: landmarks.rows }, (_, u) => {
    let squares = 0;
    for (let e = landmarks.indptr[u]; e < landmarks.indptr[u + 1]; e++) squares += landmarks.values![e] ** 2;
    const itself = Math.exp(sharpness * (squares - 1));
    return 1 + Math.log(itself + l2) / sharpness - squares;
  });
  await fillGram(backend, turned, { values: turned.values, ridge, out, step });
  for (const cosines of out.blocks) backend.gaussianKernel({ cosines, sharpness });
}

/** The matrix and one more row, in which every column is 1. */
function withFullRow({ rows, columns, indptr, indices, values }: Csr): Csr {
  const length = indices.length;
  const all = new Uint32Array(length + columns);
  all.set(indices);
  for (let c = 0; c < columns; c++) all[length + c] = c;
  const numbers = values && new Float32Array(length + columns).fill(1);
  numbers?.set(values!);
  const ends = new Uint32Array(rows + 2);
  ends.set(indptr);
  ends[rows + 1] = length + columns;
  return {
    rows: rows + 1,
    columns,
    indptr: ends,
    indices: all,
    values: numbers,
  };
}

function refuseLargeTables(backend: Backend, users: number, items: number): void {
  const numberBytes = backend.precision === 'f64' ? 8 : 4;
  const fits = (n: number) => {
    const widest = Math.max(n, items + 1);
    return (
      n * widest * numberBytes <= HOST_TABLE_BYTES && Math.min(n, ITEM_BLOCK) <= backend.mostRows(widest)
    );
  };
  if (fits(users)) return;
  let most = users;
  while (most > 0 && !fits(most)) most -= Math.max(1, Math.floor(most / 1000));
  const bytesOf = (n: number) => n * Math.max(n, items + 1) * numberBytes;
  const [bytes, limit] = [bytesOf(users), most > 0 ? bytesOf(most) : HOST_TABLE_BYTES];
  throw new FoldinError(
    'LIMIT_EXCEEDED',
    `${users} users to be compared with, and ${items} items, make a table of ${gib(bytes)} GiB; at most ${gib(limit)} GiB are possible`,
    {
      remedy:
        most > 0
          ? `Compare with fewer users (--landmarks ${most}).`
          : 'Keep fewer items (--min-item), or take another model (--model mlp).',
      details: { bytes, limit, users, items },
    },
  );
}
