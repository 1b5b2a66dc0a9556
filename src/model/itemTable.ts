import type { Backend, Tensor } from '../backend/backend.js';
import { itemBlocks } from '../backend/blocks.js';
import type { BatchRows, SparseRows } from '../backend/ops.js';
import { freeAll } from '../backend/sparse.js';
import { type Blocked, plainWhereWhole, type Stored, writeStored, zerosInBlocks } from '../backend/stored.js';
import type { Csr } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import type { Decay } from './config.js';
import { decayed } from './decay.js';
import { firstLayer } from './firstLayer.js';
import type { Model } from './model.js';
import { floatsOf, type NamedArrays } from './parameters.js';

/** Tables are read back, finished and saved by the host, whose arrays and files should stay below this. */
export const HOST_TABLE_BYTES = 2 * 2 ** 30;

/**
 * A model that is one table of items by items: score_j = sum over the history of x_i weights[i, j]. Where it is too large
 * for one tensor it lies in blocks of the items of histories, whose shares of the scores are added.
 */
export class ItemTable implements Model {
  readonly isAdditive = true;
  readonly tensors: ReadonlyMap<string, Stored>;
  readonly #weights: Blocked;
  readonly #noBias: Tensor;

  /** `weights` f32[items, items], row-major. LIMIT_EXCEEDED as `refuseLargeTable` says. */
  constructor(
    readonly name: string,
    private readonly backend: Backend,
    readonly items: number,
    readonly config: Partial<Decay>,
    weights: Float32Array | Float64Array,
  ) {
    refuseLargeTable(backend, items);
    this.#weights = zerosInBlocks(backend, [items, items], 0, itemBlocks(backend, items, items));
    writeStored(backend, this.#weights, weights);
    this.tensors = new Map([['weights', plainWhereWhole(this.#weights)]]);
    this.#noBias = backend.zeros('f32', [items]);
  }

  /** As it was saved. SHAPE_MISMATCH when the table is not items by items. */
  static load(
    name: string,
    backend: Backend,
    items: number,
    config: Partial<Decay>,
    tensors: NamedArrays,
  ): ItemTable {
    return new ItemTable(name, backend, items, config, floatsOf(tensors, 'weights', [items, items]));
  }

  inputValues(histories: Csr): Float32Array | undefined {
    return decayed(histories, this.config.decay ?? 1, this.name).values;
  }

  score(input: SparseRows, batch: BatchRows, scores: Tensor): void {
    const { items, blocks: weights } = this.#weights;
    const dropout = { rate: 0, seed: 0, step: 0 };
    const layer = { items, weights, bias: this.#noBias };
    firstLayer(this.backend, layer, { input, batch, out: scores, activation: 'linear', dropout });
  }

  dispose(): void {
    freeAll([...this.#weights.blocks, this.#noBias]);
  }
}

/** LIMIT_EXCEEDED, with the size in GiB, where a table of items by items is more than the host takes. */
export function refuseLargeTable(backend: Backend, items: number): void {
  const bytes = items * items * (backend.precision === 'f64' ? 8 : 4);
  if (bytes <= HOST_TABLE_BYTES) return;
  const fitting = Math.floor(Math.sqrt((HOST_TABLE_BYTES / bytes) * items * items));
  throw new FoldinError(
    'LIMIT_EXCEEDED',
    `${items} items make an item x item table of ${gib(bytes)} GiB; at most ${gib(HOST_TABLE_BYTES)} GiB (${fitting} items) are possible`,
    {
      remedy: 'Keep fewer items (--min-item), or take a model without such a table (--model mlp).',
      details: { bytes, limit: HOST_TABLE_BYTES, items },
    },
  );
}

/** E.g. "1.25": a number of bytes in GiB. */
export const gib = (bytes: number): string => (bytes / 2 ** 30).toPrecision(3);
