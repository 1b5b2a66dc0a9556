import type { Backend, Tensor } from '../backend/backend.js';
import { type ConsecutiveRows, consecutive, type DeviceRows, uploadRows } from '../backend/sparse.js';
import type { Stored } from '../backend/stored.js';
import { type Csr, selectRows } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import type { BlendConfig } from './blendConfig.js';
import type { Model, Weighted } from './model.js';
import type { NamedArrays } from './parameters.js';

/** Makes a member as it was saved: the registry's loadModel, which knows the models. */
export type LoadMember = (
  name: string,
  backend: Backend,
  items: number,
  config: unknown,
  tensors: NamedArrays,
) => Model;

/**
 * Several models as one: score_j = sum_m weight_m (s_mj - mean_m) / sd_m, mean and standard deviation those of the
 * model's scores of all items for this user, so that models of different units can be added.
 */
export class Blend implements Model {
  readonly name = 'blend';
  /** The divisors depend on the history; see `mixture`. */
  readonly isAdditive = false;
  readonly items: number;
  readonly config: BlendConfig;
  /** MEMBER.MODEL.NAME, members counted from 0. */
  readonly tensors: ReadonlyMap<string, Stored>;

  /** Takes the models over: they are disposed of with it. LIMIT_EXCEEDED for a model whose scores lie in several blocks. */
  constructor(
    private readonly backend: Backend,
    readonly mixture: readonly Weighted[],
  ) {
    this.items = mixture[0].model.items;
    requireWhole(mixture.map(({ model }) => model));
    this.config = {
      members: mixture.map(({ model: { name, config } }) => ({ model: name, config })),
      weights: mixture.map(({ weight }) => weight),
    };
    this.tensors = new Map(
      mixture.flatMap(({ model }, m) =>
        Array.from(model.tensors, ([name, stored]) => [`${m}.${model.name}.${name}`, stored] as const),
      ),
    );
  }

  /** As it was saved. SHAPE_MISMATCH when its parts do not fit its configuration. */
  static load(
    backend: Backend,
    items: number,
    { members, weights }: BlendConfig,
    tensors: NamedArrays,
    load: LoadMember,
  ): Blend {
    const made: Weighted[] = [];
    try {
      if (!Array.isArray(members) || members.length === 0 || members.length !== weights?.length) {
        throw new FoldinError('SHAPE_MISMATCH', 'a blend needs one weight a member', {
          remedy: 'Load a model with the configuration it was saved with.',
        });
      }
      for (const [m, { model, config }] of members.entries()) {
        const prefix = `${m}.${model}.`;
        const own = new Map(
          Array.from(tensors, ([name, array]) => [name, array] as const)
            .filter(([name]) => name.startsWith(prefix))
            .map(([name, array]) => [name.slice(prefix.length), array]),
        );
        made.push({ model: load(model, backend, items, config, own), weight: weights[m] });
      }
      return new Blend(backend, made);
    } catch (error) {
      for (const { model } of made) model.dispose();
      throw error;
    }
  }

  /** Each member scales histories in its own way, when it scores them. */
  inputValues(histories: Csr): Float32Array | undefined {
    // A member that goes by what these histories do not know says so at once.
    for (const { model } of this.mixture) model.inputValues(histories);
    return histories.values;
  }

  score(histories: DeviceRows, batch: ConsecutiveRows, scores: Tensor): void {
    const rows = Uint32Array.from({ length: batch.count }, (_, row) => batch.first + row);
    const mine = selectRows(histories.matrix, rows);
    // No scope: what members keep for their next batch must outlive this one.
    const own = this.backend.zeros('f32', scores.shape);
    try {
      this.mixture.forEach(({ model, weight }, m) => {
        scoreRows(this.backend, model, mine, own);
        this.backend.standardise({ scores: own, out: scores, weight, accumulate: m > 0 });
      });
    } finally {
      own.free();
    }
  }

  dispose(): void {
    for (const { model } of this.mixture) model.dispose();
  }
}

/** scores f32[at least rows, items] of a few histories as they are, by one model. */
export function scoreRows(backend: Backend, model: Model, histories: Csr, scores: Tensor): void {
  const input = uploadRows(backend, histories, model.inputValues(histories));
  const rows = consecutive(backend, histories.rows);
  try {
    model.score(input, { rows, first: 0, count: histories.rows, consecutive: true }, scores);
  } finally {
    input.free();
    rows.free();
  }
}

/** LIMIT_EXCEEDED when the scores of a model do not fit one tensor: their mean is that of all items. */
export function requireWhole(models: readonly Model[]): void {
  const cut = models.find(({ blocks }) => blocks !== undefined && blocks.length > 1);
  if (!cut) return;
  throw new FoldinError(
    'LIMIT_EXCEEDED',
    `the scores of ${cut.name} lie in ${cut.blocks!.length} blocks of items here, and a blend needs them in one piece`,
    { remedy: 'Keep fewer items (--min-item), take another adapter, or train the model by itself.' },
  );
}
