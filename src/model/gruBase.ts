import { type Backend, SLICE, type Tensor } from '../backend/backend.js';
import type { BatchRows, Dropout, SparseRows } from '../backend/ops.js';
import { mix, STREAM } from '../backend/random.js';
import { type ConsecutiveRows, consecutive, type DeviceRows, freeAll } from '../backend/sparse.js';
import type { Csr } from '../data/csr.js';
import { requireOrder } from '../data/order.js';
import { FoldinError } from '../errors.js';
import { type FirstLayer, firstLayer } from './firstLayer.js';
import { backThroughTime, multiplierGradients, type OutputRow } from './gruBack.js';
import { checkGruConfig, type GruConfig } from './gruConfig.js';
import type { GruUnits } from './gruParameters.js';
import { freeSpace, type GruBackSpace, type GruSpace, gruBackSpace, gruSpace } from './gruSpace.js';
import type { SequenceInputs } from './model.js';
import { type PackedStep, packedEntries } from './packing.js';

/** Positions that scoring works on at a time, and gradients of the inputs. */
const BLOCK = 2048;
const EXPLAINED = 8192;
const KEEP_ALL: Dropout = { rate: 0, seed: 0, step: 0 };
const NO_STEP: PackedStep = { first: 0, count: 0 };

/**
 * The units of a recurrent network (Cho et al. 2014), run over packed histories forwards and backwards, however
 * embeddings and output are kept: that is what its two kinds differ in.
 */
export abstract class GruBase {
  readonly name = 'gru';
  readonly isAdditive = false;
  /** f32[embedding] of zeros: rows that are gathered have no bias. */
  protected readonly noBias: Tensor;
  readonly #noStateBias: Tensor;
  readonly #one: Tensor;
  readonly #fixed: readonly Tensor[];
  #numbers: Tensor | undefined;
  #space: GruSpace | undefined;
  #back: GruBackSpace | undefined;

  protected constructor(
    protected readonly backend: Backend,
    readonly items: number,
    readonly config: GruConfig,
  ) {
    checkGruConfig(config);
    this.#one = backend.tensor([1]);
    this.noBias = backend.zeros('f32', [config.embedding]);
    this.#noStateBias = backend.zeros('f32', [config.hidden]);
    this.#fixed = [this.#one, this.noBias, this.#noStateBias];
  }

