import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import type { BatchRows, Dropout, SparseRows } from '../backend/ops.js';
import { mix, randomUniform, STREAM } from '../backend/random.js';
import { consecutive, type DeviceRows, freeAll, type InputRows, uploadRows } from '../backend/sparse.js';
import { type Csr, columnCounts, transposed } from '../data/csr.js';
import {
  type ContentConfig,
  type ContentOptions,
  checkContentConfig,
  checkFeatures,
  checkTraits,
  requireTraitWidth,
} from './contentConfig.js';
import type { HistoryModel, Knowledge, Parameters, StepInputs } from './model.js';
import { type NamedArray, type NamedArrays, parameterGroup } from './parameters.js';
import { scaledToLength } from './rowScales.js';
import { loadRows, storedRows } from './storedRows.js';

const KEEP_ALL: Dropout = { rate: 0, seed: 0, step: 0 };
/** The logit of an item that nobody has, in training: its share of a softmax is 0, so that it is not taught to be bad. */
const NEVER = -1e9;

/** Room for the training of a batch. */
interface Workspace {
  readonly users: Tensor;
  readonly logits: Tensor;
  readonly usersGrad: Tensor;
  readonly parts: Tensor;
  /** f32[items, d]: the gradients for the points of all items, one side after the other. */
  readonly pointsGrad: Tensor;
  readonly sums: Tensor;
  /** f32[batch, userWidth]: what is known of the users, densely; where they are known by anything. */
  readonly traits?: Tensor;
}

/** Items that are projected in one launch. */
const ITEMS_AT_ONCE = 32_768;

/**
 * A model for items and users that are new: it knows items by their features f alone. With two trained maps P and Q,
 * user = b + sum over the history of x_i P f_i (x: the history scaled to length 1) + U g, where g is what is known of the
 * user, with a third map U where there is anything; score_j = user . Q f_j: a two-tower
 * model whose towers are linear, trained by a softmax over the items that somebody has (multinomial likelihood, Liang
 * et al. 2018, eq. 2). Somebody without a history is b. Every score is a sum of terms, one an item of the history.
 */
export class Content implements HistoryModel {
  readonly name = 'content';
  readonly learnsFrom = 'histories';
  readonly isAdditive = true;
  readonly items: number;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #values: TensorGroup;
  /** items x width, and its columns as bagBackward wants them. */
  readonly #features: DeviceRows;
  readonly #columns: { readonly starts: Tensor; readonly entries: Tensor };
  readonly #numbers: Tensor;
  readonly #mask: Tensor;
  readonly #noBias: Tensor;
  readonly #nobody: Tensor;
  /** f32[userWidth, userWidth]: ones on the diagonal; where users are known by anything. */
  readonly #identity: Tensor | undefined;
  /** P f of all items and Q f of all items f32[items, d], the latter turned, too, f32[d, items]. */
  readonly #inputs: Tensor;
  readonly #outputs: Tensor;
  readonly #turned: Tensor;
  /** Whether these are what P and Q say. */
  #isFresh = false;
  readonly #workspaces = new Map<number, Workspace>();
  #parameters: Parameters | undefined;

  /** `counts`: how many users have each item, where it is to be trained. */
  constructor(
    private readonly backend: Backend,
    readonly config: ContentConfig,
    features: Csr,
    initial: NamedArrays,
    counts?: ArrayLike<number>,
  ) {
    checkContentConfig(config);
    const d = config.factors;
    this.items = features.rows;
    const { items } = this;
    const { values, tensors } = parameterGroup(backend, shapesOf(config), initial);
    this.#values = values;
    const made = backend.scope(() => ({
      stored: storedRows(backend, 'features', features),
      starts: backend.zeros('u32', [config.width + 1]),
      entries: backend.tensor(entriesOf(features)),
      numbers: consecutive(backend, items),
      mask: backend.tensor(Float32Array.from({ length: items }, (_, i) => (counts?.[i] === 0 ? NEVER : 0))),
      noBias: backend.zeros('f32', [items]),
      nobody: backend.zeros('f32', [d]),
      inputs: backend.zeros('f32', [items, d]),
      outputs: backend.zeros('f32', [items, d]),
      turned: backend.zeros('f32', [d, items]),
    }));
    backend.write(made.starts, transposed(features).indptr);
    if (config.userWidth > 0) this.#identity = identity(backend, config.userWidth);
    this.#features = uploadRows(backend, features);
    this.#columns = { starts: made.starts, entries: made.entries };
    this.#numbers = made.numbers;
    this.#mask = made.mask;
    this.#noBias = made.noBias;
    this.#nobody = made.nobody;
    this.#inputs = made.inputs;
    this.#outputs = made.outputs;
    this.#turned = made.turned;
    this.tensors = new Map([...tensors, ...made.stored]);
  }

