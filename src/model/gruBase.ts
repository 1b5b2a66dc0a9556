import { type Backend, SLICE, type Tensor } from '../backend/backend.js';
import type { BatchRows, Dropout, SparseRows } from '../backend/ops.js';
import { mix, STREAM } from '../backend/random.js';
import { type ConsecutiveRows, consecutive, type DeviceRows, freeAll } from '../backend/sparse.js';
import type { Csr } from '../data/csr.js';
import { requireOrder } from '../data/order.js';
import { FoldinError } from '../errors.js';
import { type FirstLayer, firstLayer } from './firstLayer.js';
import { checkGruConfig, type GruConfig } from './gruConfig.js';
import { freeSpace, type GruBackSpace, type GruSpace, gruBackSpace, gruSpace } from './gruSpace.js';
import type { SequenceInputs } from './model.js';
import { latestItems, type PackedStep, pack, packInto } from './packing.js';

/** Positions that scoring works on at a time. */
const BLOCK = 2048;
const KEEP_ALL: Dropout = { rate: 0, seed: 0, step: 0 };
const NO_STEP: PackedStep = { first: 0, count: 0 };

/** What the units have learned, or its gradients: f32[embedding, 3 hidden], f32[hidden, 3 hidden], f32[3 hidden] twice. */
export interface GruUnits {
  readonly inputWeights: Tensor;
  readonly stateWeights: Tensor;
  readonly inputBias: Tensor;
  readonly stateBias: Tensor;
}
export const UNIT_NAMES = ['inputWeights', 'stateWeights', 'inputBias', 'stateBias'] as const;

export const unitsOf = (named: (name: (typeof UNIT_NAMES)[number]) => Tensor): GruUnits => ({
  inputWeights: named('inputWeights'),
  stateWeights: named('stateWeights'),
  inputBias: named('inputBias'),
  stateBias: named('stateBias'),
});

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

  get window(): number {
    return this.config.window;
  }

  get units(): number {
    return this.config.hidden;
  }

  inputValues(histories: Csr): undefined {
    requireOrder(histories, 'gru');
  }

  /** The states after the last items. Only the last `window` items of a history count, as in training. */
  represent(histories: DeviceRows, { first, count }: ConsecutiveRows, out: Tensor): void {
    const { backend, config } = this;
    const recent = latestItems(histories.matrix, first, count, config.window);
    const order = recent.map((_, b) => b).filter((b) => recent[b].length > 0);
    order.sort((a, b) => recent[b].length - recent[a].length || a - b);
    const packing = pack(order.map((b) => recent[b].length));
    const packed = new Uint32Array(Math.max(1, packing.positions));
    packInto(
      packing,
      order.map((b) => recent[b]),
      packed,
    );

    const block = SLICE * Math.ceil(Math.max(BLOCK, order.length) / SLICE);
    const space = this.#spaceFor(2 * block);
    const numbers = this.#numbersUpTo(Math.max(packing.positions, count));
    const mine: Tensor[] = [];
    const made = (tensor: Tensor): Tensor => {
      mine.push(tensor);
      return tensor;
    };
    const inputs = { indptr: numbers, indices: made(backend.tensor(packed)), values: this.#one };

    // Blocks of steps in turn in the first and in the second half of the space, so that one can go on from the other.
    let previous = NO_STEP;
    for (let begin = 0, half = 0; begin < packing.steps.length; half = 1 - half) {
      let end = begin;
      const from = packing.steps[begin].first;
      while (end < packing.steps.length && endOf(packing.steps[end]) - from <= block) end++;
      const count = endOf(packing.steps[end - 1]) - from;
      const at = half * block;
      this.#gateInputs(space, this.embedding, inputs, { rows: numbers, first: from, count }, at, KEEP_ALL);
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
    for (let b = 0; b < count; b++) indptr[b + 1] = indptr[b] + (recent[b].length > 0 ? 1 : 0);
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
    const { positions, steps } = step.packing;
    const space = this.#spaceFor(step.capacity);
    const back = this.#backFor(step.capacity);
    const slice = (tensor: Tensor) => backend.slice(tensor, 0, positions);
    const outGrad = slice(back.outGrad);
    const stateDropout = this.#dropout(step, STREAM.stateDropout);
    if (stateDropout.rate > 0) backend.dropout({ values: outGrad, dropout: stateDropout });
    const { inputWeights, stateWeights } = this.cells;
    backend.transpose({ input: stateWeights, out: back.weightsT });
    const [inputGrad, recurrentGrad, xGrad] = [back.inputGrad, back.recurrentGrad, back.xGrad].map(slice);
    const saved = {
      gates: slice(space.gates),
      recurrent: slice(space.recurrent),
      previous: slice(space.previous),
    };
    const carried = slice(back.carried);
    for (let t = steps.length - 1; t >= 0; t--) {
      const next = t + 1 < steps.length ? steps[t + 1] : NO_STEP;
      backend.gruGatesBackward({
        ...saved,
        outGrad,
        weightsT: back.weightsT,
        inputGrad,
        recurrentGrad,
        carried,
        ...steps[t],
        nextFirst: next.first,
        nextCount: Math.min(steps[t].count, next.count),
      });
    }
    backend.matmulTN({
      a: saved.previous,
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

const endOf = ({ first, count }: PackedStep): number => first + count;
