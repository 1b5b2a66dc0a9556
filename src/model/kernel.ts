import type { Backend, Tensor } from '../backend/backend.js';
import { randomOrder, STREAM } from '../backend/random.js';
import {
  type ConsecutiveRows,
  consecutive,
  type DeviceRows,
  freeAll,
  uploadRows,
} from '../backend/sparse.js';
import { type Csr, columnCounts, selectRows, transposed } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import { checkRange, checkWhole } from './config.js';
import { fillGram, gramSteps } from './gram.js';
import { inverse, inverseSteps } from './inverse.js';
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
/** Tables are read back and finished by the host, whose arrays should stay below this. */
const HOST_TABLE_BYTES = 2 * 2 ** 30;

/** What is learned: the histories that everybody is compared with, and what likeness to each of them says of each item. */
interface Learned {
  /** Landmarks x items, its values scaled to rows of length 1. */
  readonly landmarks: Csr;
  /** f32[items]: what an item counts in a history before that is scaled to length 1; 0 where nobody has it. */
  readonly itemWeights: Float32Array | Float64Array;
  /** f32[landmarks, items], taken over */
  readonly weights: Tensor;
  /** f32[items]: the score of somebody who is like nobody. */
  readonly means: Float32Array | Float64Array;
}

export class Kernel implements Model {
  readonly name = 'kernel';
  readonly isAdditive = false;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** f32[items, landmarks] */
  readonly #turned: Tensor;
  readonly #noBias: Tensor;

  constructor(
    private readonly backend: Backend,
    readonly config: KernelConfig,
    private readonly learned: Learned,
  ) {
    const { landmarks, itemWeights, weights, means } = learned;
    const made = backend.scope(() => ({
      rows: storedRows(backend, 'landmarks', landmarks),
      itemWeights: backend.tensor(itemWeights),
      means: backend.tensor(means),
      turned: backend.tensor(denseTurned(landmarks), [landmarks.columns, landmarks.rows]),
      noBias: backend.zeros('f32', [landmarks.rows]),
    }));
    this.#turned = made.turned;
    this.#noBias = made.noBias;
    this.tensors = new Map([
      ...made.rows,
      ['itemWeights', made.itemWeights],
      ['weights', weights],
      ['means', made.means],
    ]);
  }

  /** As it was saved. SHAPE_MISMATCH when its parts do not fit together. */
  static load(backend: Backend, items: number, config: KernelConfig, tensors: NamedArrays): Kernel {
    checkKernelConfig(config);
    const landmarks = loadRows(tensors, 'landmarks', items);
    const take = (name: string, ...shape: number[]) => floatsOf(tensors, name, shape);
    return new Kernel(backend, config, {
      landmarks,
      itemWeights: take('itemWeights', items),
      means: take('means', items),
      weights: backend.tensor(take('weights', landmarks.rows, items), [landmarks.rows, items]),
    });
  }

  get items(): number {
    return this.learned.landmarks.columns;
  }

  inputValues(histories: Csr): Float32Array {
    return features(histories, this.learned.itemWeights);
  }

  score(input: DeviceRows, batch: ConsecutiveRows, scores: Tensor): void {
    const { backend } = this;
    backend.scope(() => {
      const cosines = backend.zeros('f32', [scores.shape[0], this.#noBias.size]);
      backend.bagForward({
        input,
        batch,
        weights: this.#turned,
        bias: this.#noBias,
        out: cosines,
        activation: 'linear',
        dropout: { rate: 0, seed: 0, step: 0 },
      });
      backend.gaussianKernel({ cosines, sharpness: this.config.sharpness });
      const [b, bias] = [this.tensors.get('weights')!, this.tensors.get('means')!];
      backend.matmulNN({ a: cosines, b, bias, out: scores, activation: 'linear' });
    });
  }

  dispose(): void {
    freeAll([...this.tensors.values(), this.#turned, this.#noBias]);
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

/** f32[columns * rows]: the matrix by columns, zeros included. */
function denseTurned({ rows, columns, indptr, indices, values }: Csr): Float32Array {
  const dense = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let e = indptr[row]; e < indptr[row + 1]; e++) dense[indices[e] * rows + row] = values![e];
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

  const batches = Math.ceil((items + 1) / ROWS);
  const step = pace(backend, control, 2 * gramSteps(users) + inverseSteps(users) + batches);
  const fill = (out: Tensor) => fillKernel(backend, landmarks, config, out, step);
  const inverted = await inverse(backend, users, fill, step);
  const held: { free(): void }[] = [inverted];
  try {
    // (X - m)T P, row by row of the items; a last row of all users gives 1T P.
    const columns = transposed(histories);
    const all = uploadRows(backend, withFullRow(columns));
    const numbers = consecutive(backend, items + 1);
    const noBias = backend.zeros('f32', [users]);
    held.push(all, numbers, noBias);
    const part = backend.zeros('f32', [Math.min(ROWS, items + 1), users]);
    held.push(part);
    const turned = new Float32Array((items + 1) * users);
    for (let first = 0; first <= items; first += ROWS) {
      const count = Math.min(ROWS, items + 1 - first);
      backend.bagForward({
        input: all,
        batch: { rows: numbers, first, count },
        weights: inverted,
        bias: noBias,
        out: part,
        activation: 'linear',
        dropout: { rate: 0, seed: 0, step: 0 },
      });
      const found = await backend.read(part);
      turned.set(found.subarray(0, count * users), first * users);
      await step();
    }
    const weights = new Float32Array(users * items);
    for (let u = 0; u < users; u++) {
      const ones = turned[items * users + u];
      for (let i = 0; i < items; i++) {
        weights[u * items + i] = (turned[i * users + u] - means[i] * ones) * factors[i];
      }
    }
    return new Kernel(backend, config, {
      landmarks,
      itemWeights,
      weights: backend.tensor(weights, [users, items]),
      means: Float32Array.from(means, (mean, i) => mean * factors[i]),
    });
  } finally {
    for (const made of held) made.free();
  }
}

/** out = K + lambda I, block by block. */
async function fillKernel(
  backend: Backend,
  landmarks: Csr,
  { l2, sharpness }: KernelConfig,
  out: Tensor,
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
  backend.gaussianKernel({ cosines: out, sharpness });
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
    return n * widest * numberBytes <= HOST_TABLE_BYTES && widest <= backend.mostRows(n);
  };
  if (fits(users)) return;
  let most = users;
  while (most > 0 && !fits(most)) most -= Math.max(1, Math.floor(most / 1000));
  const gib = (n: number) => (n / 2 ** 30).toPrecision(3);
  const bytes = users * Math.max(users, items + 1) * numberBytes;
  const limit = Math.min(backend.maxTensorBytes, HOST_TABLE_BYTES);
  throw new FoldinError(
    'LIMIT_EXCEEDED',
    `${users} users to be compared with, and ${items} items, make a table of ${gib(bytes)} GiB; at most ${gib(limit)} GiB are possible on ${backend.device.adapter}`,
    {
      remedy:
        most > 0
          ? `Compare with fewer users (--landmarks ${most}), or take another adapter.`
          : 'Keep fewer items (--min-item), or take another model (--model mlp).',
      details: { bytes, limit, users, items },
    },
  );
}
