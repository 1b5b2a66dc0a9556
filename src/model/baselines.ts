import type { Backend, Tensor } from '../backend/backend.js';
import type { BatchRows, SparseRows } from '../backend/ops.js';
import { STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import type { Csr } from '../data/csr.js';
import { columnCounts } from '../data/csr.js';
import type { Model } from './model.js';

/** The baseline that every figure is printed beside: an item's score is how many training users have it. */
export class Popular implements Model {
  readonly name = 'popular';
  readonly config = {};
  readonly isAdditive = true;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #noBias: Tensor;
  readonly #ones = new Map<number, Tensor>();

  /** `popularity` f32[items]. */
  constructor(
    private readonly backend: Backend,
    popularity: Float32Array | Float64Array,
  ) {
    this.tensors = new Map([['popularity', backend.tensor(popularity, [1, popularity.length])]]);
    this.#noBias = backend.zeros('f32', [popularity.length]);
  }

  static fit(backend: Backend, train: Csr): Popular {
    return new Popular(backend, Float32Array.from(columnCounts(train)));
  }

  get items(): number {
    return this.#noBias.size;
  }

  inputValues(): undefined {}

  score(_histories: SparseRows, _batch: BatchRows, scores: Tensor): void {
    const [batch] = scores.shape;
    let ones = this.#ones.get(batch);
    if (!ones) {
      ones = this.backend.tensor(new Float32Array(batch).fill(1), [batch, 1]);
      this.#ones.set(batch, ones);
    }
    const b = this.tensors.get('popularity')!;
    this.backend.matmulNN({ a: ones, b, bias: this.#noBias, out: scores, activation: 'linear' });
  }

  dispose(): void {
    freeAll([...this.tensors.values(), ...this.#ones.values(), this.#noBias]);
  }
}

/** Chance: a random score for every user and item, the same for the same seed. */
export class Random implements Model {
  readonly name = 'random';
  readonly isAdditive = false;
  readonly tensors: ReadonlyMap<string, Tensor> = new Map();

  constructor(
    private readonly backend: Backend,
    readonly items: number,
    readonly config: { readonly seed: number },
  ) {}

  inputValues(): undefined {}

  score(_histories: SparseRows, batch: BatchRows, scores: Tensor): void {
    const { seed } = this.config;
    this.backend.uniform({ out: scores, seed, stream: STREAM.scores, firstRow: batch.first });
  }

  dispose(): void {}
}