  /** As it was saved. SHAPE_MISMATCH when its parts do not fit together. */
  static load(backend: Backend, items: number, config: ContentConfig, tensors: NamedArrays): Content {
    // Models of before users could be known by anything.
    const whole = { ...config, userWidth: config.userWidth ?? 0 };
    checkContentConfig(whole);
    return new Content(backend, whole, loadRows(tensors, 'features', config.width, items), tensors);
  }

  get parameters(): Parameters {
    this.#parameters ??= {
      names: [...shapesOf(this.config).keys()],
      values: this.#values,
      grads: this.backend.group(this.#values.parts.map(({ shape }) => shape)),
      decayed: this.#values.starts[[...shapesOf(this.config).keys()].indexOf('b')],
    };
    return this.#parameters;
  }

  get units(): number {
    return this.config.factors;
  }

  get unitWeights(): Tensor {
    this.#refresh();
    return this.#turned;
  }

  get knowledge(): Knowledge {
    return { features: this.#features.matrix, weightsFor: (item) => this.#weightsFor(item) };
  }

  /** P Q f of an item. */
  async #weightsFor(item: number): Promise<Float64Array> {
    const { factors: d, width } = this.config;
    const { indptr, indices, values } = this.#features.matrix;
    const [toInput, toOutput] = this.#values.parts;
    const [p, q] = await Promise.all([this.backend.read(toInput), this.backend.read(toOutput)]);
    const point = new Float64Array(d);
    for (let e = indptr[item]; e < indptr[item + 1]; e++) {
      for (let h = 0; h < d; h++) point[h] += (values?.[e] ?? 1) * q[indices[e] * d + h];
    }
    return Float64Array.from({ length: width }, (_, f) =>
      point.reduce((sum, x, h) => sum + x * p[f * d + h], 0),
    );
  }

  inputValues(histories: Csr): Float32Array {
    if (histories.traits) requireTraitWidth(histories.traits.columns, this.config.userWidth);
    return scaledToLength(histories);
  }

  targetValues(histories: Csr): Float32Array | undefined {
    return histories.values;
  }

  represent(input: InputRows, batch: BatchRows, out: Tensor): void {
    this.#refresh();
    this.#users(input, batch, out, KEEP_ALL);
  }