  /** What a constructor makes of its own; nothing is left behind when it cannot. */
  protected orDisposed<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      freeAll(this.#fixed);
      throw error;
    }
  }

  protected abstract get embedding(): FirstLayer;
  protected abstract get cells(): GruUnits;
  /** What the output multiplies the state by for the score of an item. Asked for in a scope, which frees what it makes. */
  protected abstract outputRow(item: number): OutputRow;

  get window(): number {
    return this.config.window;
  }

  get units(): number {
    return this.config.hidden;
  }

  /** An item's value is what its embedding is multiplied by: 1, whatever the log says of it. */
  inputValues(histories: Csr): Float32Array | undefined {
    requireOrder(histories, 'gru');
    return histories.values && new Float32Array(histories.indices.length).fill(1);
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
      const count = endOf(packing.steps[end - 1]) - from;
      const at = half * block;
      this.#gateInputs(space, this.embedding, inputs, { rows, first: from, count }, at, KEEP_ALL);
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
      bias: this.#noStateBias,
      out,
      activation: 'linear',
      dropout: KEEP_ALL,
    });
    freeAll(mine);
  }

  inputGradients(histories: DeviceRows, { first, count }: ConsecutiveRows, item: number, out: Tensor): void {
    const { backend, config, embedding, cells } = this;
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
      backend.scope(() => {
        const batch = { rows: backend.tensor(packed), first: 0, count: packing.positions };
        this.#gateInputs(space, embedding, inputs, batch, 0, KEEP_ALL);
        let previous = NO_STEP;
        for (const step of packing.steps) previous = this.#step(space, step, previous);
        const units = { packing, inputs, batch, numbers, space, embedding, cells };
        multiplierGradients(backend, units, this.outputRow(item), out);
      });
    }
  }

  /** Runs the units over a batch: their states f32[positions, hidden], dropout and all, as the output is to see them. */
  protected forward(step: SequenceInputs, embedding: FirstLayer): Tensor {
    const { packing, inputs, numbers: rows, first, capacity } = step;
    const { positions, steps } = packing;
    if (positions === 0) {
      throw new FoldinError(
        'SPLIT_EMPTY',
        'a batch holds no history of two items, so there is nothing to predict',
        { remedy: 'Leave out histories of a single item.' },
      );
    }
    const space = this.#spaceFor(capacity);
    const batch = { rows, first, count: positions };
    this.#gateInputs(space, embedding, inputs, batch, 0, this.#dropout(step, STREAM.dropout));
    let previous = NO_STEP;
    for (const at of steps) previous = this.#step(space, at, previous);
    const values = this.backend.slice(space.states, 0, positions);
    // From here on the states are only seen by the output: `previous` holds what the units need.
    const dropout = this.#dropout(step, STREAM.stateDropout);
    if (dropout.rate > 0) this.backend.dropout({ values, dropout });
    return values;
  }

  /** f32[positions, hidden]: where the gradient of the states of `forward` goes before `backward`. */
  protected stateGrad({ capacity, packing }: SequenceInputs): Tensor {
    return this.backend.slice(this.#backFor(capacity).outGrad, 0, packing.positions);
  }

  /** From what is in `stateGrad` to the gradients of the units; gives that of the embedded positions, f32[positions, embedding]. */
  protected backward(step: SequenceInputs, grads: GruUnits): Tensor {
    const { backend } = this;
    const { positions } = step.packing;
    const space = this.#spaceFor(step.capacity);
    const back = this.#backFor(step.capacity);
    const slice = (tensor: Tensor) => backend.slice(tensor, 0, positions);
    const outGrad = slice(back.outGrad);
    const stateDropout = this.#dropout(step, STREAM.stateDropout);
    if (stateDropout.rate > 0) backend.dropout({ values: outGrad, dropout: stateDropout });
    const { inputWeights, stateWeights } = this.cells;
    backThroughTime(backend, step.packing, stateWeights, space, back);
    const [inputGrad, recurrentGrad, xGrad] = [back.inputGrad, back.recurrentGrad, back.xGrad].map(slice);
    backend.matmulTN({
      a: slice(space.previous),
      b: recurrentGrad,
      out: grads.stateWeights,
      sums: grads.stateBias,
    });
    backend.matmulTN({ a: slice(space.x), b: inputGrad, out: grads.inputWeights, sums: grads.inputBias });
    backend.matmulNT({ a: inputGrad, b: inputWeights, out: xGrad });
    const dropout = this.#dropout(step, STREAM.dropout);
    if (dropout.rate > 0) backend.dropout({ values: xGrad, dropout });
    return xGrad;
  }

  /** The gradient of the embeddings, or of those of a step's items, which is added to `out` where asked for. */
  protected embeddingGrad(step: SequenceInputs, outGrad: Tensor, out: Tensor, accumulate: boolean): void {
    const { starts, entries, firstStart } = step;
    const sums = this.#backFor(step.capacity).unused;
    const batch = { starts, entries, firstStart };
    this.backend.bagBackward({ ...batch, outGrad, out, sums, dropout: KEEP_ALL, accumulate });
  }

  #dropout({ seed, step }: SequenceInputs, stream: number): Dropout {
    return { rate: this.config.dropout, seed: mix(mix(seed) ^ stream), step };
  }

  /** Rows at .. at + count of `x` and `inputGates`, from the items of the batch's rows of `inputs`. */
  #gateInputs(
    space: GruSpace,
    embedding: FirstLayer,
    input: SparseRows,
    batch: BatchRows,
    at: number,
    dropout: Dropout,
  ): void {
    const { backend } = this;
    const { inputWeights, inputBias } = this.cells;
    const x = backend.slice(space.x, at, batch.count);
    firstLayer(backend, embedding, { input, batch, out: x, activation: 'linear', dropout: KEEP_ALL });
    if (dropout.rate > 0) backend.dropout({ values: x, dropout });
    const out = backend.slice(space.inputGates, at, batch.count);
    backend.matmulNN({ a: x, b: inputWeights, bias: inputBias, out, activation: 'linear' });
  }

  /** Runs the units over one step; returns it as what the next goes on from. */
  #step(space: GruSpace, step: PackedStep, previous: PackedStep): PackedStep {
    const { inputGates, states, gates, recurrent, previous: kept } = space;
    this.backend.gruGatesForward({
      inputGates,
      weights: this.cells.stateWeights,
      bias: this.cells.stateBias,
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
      this.#back = gruBackSpace(this.backend, this.config, positions);
    }
    return this.#back;
  }

  endTraining(): void {
    freeSpace(this.#back);
    this.#back = undefined;
  }

  dispose(): void {
    this.endTraining();
    freeSpace(this.#space);
    this.#space = undefined;
    freeAll(this.#fixed);
    this.#numbers?.free();
  }
}

/** Histories as rows of a single entry each: row e is entry e. */
const singly = ({ indices, values }: SparseRows, numbers: Tensor): SparseRows => ({
  indptr: numbers,
  indices,
  values,
});

const endOf = ({ first, count }: PackedStep): number => first + count;
