import { type Backend, SLICE, type Tensor, type TensorGroup } from '../backend/backend.js';
import type { Dropout, SparseRows } from '../backend/ops.js';
import { mix, STREAM } from '../backend/random.js';
import { type ConsecutiveRows, consecutive, type DeviceRows, freeAll } from '../backend/sparse.js';
import type { DenseShape } from '../backend/tuning.js';
import type { Csr } from '../data/csr.js';
import { requireOrder } from '../data/order.js';
import { FoldinError } from '../errors.js';
import { backThroughTime, multiplierGradients } from './gruBack.js';
import { checkGruConfig, type GruConfig, refuseLargeSoftmax } from './gruConfig.js';
import { gruShapes } from './gruParameters.js';
import {
  freeSpace,
  type GruBackSpace,
  type GruSpace,
  gruBackSpace,
  gruSpace,
  largestChunk,
} from './gruSpace.js';
import type { Parameters, SequenceInputs, SequenceModel } from './model.js';
import { type PackedStep, packedEntries } from './packing.js';
import { type NamedArrays, parameterGroup } from './parameters.js';

/** Positions that scoring works on at a time, and gradients of the inputs. */
const BLOCK = 2048;
const EXPLAINED = 8192;
const KEEP_ALL: Dropout = { rate: 0, seed: 0, step: 0 };
const NO_STEP: PackedStep = { first: 0, count: 0 };

/**
 * A recurrent network over the history (Hidasi et al. 2016): each item's embedding goes into gated recurrent units
 * (Cho et al. 2014), and their state after it says, by a softmax over all items, which item comes next. The state
 * after the last item scores them all.
 */
export class Gru implements SequenceModel {
  readonly name = 'gru';
  readonly learnsFrom = 'sequences';
  readonly isAdditive = false;
  /**
   * `embedding` f32[items, embedding], `inputWeights` f32[embedding, 3 hidden], `stateWeights` f32[hidden, 3 hidden] (gates
   * r, z, n), unless tied `outputWeights` f32[hidden, items], then `inputBias`, `stateBias` and `outputBias`.
   */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #values: TensorGroup;
  readonly #one: Tensor;
  /** f32[embedding] and f32[hidden] of zeros: rows that are gathered have no bias. */
  readonly #noBias: readonly [Tensor, Tensor];
  /** f32[hidden, items]: the embeddings turned round, where the output is tied. */
  readonly #turned: Tensor | undefined;
  #numbers: Tensor | undefined;
  #space: GruSpace | undefined;
  #back: GruBackSpace | undefined;
  #parameters: Parameters | undefined;

  constructor(
    private readonly backend: Backend,
    readonly items: number,
    readonly config: GruConfig,
    initial: NamedArrays,
  ) {
    checkGruConfig(config);
    refuseLargeSoftmax(items);
    const { values, tensors } = parameterGroup(backend, gruShapes(items, config), initial);
    this.#values = values;
    this.tensors = tensors;
    this.#one = backend.tensor([1]);
    this.#noBias = [backend.zeros('f32', [config.embedding]), backend.zeros('f32', [config.hidden])];
    if (config.tied) this.#turned = backend.zeros('f32', [config.hidden, items]);
  }

  get window(): number {
    return this.config.window;
  }

  get parameters(): Parameters {
    // The gradients are made on the first use: a model that only scores needs none.
    this.#parameters ??= {
      names: [...this.tensors.keys()],
      values: this.#values,
      grads: this.backend.group(this.#values.parts.map(({ shape }) => shape)),
      decayed: this.#values.starts[[...this.tensors.keys()].indexOf('inputBias')],
    };
    return this.#parameters;
  }

  /** An item's value is what its embedding is multiplied by: 1, whatever the log says of it. */
  inputValues(histories: Csr): Float32Array | undefined {
    requireOrder(histories, 'gru');
    return histories.values && new Float32Array(histories.indices.length).fill(1);
  }

  get units(): number {
    return this.config.hidden;
  }