  score(input: InputRows, batch: BatchRows, scores: Tensor): void {
    this.backend.scope(() => {
      const users = this.backend.zeros('f32', [scores.shape[0], this.units]);
      this.represent(input, batch, users);
      const [b, bias] = [this.#turned, this.#noBias];
      this.backend.matmulNN({ a: users, b, bias, out: scores, activation: 'linear' });
    });
  }

  gradients(step: StepInputs): void {
    const { backend, config } = this;
    const { batch, capacity, targets, lossParts, starts, entries, firstStart } = step;
    const dropout = { rate: config.dropout, seed: mix(mix(step.seed) ^ STREAM.dropout), step: step.step };
    const { users, logits, usersGrad, parts, pointsGrad, sums, traits } = this.#workspace(capacity);
    const { grads, names } = this.parameters;
    const [toInput, toOutput, bias, toUser] = ['P', 'Q', 'b', 'U'].map(
      (name) => grads.parts[names.indexOf(name)],
    );
    this.#project();
    this.#users(step.inputs, batch, users, dropout);
    backend.matmulNN({ a: users, b: this.#turned, bias: this.#mask, out: logits, activation: 'linear' });
    backend.softmaxNll({ logits, targets, batch, loss: lossParts, scale: 1 / batch.count });
    // Q, through the points of all items.
    backend.matmulTN({ a: logits, b: users, out: pointsGrad, sums });
    this.#mapGrad(pointsGrad, toOutput, sums);
    // b and P, through the users.
    backend.matmulNT({ a: logits, b: this.#turned, out: parts });
    backend.reduceActivation({ parts, saved: users, out: usersGrad, activation: 'linear' });
    const columns = { starts, entries, firstStart };
    backend.bagBackward({ ...columns, outGrad: usersGrad, out: pointsGrad, sums: bias, dropout });
    this.#mapGrad(pointsGrad, toInput, sums);
    if (!traits) return;
    // U, through what is known of the users, densely.
    this.#bag(this.#traitsOf(step.inputs)!, batch, this.#identity!, traits);
    backend.matmulTN({ a: traits, b: usersGrad, out: toUser, sums });
  }

  /** The gradient of P or Q from that of the points it makes of all items. */
  #mapGrad(outGrad: Tensor, out: Tensor, sums: Tensor): void {
    this.backend.bagBackward({ ...this.#columns, firstStart: 0, outGrad, out, sums, dropout: KEEP_ALL });
  }

  inputGradients(places: SparseRows, batch: BatchRows, item: number, out: Tensor): void {
    const { backend, items } = this;
    this.#refresh();
    backend.scope(() => {
      const chosen = new Float32Array(batch.count * items);
      for (let row = 0; row < batch.count; row++) chosen[row * items + item] = 1;
      const saved = backend.zeros('f32', [batch.count, this.units]);
      const outGrad = backend.zeros('f32', [batch.count, this.units]);
      const a = backend.tensor(chosen, [batch.count, items]);
      backend.matmulNTActivation({ a, b: this.#turned, saved, out: outGrad, activation: 'linear' });
      backend.bagInputGrad({ places, batch, weights: this.#inputs, outGrad, out });
    });
  }

  #users(input: InputRows, batch: BatchRows, out: Tensor, dropout: Dropout): void {
    const { backend } = this;
    const [weights, bias] = [this.#inputs, this.tensors.get('b')!];
    backend.bagForward({ input, batch, weights, bias, out, activation: 'linear', dropout });
    const traits = this.#traitsOf(input);
    if (!traits) return;
    backend.scope(() => {
      const known = backend.zeros('f32', out.shape);
      this.#bag(traits, batch, this.tensors.get('U')!, known);
      backend.accumulate({ input: known, out });
    });
  }

  /** What is known of the people; nothing where the model has learned nothing of it. */
  #traitsOf({ traits }: InputRows): SparseRows | undefined {
    return this.#identity && traits;
  }

  /** out = traits weights. */
  #bag(input: SparseRows, batch: BatchRows, weights: Tensor, out: Tensor): void {
    const bias = this.backend.zeros('f32', [out.shape[1]]);
    this.backend.bagForward({ input, batch, weights, bias, out, activation: 'linear', dropout: KEEP_ALL });
    bias.free();
  }

  /** The points of all items. */
  #project(): void {
    const { backend, items } = this;
    const [toInput, toOutput] = this.#values.parts;
    const bag = {
      input: this.#features,
      bias: this.#nobody,
      activation: 'linear',
      dropout: KEEP_ALL,
    } as const;
    for (let first = 0; first < items; first += ITEMS_AT_ONCE) {
      const count = Math.min(ITEMS_AT_ONCE, items - first);
      const batch = { rows: this.#numbers, first, count };
      backend.bagForward({ ...bag, batch, weights: toInput, out: backend.slice(this.#inputs, first, count) });
      backend.bagForward({
        ...bag,
        batch,
        weights: toOutput,
        out: backend.slice(this.#outputs, first, count),
      });
    }
    backend.transpose({ input: this.#outputs, out: this.#turned });
  }

  /** The same, unless nothing can have changed since. */
  #refresh(): void {
    if (this.#isFresh) return;
    this.#project();
    this.#isFresh = this.#parameters === undefined;
  }

  #workspace(batch: number): Workspace {
    let space = this.#workspaces.get(batch);
    if (!space) {
      const { backend, items, units: d } = this;
      space = {
        users: backend.zeros('f32', [batch, d]),
        logits: backend.zeros('f32', [batch, items]),
        usersGrad: backend.zeros('f32', [batch, d]),
        parts: backend.zeros('f32', [batch * backend.splits(batch, d, items), d]),
        pointsGrad: backend.zeros('f32', [items, d]),
        sums: backend.zeros('f32', [d]),
        ...(this.#identity && { traits: backend.zeros('f32', [batch, this.config.userWidth]) }),
      };
      this.#workspaces.set(batch, space);
    }
    return space;
  }

  endTraining(): void {
    this.#parameters?.grads.whole.free();
    this.#parameters = undefined;
    this.#isFresh = false;
    for (const space of this.#workspaces.values()) freeAll(Object.values(space));
    this.#workspaces.clear();
  }

  dispose(): void {
    this.endTraining();
    this.#values.whole.free();
    this.#features.free();
    freeAll([...this.tensors.values()].filter((tensor) => !this.#values.parts.includes(tensor)));
    freeAll([this.#columns.starts, this.#columns.entries, this.#numbers, this.#mask, this.#noBias]);
    freeAll([this.#nobody, this.#inputs, this.#outputs, this.#turned]);
    this.#identity?.free();
  }
}

/** Entries (row, bits of the value) of a matrix, column by column. */
function entriesOf(matrix: Csr): Uint32Array {
  const { indices, values } = transposed(matrix);
  const numbers = values ?? new Float32Array(indices.length).fill(1);
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  // A tensor has one number at least.
  const entries = new Uint32Array(Math.max(2, 2 * indices.length));
  indices.forEach((row, e) => {
    entries[2 * e] = row;
    entries[2 * e + 1] = bits[e];
  });
  return entries;
}

function identity(backend: Backend, n: number): Tensor {
  const values = new Float32Array(n * n);
  for (let i = 0; i < n; i++) values[i * n + i] = 1;
  return backend.tensor(values, [n, n]);
}

const shapesOf = ({ width, userWidth, factors }: ContentConfig): Map<string, readonly number[]> =>
  new Map<string, readonly number[]>([
    ['P', [width, factors]],
    ['Q', [width, factors]],
    ...(userWidth > 0 ? [['U', [userWidth, factors]] as const] : []),
    ['b', [factors]],
  ]);

/** Fresh maps: uniform in ±sqrt(6 / (inputs + outputs)) (Glorot & Bengio 2010, eq. 16), nobody's point at 0. */
export function initialContent(config: ContentConfig, seed: number): NamedArrays {
  return new Map(
    [...shapesOf(config)].map(([name, shape], place): [string, NamedArray] => {
      const values = new Float32Array(shape.reduce((size, n) => size * n, 1));
      if (shape.length === 2) {
        const bound = Math.sqrt(6 / (shape[0] + shape[1]));
        values.forEach((_, i) => {
          values[i] = (2 * randomUniform(seed, STREAM.weights, place, i) - 1) * bound;
        });
      }
      return [name, { shape, values }];
    }),
  );
}

/** A model ready to train. Errors of checkFeatures and checkTraits. */
export function createContent(
  backend: Backend,
  train: Csr,
  { features, ...config }: Omit<ContentOptions, 'features'> & Partial<Pick<ContentOptions, 'features'>>,
  seed: number,
): Content {
  const known = checkFeatures(features, train.columns);
  const whole = { ...config, width: known.columns, userWidth: checkTraits(train)?.columns ?? 0 };
  checkContentConfig(whole);
  return new Content(backend, whole, known, initialContent(whole, seed), columnCounts(train));
}
