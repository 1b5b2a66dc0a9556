import type { Backend, Tensor } from '../backend/backend.js';
import { type ItemBlock, itemBlocks } from '../backend/blocks.js';
import type { BatchRows, SparseRows } from '../backend/ops.js';
import { STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import type { Stored } from '../backend/stored.js';
import type { Csr } from '../data/csr.js';
import { columnCounts } from '../data/csr.js';
import type { Model } from './model.js';

/** A tensor of one row takes the memory of eight; a batch of scores has as many at least. */
const FEW_ROWS = 8;

/** The baseline that every figure is printed beside: an item's score is how many training users have it. */
export class Popular implements Model {
  readonly name = 'popular';
  readonly config = {};
  readonly isAdditive = true;
  readonly tensors: ReadonlyMap<string, Stored>;
  readonly blocks: readonly ItemBlock[];
  readonly items: number;
  /** f32[1, count] a block of items. */
  readonly #popularity: readonly Tensor[];
  /** f32[count] by count. */
  readonly #noBias = new Map<number, Tensor>();
  readonly #ones = new Map<number, Tensor>();

  /** `popularity` f32[items]. */
  constructor(
    private readonly backend: Backend,
    popularity: Float32Array | Float64Array,
  ) {
    this.items = popularity.length;
    this.blocks = itemBlocks(backend, this.items, FEW_ROWS);
    this.#popularity = this.blocks.map(({ first, count }) =>
      backend.tensor(popularity.slice(first, first + count), [1, count]),
    );
    for (const { count } of this.blocks) {
      if (!this.#noBias.has(count)) this.#noBias.set(count, backend.zeros('f32', [count]));
    }
    const shape = [1, this.items];
    const layout = { shape, size: this.items, axis: 1, isTurned: false, items: this.blocks } as const;
    const isOne = this.blocks.length === 1;
    this.tensors = new Map([
      ['popularity', isOne ? this.#popularity[0] : { ...layout, blocks: this.#popularity }],
    ]);
  }

  static fit(backend: Backend, train: Csr): Popular {
    return new Popular(backend, Float32Array.from(columnCounts(train)));
  }

  inputValues(): undefined {}

  score(_histories: SparseRows, _batch: BatchRows, scores: Tensor, firstItem = 0): void {
    const [batch, count] = scores.shape;
    let ones = this.#ones.get(batch);
    if (!ones) {
      ones = this.backend.tensor(new Float32Array(batch).fill(1), [batch, 1]);
      this.#ones.set(batch, ones);
    }
    const b = this.#popularity[this.blocks.findIndex(({ first }) => first === firstItem)];
    const bias = this.#noBias.get(count)!;
    this.backend.matmulNN({ a: ones, b, bias, out: scores, activation: 'linear' });
  }

  dispose(): void {
    freeAll([...this.#popularity, ...this.#ones.values(), ...this.#noBias.values()]);
  }
}

/** Chance: a random score for every user and item, the same for the same seed. */
export class Random implements Model {
  readonly name = 'random';
  readonly isAdditive = false;
  readonly tensors: ReadonlyMap<string, Tensor> = new Map();
  readonly blocks: readonly ItemBlock[];

  constructor(
    private readonly backend: Backend,
    readonly items: number,
    readonly config: { readonly seed: number },
  ) {
    this.blocks = itemBlocks(backend, items, FEW_ROWS);
  }

  inputValues(): undefined {}

  score(_histories: SparseRows, batch: BatchRows, scores: Tensor, firstColumn = 0): void {
    const { seed } = this.config;
    this.backend.uniform({ out: scores, seed, stream: STREAM.scores, firstRow: batch.first, firstColumn });
  }

  dispose(): void {}
}
