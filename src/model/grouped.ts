import type { Backend, Tensor } from '../backend/backend.js';
import {
  type ConsecutiveRows,
  consecutive,
  type DeviceRows,
  freeAll,
  uploadRows,
} from '../backend/sparse.js';
import type { Stored } from '../backend/stored.js';
import { type Csr, selectRows } from '../data/csr.js';
import { type LoadMember, requireWhole, scoreRows } from './blend.js';
import { checkRange, checkWhole } from './config.js';
import type { Model } from './model.js';
import { floatsOf, type NamedArrays } from './parameters.js';

/** A model beside the taste of the user's group; see Grouped. */
export interface GroupedConfig {
  readonly base: { readonly model: string; readonly config: unknown };
  /** c: the items of a history at which the model and the groups count alike. */
  readonly prior: number;
  readonly groups: number;
}

/** What is known of groups of users. */
export interface GroupTastes {
  /** f32[groups]: logarithm of the share of users in each. */
  readonly shares: Float32Array | Float64Array;
  /** f32[items, groups]: how much more likely an item is in a group than anywhere, as a logarithm. */
  readonly ratios: Float32Array | Float64Array;
  /** f32[groups, items]: how likely an item is in a group. */
  readonly preferences: Float32Array | Float64Array;
}

/** Of longer histories each item counts for less, so that what they say of the group stays a number. */
const MOST_SAID = 10;

/**
 * A model for those with a history long enough, and the taste of groups for the others: of the scores of both in their
 * own standard deviations for the user (see Blend), the model's count n / (n + c), n the items of the history, and the
 * groups' the rest. Which groups somebody is in is told from the history, by Bayes' rule as if a group's users had its
 * items independently: log p(g) + sum_i log p(i | g) / p(i); each group's taste counts as it is likely.
 */
export class Grouped implements Model {
  readonly name = 'grouped';
  readonly isAdditive = false;
  readonly items: number;
  readonly config: GroupedConfig;
  readonly tensors: ReadonlyMap<string, Stored>;
  readonly #noBias: Tensor;

  /** Takes the model over. LIMIT_EXCEEDED where its scores lie in several blocks. */
  constructor(
    private readonly backend: Backend,
    private readonly base: Model,
    readonly prior: number,
    tastes: GroupTastes,
  ) {
    requireWhole([base]);
    this.items = base.items;
    const groups = tastes.shares.length;
    checkRange('prior', prior, 0, 1e6);
    checkWhole('groups', groups, 1, 4096);
    const { items } = this;
    this.config = { base: { model: base.name, config: base.config }, prior, groups };
    this.#noBias = backend.zeros('f32', [items]);
    this.tensors = new Map<string, Stored>([
      ...Array.from(base.tensors, ([name, stored]): [string, Stored] => [`base.${name}`, stored]),
      ['shares', backend.tensor(tastes.shares)],
      ['ratios', backend.tensor(tastes.ratios, [items, groups])],
      ['preferences', backend.tensor(tastes.preferences, [groups, items])],
    ]);
  }

  /** As it was saved. SHAPE_MISMATCH when its parts do not fit its configuration. */
  static load(
    backend: Backend,
    items: number,
    { base, prior, groups }: GroupedConfig,
    tensors: NamedArrays,
    load: LoadMember,
  ): Grouped {
    const take = (name: string, ...shape: number[]) => floatsOf(tensors, name, shape);
    const tastes = {
      shares: take('shares', groups),
      ratios: take('ratios', items, groups),
      preferences: take('preferences', groups, items),
    };
    const own = Array.from(tensors, ([name, array]) => [name, array] as const)
      .filter(([name]) => name.startsWith('base.'))
      .map(([name, array]) => [name.slice('base.'.length), array] as const);
    return new Grouped(backend, load(base.model, backend, items, base.config, new Map(own)), prior, tastes);
  }

  inputValues(histories: Csr): Float32Array | undefined {
    // A model that goes by what these histories do not know says so at once.
    this.base.inputValues(histories);
    return histories.values;
  }