  denseShapes(batch: number): DenseShape[] {
    const rows = Math.min(largestChunk(this.items), batch * this.window);
    return [{ batch: rows, inputs: this.units, outputs: this.items }];
  }

  score(histories: DeviceRows, batch: ConsecutiveRows, scores: Tensor): void {
    const { backend } = this;
    const last = backend.zeros('f32', [scores.shape[0], this.units]);
    this.represent(histories, batch, last);
    this.#turnEmbeddings();
    const bias = this.#tensor('outputBias');
    backend.matmulNN({ a: last, b: this.#outputWeights, bias, out: scores, activation: 'linear' });
    last.free();
  }

  /** The states after the last items. Only the last `window` items of a history count, as in training. */
  represent(histories: DeviceRows, { first, count }: ConsecutiveRows, out: Tensor): void {
    const { backend, config } = this;
    const { order, packing, packed } = packedEntries(histories.matrix, first, count, config.window);

    const block = SLICE * Math.ceil(Math.max(BLOCK, order.length) / SLICE);
    const space = this.#spaceFor(2 * block);
    const numbers = this.#numbersUpTo(Math.max(histories.matrix.indices.length, count));
    const mine: Tensor[] = [];
    const made = (tensor: Tensor): Tensor => {
      mine.push(tensor);
      return tensor;
    };
    const inputs = singly(histories, numbers);
    const rows = made(backend.tensor(packed));

    // Blocks of steps in turn in the first and in the second half of the space, so that one can go on from the other.
    let previous = NO_STEP;
    for (let begin = 0, half = 0; begin < packing.steps.length; half = 1 - half) {
      let end = begin;
      const from = packing.steps[begin].first;
      while (end < packing.steps.length && endOf(packing.steps[end]) - from <= block) end++;
      const positions = endOf(packing.steps[end - 1]) - from;
      const at = half * block;
      this.#gateInputs(space, inputs, { rows, first: from }, at, positions, KEEP_ALL);
      for (const step of packing.steps.slice(begin, end)) {
        previous = this.#step(space, { first: at + step.first - from, count: step.count }, previous);
      }
      begin = end;
    }

    // The states after the last items stand together, the longest history first; back to the order of the batch.
    const place = new Uint32Array(count).fill(order.length);
    order.forEach((b, rank) => {
      place[b] = rank;
    });
    const indptr = new Uint32Array(count + 1);
    for (let b = 0; b < count; b++) indptr[b + 1] = indptr[b] + (place[b] < order.length ? 1 : 0);
    const found = place.filter((rank) => rank < order.length).map((rank) => previous.first + rank);
    backend.bagForward({
      input: {
        indptr: made(backend.tensor(indptr)),
        indices: made(backend.tensor(found.length > 0 ? found : new Uint32Array(1))),
        values: this.#one,
      },
      batch: { rows: numbers, first: 0, count },
      weights: space.states,
      bias: this.#noBias[1],
      out,
      activation: 'linear',
      dropout: KEEP_ALL,
    });
    freeAll(mine);
  }

  inputGradients(histories: DeviceRows, { first, count }: ConsecutiveRows, item: number, out: Tensor): void {
    const { backend, config } = this;
    const { indptr, indices } = histories.matrix;
    const lengths = Array.from({ length: count }, (_, b) => indptr[first + b + 1] - indptr[first + b]);
    const longest = Math.min(config.window, Math.max(1, ...lengths));
    const atOnce = Math.max(1, Math.floor(EXPLAINED / longest));
    for (let row = first; row < first + count; row += atOnce) {
      const some = Math.min(atOnce, first + count - row);
      const { packing, packed } = packedEntries(histories.matrix, row, some, config.window);
      if (packing.positions === 0) continue;
      const space = this.#spaceFor(packing.positions);
      const numbers = this.#numbersUpTo(Math.max(indices.length, packing.positions));
      const inputs = singly(histories, numbers);
      const rows = backend.tensor(packed);
      this.#gateInputs(space, inputs, { rows, first: 0 }, 0, packing.positions, KEEP_ALL);
      let previous = NO_STEP;
      for (const step of packing.steps) previous = this.#step(space, step, previous);
      const { tensors } = this;
      multiplierGradients(backend, { packing, inputs, rows, numbers, space, tensors }, item, out);
      rows.free();
    }
  }

  sequenceGradients(step: SequenceInputs): void {
    const { backend, config } = this;
    const { packing, inputs, numbers, first, capacity } = step;
    const { positions, steps } = packing;
    if (positions === 0) {
      throw new FoldinError(
        'SPLIT_EMPTY',
        'a batch holds no history of two items, so there is nothing to predict',
        { remedy: 'Leave out histories of a single item.' },
      );
    }
    const { rate, seed } = { rate: config.dropout, seed: mix(step.seed) };
    const inputDropout = { rate, seed: mix(seed ^ STREAM.dropout), step: step.step };
    const stateDropout = { rate, seed: mix(seed ^ STREAM.stateDropout), step: step.step };
    const space = this.#spaceFor(capacity);
    const back = this.#backFor(capacity);
    const slice = (tensor: Tensor) => backend.slice(tensor, 0, positions);

    this.#gateInputs(space, inputs, { rows: numbers, first }, 0, positions, inputDropout);
    let previous = NO_STEP;
    for (const at of steps) previous = this.#step(space, at, previous);
    const states = slice(space.states);
    // From here on the states are only seen by the output: `previous` holds what the units need.
    if (rate > 0) backend.dropout({ values: states, dropout: stateDropout });
    this.#turnEmbeddings();
    this.#output(step, space, back);

    const outGrad = slice(back.outGrad);
    if (rate > 0) backend.dropout({ values: outGrad, dropout: stateDropout });
    backThroughTime(backend, packing, this.#tensor('stateWeights'), space, back);
    const [inputGrad, recurrentGrad, xGrad] = [back.inputGrad, back.recurrentGrad, back.xGrad].map(slice);
    backend.matmulTN({
      a: slice(space.previous),
      b: recurrentGrad,
      out: this.#grad('stateWeights'),
      sums: this.#grad('stateBias'),
    });
    backend.matmulTN({
      a: slice(space.x),
      b: inputGrad,
      out: this.#grad('inputWeights'),
      sums: this.#grad('inputBias'),
    });
    backend.matmulNT({ a: inputGrad, b: this.#tensor('inputWeights'), out: xGrad });
    if (rate > 0) backend.dropout({ values: xGrad, dropout: inputDropout });
    const out = this.#grad('embedding');
    if (back.outputGrad) backend.transpose({ input: back.outputGrad, out });
    const { starts, entries, firstStart } = step;
    const accumulate = back.outputGrad !== undefined;
    const sums = back.unused;
    backend.bagBackward({
      starts,
      entries,
      firstStart,
      outGrad: xGrad,
      out,
      sums,
      dropout: KEEP_ALL,
      accumulate,
    });
  }

  /** Rows at .. at + positions of `x` and `inputGates`, from the items of as many rows of `inputs`. */
  #gateInputs(
    space: GruSpace,
    inputs: SparseRows,
    { rows, first }: { rows: Tensor; first: number },
    at: number,
    positions: number,
    dropout: Dropout,
  ): void {
    const { backend } = this;
    const x = backend.slice(space.x, at, positions);
    backend.bagForward({
      input: inputs,
      batch: { rows, first, count: positions },
      weights: this.#tensor('embedding'),
      bias: this.#noBias[0],
      out: x,
      activation: 'linear',
      dropout: KEEP_ALL,
    });
    if (dropout.rate > 0) backend.dropout({ values: x, dropout });
    backend.matmulNN({
      a: x,
      b: this.#tensor('inputWeights'),
      bias: this.#tensor('inputBias'),
      out: backend.slice(space.inputGates, at, positions),
      activation: 'linear',
    });
  }

  /** Runs the units over one step; returns it as what the next goes on from. */
  #step(space: GruSpace, step: PackedStep, previous: PackedStep): PackedStep {
    const { inputGates, states, gates, recurrent, previous: kept } = space;
    this.backend.gruGatesForward({
      inputGates,
      weights: this.#tensor('stateWeights'),
      bias: this.#tensor('stateBias'),
      states,
      gates,
      recurrent,
      previous: kept,
      ...step,
      previousFirst: previous.first,
      previousCount: previous.count,
    });
    return step;
  }

  /** The softmax over all items and its gradients, chunk by chunk of positions: the mean over the positions. */
  #output(step: SequenceInputs, space: GruSpace, back: GruBackSpace): void {
    const { backend } = this;
    const { positions } = step.packing;
    for (let first = 0; first < positions; first += back.chunk) {
      const count = Math.min(back.chunk, positions - first);
      const states = backend.slice(space.states, first, count);
      const logits = backend.slice(back.logits, 0, count);
      const parts = backend.slice(back.parts, 0, back.splits * count);
      const weights = this.#outputWeights;
      const bias = this.#tensor('outputBias');
      backend.matmulNN({ a: states, b: weights, bias, out: logits, activation: 'linear' });
      backend.softmaxNll({
        logits,
        targets: step.targets,
        batch: { rows: step.numbers, first: step.first + first, count },
        loss: backend.slice(step.lossParts, first, count),
        scale: 1 / positions,
      });
      backend.matmulNT({ a: logits, b: weights, out: parts });
      const out = backend.slice(back.outGrad, first, count);
      backend.reduceActivation({ parts, saved: states, out, activation: 'linear' });
      backend.matmulTN({
        a: states,
        b: logits,
        out: back.outputGrad ?? this.#grad('outputWeights'),
        sums: this.#grad('outputBias'),
        accumulate: first > 0,
      });
    }
  }

  get #outputWeights(): Tensor {
    return this.#turned ?? this.#tensor('outputWeights');
  }

  /** To be called when the embeddings may have changed. */
  #turnEmbeddings(): void {
    if (this.#turned) this.backend.transpose({ input: this.#tensor('embedding'), out: this.#turned });
  }

  #tensor(name: string): Tensor {
    return this.tensors.get(name)!;
  }

