import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import type { BatchRows, Dropout, SparseRows } from '../backend/ops.js';
import { mix, randomUniform, STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import type { DenseShape } from '../backend/tuning.js';
import type { Csr } from '../data/csr.js';
import { checkNetworkConfig, type NetworkConfig } from './config.js';
import {
  type DenseLayer,
  denseBackward,
  denseForward,
  denseInputGrad,
  fillUnits,
  type InputGrad,
  makeInputGrad,
  makeUnits,
  tensorsOfInputGrad,
  tensorsOfUnits,
  type Units,
} from './dense.js';
import type { HistoryModel, Parameters, StepInputs } from './model.js';
import { type NamedArrays, parameterGroup } from './parameters.js';
import { scaledToLength, scaledToSum } from './rowScales.js';

interface BackwardSpace {
  readonly logits: Tensor;
  /** On the way to the sums of each hidden layer. */
  readonly inputGrads: readonly InputGrad[];
}

const KEEP_ALL: Dropout = { rate: 0, seed: 0, step: 0 };

/**
 * A feed-forward network over histories: a sparse first layer, dense ones after it, a score for every item.
 * With no hidden layer it is the linear model r = x W + b.
 */
export class Network implements HistoryModel {
  readonly learnsFrom = 'histories';
  /** Weights and biases: W1 f32[items, hidden1], b1, W2, ... as the model file holds them. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #layers: readonly DenseLayer[];
  /** Units of the hidden layers, by batch size. */
  readonly #workspaces = new Map<number, readonly Units[]>();
  readonly #backwards = new Map<number, BackwardSpace>();
  readonly #values: TensorGroup;
  #parameters: Parameters | undefined;

  constructor(
    readonly name: string,
    private readonly backend: Backend,
    readonly items: number,
    readonly config: NetworkConfig,
    initial: NamedArrays,
  ) {
    checkNetworkConfig(config);
    const { values, tensors } = parameterGroup(backend, parameterShapes(items, config.hidden), initial);
    this.#values = values;
    this.tensors = tensors;
    this.#layers = [...config.hidden, items].map((_, l) => ({
      weights: tensors.get(`W${l + 1}`)!,
      bias: tensors.get(`b${l + 1}`)!,
    }));
    if (config.zeroDiagonal) backend.zeroDiagonal({ matrix: this.#layers[0].weights });
  }

  get parameters(): Parameters {
    // The gradients are made on the first use: a model that only scores needs none.
    this.#parameters ??= {
      names: [...this.tensors.keys()],
      values: this.#values,
      grads: this.backend.group(this.#values.parts.map(({ shape }) => shape)),
      decayed: this.#values.starts[this.#layers.length],
    };
    return this.#parameters;
  }

  denseShapes(batch: number): DenseShape[] {
    const dense = layerSizes(this.items, this.config.hidden).slice(1);
    return dense.map(([inputs, outputs]) => ({ batch, inputs, outputs }));
  }

  get isAdditive(): boolean {
    return this.config.hidden.length === 0;
  }

  get units(): number | undefined {
    return this.config.hidden.at(-1);
  }

  represent(histories: SparseRows, batch: BatchRows, out: Tensor): void {
    const space = this.#workspace(out.shape[0]);
    this.#forward(histories, batch, space, undefined, KEEP_ALL);
    this.backend.copy(space.at(-1)!.out, out);
  }

  get unitWeights(): Tensor | undefined {
    return this.isAdditive ? undefined : this.#layers.at(-1)!.weights;
  }

  inputValues(histories: Csr): Float32Array | undefined {
    return this.config.normalise === 'l2' ? scaledToLength(histories) : histories.values;
  }

  targetValues(histories: Csr): Float32Array | undefined {
    return this.config.targets === 'sum' ? scaledToSum(histories) : histories.values;
  }

  score(histories: SparseRows, batch: BatchRows, scores: Tensor): void {
    this.#forward(histories, batch, this.#workspace(scores.shape[0]), scores, KEEP_ALL);
  }

  inputGradients(histories: SparseRows, batch: BatchRows, item: number, out: Tensor): void {
    const { backend, items } = this;
    const rows = batch.count;
    const hidden = this.#workspace(rows);
    backend.scope(() => {
      const logits = backend.zeros('f32', [rows, items]);
      this.#forward(histories, batch, hidden, logits, KEEP_ALL);
      const chosen = new Float32Array(rows * items);
      for (let row = 0; row < rows; row++) chosen[row * items + item] = 1;
      let outGrad = backend.tensor(chosen, [rows, items]);
      for (let l = this.#layers.length - 1; l > 0; l--) {
        outGrad = denseInputGrad(backend, this.#layers[l], hidden[l - 1], outGrad);
      }
      backend.bagInputGrad({ places: histories, batch, weights: this.#layers[0].weights, outGrad, out });
    });
  }

  gradients(step: StepInputs): void {
    const { backend, config } = this;
    const hidden = this.#workspace(step.capacity);
    const { logits, inputGrads } = this.#backward(step.capacity);
    const dropout = { rate: config.dropout, seed: mix(mix(step.seed) ^ STREAM.dropout), step: step.step };
    this.#forward(step.inputs, step.batch, hidden, logits, dropout);
    this.#loss(step, logits);

    let outGrad = logits;
    for (let l = this.#layers.length - 1; l > 0; l--) {
      const grads = this.#grads(l);
      outGrad = denseBackward(backend, this.#layers[l], grads, hidden[l - 1], outGrad, inputGrads[l - 1]);
    }
    const { starts, entries, firstStart } = step;
    const { weights: out, bias: sums } = this.#grads(0);
    backend.bagBackward({ starts, entries, firstStart, outGrad, out, sums, dropout });
    if (config.zeroDiagonal) backend.zeroDiagonal({ matrix: out });
  }

  /** Without `scores` only the hidden layers. */
  #forward(
    input: SparseRows,
    batch: BatchRows,
    hidden: readonly Units[],
    scores: Tensor | undefined,
    dropout: Dropout,
  ): void {
    const { backend } = this;
    const last = scores ? [{ out: scores, saved: scores, activation: 'linear' } as const] : [];
    const into = [...hidden, ...last];
    const { weights, bias } = this.#layers[0];
    fillUnits(backend, into[0], (out, activation) => {
      backend.bagForward({ input, batch, weights, bias, out, activation, dropout });
    });
    for (let l = 1; l < into.length; l++) denseForward(backend, this.#layers[l], into[l - 1].out, into[l]);
  }

  #loss({ targets, batch, lossParts }: StepInputs, logits: Tensor): void {
    const { backend, config } = this;
    const scale = { users: 1 / batch.count, mean: 1 / (batch.count * this.items), sum: 1 }[config.reduction];
    const args = { logits, targets, batch, loss: lossParts, scale };
    if (config.loss === 'multinomial') backend.softmaxNll(args);
    else if (config.loss === 'bce') backend.binaryCrossEntropy(args);
    else {
      const negativeWeight = config.loss === 'weightedMse' ? config.negativeWeight : 1;
      if (config.output === 'linear') backend.squaredError({ ...args, negativeWeight });
      else backend.activatedSquaredError({ ...args, negativeWeight, output: config.output });
    }
  }

  /** Of a layer's weights and bias; see parameterShapes. */
  #grads(layer: number): DenseLayer {
    const { parts } = this.parameters.grads;
    return { weights: parts[layer], bias: parts[this.#layers.length + layer] };
  }

  #workspace(batch: number): readonly Units[] {
    let space = this.#workspaces.get(batch);
    if (!space) {
      const { hidden, activation } = this.config;
      space = hidden.map((units) => makeUnits(this.backend, batch, units, activation));
      this.#workspaces.set(batch, space);
    }
    return space;
  }

  #backward(batch: number): BackwardSpace {
    let space = this.#backwards.get(batch);
    if (!space) {
      const { backend, items } = this;
      const { hidden } = this.config;
      space = {
        logits: backend.zeros('f32', [batch, items]),
        inputGrads: hidden.map((units, l) => makeInputGrad(backend, batch, units, hidden[l + 1] ?? items)),
      };
      this.#backwards.set(batch, space);
    }
    return space;
  }

  /** Frees what only training needs. */
  endTraining(): void {
    this.#parameters?.grads.whole.free();
    this.#parameters = undefined;
    for (const { logits, inputGrads } of this.#backwards.values()) {
      freeAll([logits, ...inputGrads.flatMap(tensorsOfInputGrad)]);
    }
    this.#backwards.clear();
  }

  dispose(): void {
    this.endTraining();
    for (const units of this.#workspaces.values()) freeAll(units.flatMap(tensorsOfUnits));
    this.#workspaces.clear();
    this.#values.whole.free();
  }
}

/** Shapes by name, in the order of memory: the weights of all layers, then the biases. */
function parameterShapes(items: number, hidden: readonly number[]): Map<string, readonly number[]> {
  const sizes = layerSizes(items, hidden);
  return new Map<string, readonly number[]>([
    ...sizes.map(([inputs, outputs], l): [string, number[]] => [`W${l + 1}`, [inputs, outputs]]),
    ...sizes.map(([, outputs], l): [string, number[]] => [`b${l + 1}`, [outputs]]),
  ]);
}

/** [inputs, outputs] of each layer. */
export function layerSizes(items: number, hidden: readonly number[]): [number, number][] {
  const sizes = [items, ...hidden, items];
  return sizes.slice(1).map((outputs, l) => [sizes[l], outputs]);
}

/**
 * Fresh weights: uniform in ±sqrt(6 / (inputs + outputs)) (Glorot & Bengio 2010, eq. 16), biases zero;
 * all zero for a linear model, whose loss is convex.
 */
export function initialWeights(items: number, hidden: readonly number[], seed: number): NamedArrays {
  const arrays = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  layerSizes(items, hidden).forEach(([inputs, outputs], l) => {
    const values = new Float32Array(inputs * outputs);
    const bound = hidden.length === 0 ? 0 : Math.sqrt(6 / (inputs + outputs));
    if (bound > 0) {
      for (let i = 0; i < values.length; i++) {
        values[i] = (2 * randomUniform(seed, STREAM.weights, l, i) - 1) * bound;
      }
    }
    arrays.set(`W${l + 1}`, { shape: [inputs, outputs], values });
    arrays.set(`b${l + 1}`, { shape: [outputs], values: new Float32Array(outputs) });
  });
  return arrays;
}