  score(histories: DeviceRows, batch: ConsecutiveRows, scores: Tensor): void {
    const { backend, prior } = this;
    const rows = Uint32Array.from({ length: batch.count }, (_, row) => batch.first + row);
    const mine = selectRows(histories.matrix, rows);
    const lengths = Float32Array.from({ length: scores.shape[0] }, (_, row) =>
      row < mine.rows ? mine.indptr[row + 1] - mine.indptr[row] : 0,
    );
    const own = backend.zeros('f32', scores.shape);
    const trust = backend.tensor(lengths.map((n) => (n > 0 ? n / (n + prior) : 0)));
    const doubt = backend.tensor(lengths.map((n) => (n > 0 ? prior / (n + prior) : 1)));
    try {
      scoreRows(backend, this.base, mine, own);
      backend.standardise({ scores: own, out: scores, weight: 1, rowWeights: trust });
      this.#tastes(mine, own);
      backend.standardise({ scores: own, out: scores, weight: 1, rowWeights: doubt, accumulate: true });
    } finally {
      freeAll([own, trust, doubt]);
    }
  }

  /** out f32[at least rows, items]: what the groups that these users may be in like, but for a factor a row. */
  #tastes(histories: Csr, out: Tensor): void {
    const { backend } = this;
    const [shares, ratios, preferences] = ['shares', 'ratios', 'preferences'].map(
      (name) => this.tensors.get(name) as Tensor,
    );
    const { indptr } = histories;
    const values = new Float32Array(histories.indices.length);
    for (let row = 0; row < histories.rows; row++) {
      const said = Math.min(1, MOST_SAID / (indptr[row + 1] - indptr[row]));
      values.fill(said, indptr[row], indptr[row + 1]);
    }
    const input = uploadRows(backend, histories, values);
    const rows = consecutive(backend, histories.rows);
    try {
      backend.scope(() => {
        const likely = backend.zeros('f32', [out.shape[0], shares.size]);
        backend.bagForward({
          input,
          batch: { rows, first: 0, count: histories.rows },
          weights: ratios,
          bias: shares,
          out: likely,
          activation: 'linear',
          dropout: { rate: 0, seed: 0, step: 0 },
        });
        // exp(x - 1): probabilities but for a factor, which goes with the standard deviation.
        backend.gaussianKernel({ cosines: likely, sharpness: 1 });
        backend.matmulNN({ a: likely, b: preferences, bias: this.#noBias, out, activation: 'linear' });
      });
    } finally {
      input.free();
      rows.free();
    }
  }

  dispose(): void {
    this.base.dispose();
    freeAll(['shares', 'ratios', 'preferences'].map((name) => this.tensors.get(name) as Tensor));
    this.#noBias.free();
  }
}

/** Logarithms beyond these say no more. */
const MOST_RATIO = 3;

/**
 * Tastes of groups from their users' histories: `assigned` u32[users] is the group of each row. p(i | g) is the share of
 * the group's interactions that are with item i, of which `smoothing` more are shared out as in all histories.
 */
export function groupTastes(
  histories: Csr,
  assigned: ArrayLike<number>,
  groups: number,
  smoothing = 100,
): GroupTastes {
  const { rows, columns, indptr, indices } = histories;
  const all = new Float64Array(columns);
  const having = new Float64Array(groups * columns);
  const sums = new Float64Array(groups);
  const users = new Float64Array(groups);
  for (let row = 0; row < rows; row++) {
    const group = assigned[row];
    users[group]++;
    for (let e = indptr[row]; e < indptr[row + 1]; e++) {
      all[indices[e]]++;
      having[group * columns + indices[e]]++;
      sums[group]++;
    }
  }
  const total = Math.max(1, indices.length);
  const ratios = new Float32Array(columns * groups);
  const preferences = new Float32Array(groups * columns);
  for (let g = 0; g < groups; g++) {
    for (let item = 0; item < columns; item++) {
      const everywhere = all[item] / total;
      const here = (having[g * columns + item] + smoothing * everywhere) / (sums[g] + smoothing);
      preferences[g * columns + item] = here;
      const ratio = everywhere > 0 ? Math.log(here / everywhere) : 0;
      ratios[item * groups + g] = Math.max(-MOST_RATIO, Math.min(MOST_RATIO, ratio));
    }
  }
  // A group of nobody is no likelier for being empty: its users count as one.
  const shares = Float32Array.from(users, (count) => Math.log(Math.max(1, count) / Math.max(1, rows)));
  return { shares, ratios, preferences };
}