  #grad(name: string): Tensor {
    const { names, grads } = this.parameters;
    return grads.parts[names.indexOf(name)];
  }

  /** u32: 0, 1, 2, ... up to n at least. */
  #numbersUpTo(n: number): Tensor {
    if (!this.#numbers || this.#numbers.size <= n) {
      this.#numbers?.free();
      this.#numbers = consecutive(this.backend, 2 ** Math.ceil(Math.log2(n + 1)) + 1);
    }
    return this.#numbers;
  }

  #spaceFor(positions: number): GruSpace {
    if (!this.#space || this.#space.positions < positions) {
      freeSpace(this.#space);
      this.#space = gruSpace(this.backend, this.config, positions);
    }
    return this.#space;
  }

  #backFor(positions: number): GruBackSpace {
    if (!this.#back || this.#back.positions < positions) {
      freeSpace(this.#back);
      this.#back = gruBackSpace(this.backend, this.config, this.items, positions);
    }
    return this.#back;
  }

  endTraining(): void {
    this.#parameters?.grads.whole.free();
    this.#parameters = undefined;
    freeSpace(this.#back);
    this.#back = undefined;
  }

  dispose(): void {
    this.endTraining();
    freeSpace(this.#space);
    this.#space = undefined;
    freeAll([this.#one, ...this.#noBias]);
    this.#turned?.free();
    this.#numbers?.free();
    this.#values.whole.free();
  }
}

/** Histories as rows of a single entry each: row e is entry e. */
const singly = ({ indices, values }: SparseRows, numbers: Tensor): SparseRows => ({
  indptr: numbers,
  indices,
  values,
});

const endOf = ({ first, count }: PackedStep): number => first + count;
