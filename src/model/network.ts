import { type Backend, derivativeFromOutput, type Tensor, type TensorGroup } from '../backend/backend.js';
import type { BatchRows, Dropout, SparseRows } from '../backend/ops.js';
import { mix, randomUniform, STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import type { Csr } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import { checkNetworkConfig, type NetworkConfig } from './config.js';
import type { Parameters, StepInputs, TrainableModel } from './model.js';

/** Weights and biases by name: W1 f32[items, hidden1], b1, W2, ... as the model file holds them. */
export type NamedArrays = ReadonlyMap<
  string,
  { shape: readonly number[]; values: Float32Array | Float64Array }
>;

interface Layer {
  readonly weights: Tensor;
  readonly bias: Tensor;
}

/** What one batch size needs besides the parameters. Index l - 1 belongs to hidden layer l. */
interface Workspace {
  /** Outputs of the hidden layers. */
  readonly hidden: readonly Tensor[];
  /** What the activations' derivatives are taken from: their outputs, for gelu their inputs. */
  readonly saved: readonly Tensor[];
}

interface BackwardSpace {
  readonly logits: Tensor;
  readonly hiddenGrads: readonly Tensor[];
  /** Partial sums on the way to hiddenGrads; undefined where one part is enough. */
  readonly parts: readonly (Tensor | undefined)[];
}

const KEEP_ALL: Dropout = { rate: 0, seed: 0, step: 0 };

/**
 * A feed-forward network over histories: a sparse first layer, dense ones after it, a score for every item.
 * With no hidden layer it is the linear model r = x W + b.
 */
export class Network implements TrainableModel {
  readonly tensors = new Map<string, Tensor>();
  readonly #layers: Layer[] = [];
  readonly #workspaces = new Map<number, Workspace>();
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
    const shapes = parameterShapes(items, config.hidden);
    this.#values = backend.group([...shapes.values()]);
    try {
      [...shapes].forEach(([name, shape], i) => {
        const array = initial.get(name);
        if (array?.shape.join() !== shape.join()) {
          throw new FoldinError(
            'SHAPE_MISMATCH',
            `${name} should be f32[${shape}], got [${array?.shape ?? 'nothing'}]`,
            { remedy: 'Load a model with the configuration it was saved with.' },
          );
        }
        backend.write(this.#values.parts[i], array.values);
        this.tensors.set(name, this.#values.parts[i]);
      });
    } catch (error) {
      this.#values.whole.free();
      throw error;
    }
    for (let l = 1; l <= config.hidden.length + 1; l++) {
      this.#layers.push({ weights: this.tensors.get(`W${l}`)!, bias: this.tensors.get(`b${l}`)! });
    }
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

  get denseLayers(): { inputs: number; outputs: number }[] {
    const dense = layerSizes(this.items, this.config.hidden).slice(1);
    return dense.map(([inputs, outputs]) => ({ inputs, outputs }));
  }

  inputValues(histories: Csr): Float32Array | undefined {
    return this.config.normalise === 'l2' ? scaleRows(histories, euclidean) : histories.values;
  }

  targetValues(histories: Csr): Float32Array | undefined {
    return this.config.targets === 'sum' ? scaleRows(histories, total) : histories.values;
  }

  score(histories: SparseRows, batch: BatchRows, scores: Tensor): void {
    this.#forward(histories, batch, this.#workspace(scores.shape[0]), scores, KEEP_ALL);
  }

  gradients(step: StepInputs): void {
    const { backend, config } = this;
    const space = this.#workspace(step.capacity);
    const back = this.#backward(step.capacity);
    const dropout = { rate: config.dropout, seed: mix(mix(step.seed) ^ STREAM.dropout), step: step.step };
    this.#forward(step.inputs, step.batch, space, back.logits, dropout);
    this.#loss(step, back.logits);

    let outGrad = back.logits;
    for (let l = this.#layers.length - 1; l > 0; l--) {
      const { weights, bias } = this.#layers[l];
      const inGrad = {
        saved: space.saved[l - 1],
        out: back.hiddenGrads[l - 1],
        activation: config.activation,
      };
      const parts = back.parts[l - 1];
      if (parts) {
        backend.matmulNT({ a: outGrad, b: weights, out: parts });
        backend.reduceActivation({ parts, ...inGrad });
      } else backend.matmulNTActivation({ a: outGrad, b: weights, ...inGrad });
      const [out, sums] = [this.#grad(weights), this.#grad(bias)];
      backend.matmulTN({ a: space.hidden[l - 1], b: outGrad, out, sums });
      outGrad = inGrad.out;
    }
    const { starts, entries, firstStart } = step;
    const { weights, bias } = this.#layers[0];
    const [out, sums] = [this.#grad(weights), this.#grad(bias)];
    backend.bagBackward({ starts, entries, firstStart, outGrad, out, sums, dropout });
    if (config.zeroDiagonal) backend.zeroDiagonal({ matrix: out });
  }

  #forward(input: SparseRows, batch: BatchRows, space: Workspace, scores: Tensor, dropout: Dropout): void {
    const { backend, config } = this;
    const last = this.#layers.length - 1;
    this.#layers.forEach(({ weights, bias }, l) => {
      const saved = l === last ? scores : space.saved[l];
      // gelu's derivative needs its input, so its output gets a tensor of its own.
      const split = l < last && saved !== space.hidden[l];
      const activation = l === last || split ? 'linear' : config.activation;
      if (l === 0) backend.bagForward({ input, batch, weights, bias, out: saved, activation, dropout });
      else backend.matmulNN({ a: space.hidden[l - 1], b: weights, bias, out: saved, activation });
      if (split) backend.activate({ input: saved, out: space.hidden[l], activation: config.activation });
    });
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

  #grad(value: Tensor): Tensor {
    const { values, grads } = this.parameters;
    return grads.parts[values.parts.indexOf(value)];
  }

  #workspace(batch: number): Workspace {
    let space = this.#workspaces.get(batch);
    if (!space) {
      const make = () => this.config.hidden.map((units) => this.backend.zeros('f32', [batch, units]));
      const hidden = make();
      space = { hidden, saved: derivativeFromOutput(this.config.activation) ? hidden : make() };
      this.#workspaces.set(batch, space);
    }
    return space;
  }

  #backward(batch: number): BackwardSpace {
    let space = this.#backwards.get(batch);
    if (!space) {
      const { backend, items } = this;
      const sizes = [...this.config.hidden, items];
      space = {
        logits: backend.zeros('f32', [batch, items]),
        hiddenGrads: this.config.hidden.map((units) => backend.zeros('f32', [batch, units])),
        parts: this.config.hidden.map((units, l) => {
          const splits = backend.splits(batch, units, sizes[l + 1]);
          return splits > 1 ? backend.zeros('f32', [batch * splits, units]) : undefined;
        }),
      };
      this.#backwards.set(batch, space);
    }
    return space;
  }

  /** Frees what only training needs. */
  endTraining(): void {
    this.#parameters?.grads.whole.free();
    this.#parameters = undefined;
    for (const { logits, hiddenGrads, parts } of this.#backwards.values()) {
      freeAll([logits, ...hiddenGrads, ...parts.filter((part) => part !== undefined)]);
    }
    this.#backwards.clear();
  }

  dispose(): void {
    this.endTraining();
    for (const { hidden, saved } of this.#workspaces.values()) freeAll([...hidden, ...saved]);
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

const euclidean = (sum: number, x: number): number => sum + x * x;
const total = (sum: number, x: number): number => sum + x;

/** Values divided by their row's Euclidean length (accumulate = euclidean) or sum (accumulate = total). */
function scaleRows(matrix: Csr, accumulate: (sum: number, x: number) => number): Float32Array {
  const scaled = new Float32Array(matrix.indices.length);
  for (let row = 0; row < matrix.rows; row++) {
    let sum = 0;
    for (let e = matrix.indptr[row]; e < matrix.indptr[row + 1]; e++) {
      sum = accumulate(sum, matrix.values ? matrix.values[e] : 1);
    }
    const size = accumulate === euclidean ? Math.sqrt(sum) : sum;
    for (let e = matrix.indptr[row]; e < matrix.indptr[row + 1]; e++) {
      scaled[e] = size > 0 ? (matrix.values ? matrix.values[e] : 1) / size : 0;
    }
  }
  return scaled;
}
