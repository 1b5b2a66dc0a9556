import type { Backend, Tensor } from '../backend/backend.js';
import type { BatchRows, SparseRows } from '../backend/ops.js';
import type { Csr } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import type { Model } from './model.js';
import type { NamedArrays } from './parameters.js';

/** Tables are read back, finished and saved by the host, whose arrays and files should stay below this. */
const HOST_TABLE_BYTES = 2 * 2 ** 30;

/** A model that is one table of items by items: score_j = sum over the history of x_i weights[i, j]. */
export class ItemTable implements Model {
  readonly isAdditive = true;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #noBias: Tensor;

  /** Takes `weights` f32[items, items] over: it is freed with the model. */
  constructor(
    readonly name: string,
    private readonly backend: Backend,
    readonly config: unknown,
    weights: Tensor,
  ) {
    this.tensors = new Map([['weights', weights]]);
    this.#noBias = backend.zeros('f32', [weights.shape[0]]);
  }

  /** As it was saved. SHAPE_MISMATCH when the table is not items by items. */
  static load(
    name: string,
    backend: Backend,
    items: number,
    config: unknown,
    tensors: NamedArrays,
  ): ItemTable {
    const saved = tensors.get('weights');
    if (saved?.shape.join() !== `${items},${items}`) {
      throw new FoldinError(
        'SHAPE_MISMATCH',
        `weights should be f32[${items},${items}], got [${saved?.shape ?? 'nothing'}]`,
        { remedy: 'Load a model with the configuration it was saved with.' },
      );
    }
    refuseLargeTable(backend, items);
    return new ItemTable(name, backend, config, backend.tensor(saved.values, saved.shape));
  }

  get items(): number {
    return this.#noBias.size;
  }

  inputValues(histories: Csr): Float32Array | undefined {
    return histories.values;
  }

  score(input: SparseRows, batch: BatchRows, scores: Tensor): void {
    const weights = this.tensors.get('weights')!;
    const dropout = { rate: 0, seed: 0, step: 0 };
    this.backend.bagForward({
      input,
      batch,
      weights,
      bias: this.#noBias,
      out: scores,
      activation: 'linear',
      dropout,
    });
  }

  dispose(): void {
    this.tensors.get('weights')!.free();
    this.#noBias.free();
  }
}

/** LIMIT_EXCEEDED, with the size in GiB, where a table of items by items is more than the device or the host takes. */
export function refuseLargeTable(backend: Backend, items: number): void {
  const bytes = items * items * (backend.precision === 'f64' ? 8 : 4);
  const limit = Math.min(backend.maxTensorBytes, HOST_TABLE_BYTES);
  if (bytes <= limit) return;
  const fitting = Math.floor(Math.sqrt((limit / bytes) * items * items));
  throw new FoldinError(
    'LIMIT_EXCEEDED',
    `${items} items make an item x item table of ${gib(bytes)} GiB; at most ${gib(limit)} GiB (${fitting} items) are possible on ${backend.device.adapter}`,
    {
      remedy:
        'Keep fewer items (--min-item), take another adapter, or a model without such a table (--model mlp).',
      details: { bytes, limit, items },
    },
  );
}

const gib = (bytes: number): string => (bytes / 2 ** 30).toPrecision(3);
