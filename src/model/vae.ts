import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import type { Noise } from '../backend/latentOps.js';
import type { BatchRows, Dropout, SparseRows } from '../backend/ops.js';
import { mix, randomUniform, STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import type { DenseShape } from '../backend/tuning.js';
import { type Csr, columnCounts } from '../data/csr.js';
import { decayed } from './decay.js';
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
import { scaledToLength } from './rowScales.js';
import { userWeights } from './userWeights.js';
import { checkVaeConfig, type VaeConfig } from './vaeConfig.js';

/** What one batch size needs besides the parameters. */
interface Workspace {
  /** Units of all layers but the last, in order; those in the middle are means and logarithms of variances. */
  readonly units: readonly Units[];
  /** What is drawn, or the means: what goes into the decoder. */
  readonly code: Units;
  /** f32[batch]; see Ops.bagForward. */
  readonly scales: Tensor;
}

interface BackwardSpace {
  readonly logits: Tensor;
  /** On the way to the inputs of each layer but the first. */
  readonly inputGrads: readonly InputGrad[];
  readonly encodedGrad: Tensor;
}

const KEEP_ALL: Dropout = { rate: 0, seed: 0, step: 0 };

/**
 * The variational autoencoder with a multinomial likelihood (Liang et al. 2018): the encoder makes a Gaussian of a
 * history, a draw from it goes through the decoder, and the softmax over all items is to give the history back. The
 * loss of a user is n_u^-b (-sum_i x_i log softmax_i) + beta KL(Gaussian || standard normal), where beta rises to its
 * cap during the first updates. Scores are the logits of the Gaussian's mean.
 */
export class Vae implements HistoryModel {
  readonly learnsFrom = 'histories';
  readonly name = 'vae';
  readonly isAdditive = false;
  /**
   * W1, b1, ... through encoder and decoder: f32[items, hidden], ..., f32[hidden, 2 latent] (means, logarithms of
   * variances), f32[latent, hidden], ..., f32[hidden, items].
   */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #layers: readonly DenseLayer[];
  readonly #workspaces = new Map<number, Workspace>();
  readonly #backwards = new Map<number, BackwardSpace>();
  readonly #values: TensorGroup;
  #parameters: Parameters | undefined;

  constructor(
    private readonly backend: Backend,
    readonly items: number,
    readonly config: VaeConfig,
    initial: NamedArrays,
  ) {
    checkVaeConfig(config);
    const { values, tensors } = parameterGroup(backend, parameterShapes(items, config), initial);
    this.#values = values;
    this.tensors = tensors;
    this.#layers = layerSizes(items, config).map((_, l) => ({
      weights: tensors.get(`W${l + 1}`)!,
      bias: tensors.get(`b${l + 1}`)!,
    }));
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
    const dense = layerSizes(this.items, this.config).slice(1);
    return dense.map(([inputs, outputs]) => ({ batch, inputs, outputs }));
  }

  get units(): number {
    return this.config.hidden[0] ?? this.config.latent;
  }

  represent(histories: SparseRows, batch: BatchRows, out: Tensor): void {
    const space = this.#workspace(out.shape[0]);
    this.#forward(histories, batch, space, undefined, KEEP_ALL);
    this.backend.copy(this.#inputOf(this.#layers.length - 1, space).out, out);
  }

  get unitWeights(): Tensor {
    return this.#layers.at(-1)!.weights;
  }

  /** The first layer of the decoder. */
  get #middle(): number {
    return this.config.hidden.length + 1;
  }

  inputValues(histories: Csr): Float32Array | undefined {
    const seen = decayed(histories, this.config.decay, this.name);
    return this.config.normalise === 'none' ? seen.values : scaledToLength(seen);
  }

  /** The weight of each user's part of the loss, in each of its targets. */
  targetValues(histories: Csr): Float32Array | undefined {
    const { values, indptr } = histories;
    const weights = userWeights(histories, this.config.userPower);
    if (!weights) return values;
    const weighted = new Float32Array(histories.indices.length);
    for (let u = 0; u < histories.rows; u++) {
      for (let e = indptr[u]; e < indptr[u + 1]; e++) weighted[e] = weights[u] * (values ? values[e] : 1);
    }
    return weighted;
  }

  score(histories: SparseRows, batch: BatchRows, scores: Tensor): void {
    this.#forward(histories, batch, this.#workspace(scores.shape[0]), scores, KEEP_ALL);
  }

  inputGradients(histories: SparseRows, batch: BatchRows, item: number, out: Tensor): void {
    const { backend, items } = this;
    const rows = batch.count;
    const space = this.#workspace(rows);
    backend.scope(() => {
      const logits = backend.zeros('f32', [rows, items]);
      this.#forward(histories, batch, space, logits, KEEP_ALL);
      const chosen = new Float32Array(rows * items);
      for (let row = 0; row < rows; row++) chosen[row * items + item] = 1;
      let outGrad = backend.tensor(chosen, [rows, items]);
      for (let l = this.#layers.length - 1; l > 0; l--) {
        outGrad = denseInputGrad(backend, this.#layers[l], this.#inputOf(l, space), outGrad);
        if (l !== this.#middle) continue;
        const encoded = space.units[l - 1].out;
        const encodedGrad = backend.zeros('f32', encoded.shape);
        const loss = backend.zeros('f32', [rows]);
        backend.gaussianBackward({ encoded, outGrad, out: encodedGrad, loss, count: rows, scale: 0 });
        outGrad = encodedGrad;
      }
      backend.bagInputGrad({ places: histories, batch, weights: this.#layers[0].weights, outGrad, out });
    });
  }

  gradients(step: StepInputs): void {
    const { backend, config } = this;
    const { batch, capacity, lossParts } = step;
    const space = this.#workspace(capacity);
    const { logits, inputGrads, encodedGrad } = this.#backward(capacity);
    const seed = mix(step.seed);
    const dropout = { rate: config.dropout, seed: mix(seed ^ STREAM.dropout), step: step.step };
    const noise = { seed: mix(seed ^ STREAM.noise), step: step.step };
    const scales = config.normalise === 'l2AfterDropout' ? space.scales : undefined;
    const scale = 1 / batch.count;

    this.#forward(step.inputs, batch, space, logits, dropout, scales, noise);
    backend.softmaxNll({ logits, targets: step.targets, batch, loss: lossParts, scale });
    let outGrad = logits;
    for (let l = this.#layers.length - 1; l > 0; l--) {
      const input = this.#inputOf(l, space);
      outGrad = denseBackward(backend, this.#layers[l], this.#grads(l), input, outGrad, inputGrads[l - 1]);
      if (l === this.#middle) {
        backend.gaussianBackward({
          encoded: space.units[l - 1].out,
          outGrad,
          out: encodedGrad,
          loss: lossParts,
          count: batch.count,
          noise,
          scale: scale * this.#klWeight(step),
        });
        outGrad = encodedGrad;
      }
    }
    const { starts, entries, firstStart } = step;
    const { weights: out, bias: sums } = this.#grads(0);
    backend.bagBackward({ starts, entries, firstStart, outGrad, out, sums, dropout, scales });
  }

  /** beta of an update: rises over a share of all of them. */
  #klWeight({ step, steps }: StepInputs): number {
    const { kl, anneal } = this.config;
    const rise = anneal * steps;
    return step >= rise ? kl : (kl * step) / rise;
  }

  /** What goes into a layer that is not the first. */
  #inputOf(layer: number, { units, code }: Workspace): Units {
    return layer === this.#middle ? code : units[layer - 1];
  }

  /** Without `scores` only what goes into the last layer. */
  #forward(
    input: SparseRows,
    batch: BatchRows,
    space: Workspace,
    scores: Tensor | undefined,
    dropout: Dropout,
    scales?: Tensor,
    noise?: Noise,
  ): void {
    const { backend } = this;
    const { units, code } = space;
    const { weights, bias } = this.#layers[0];
    fillUnits(backend, units[0], (out, activation) => {
      backend.bagForward({ input, batch, weights, bias, out, activation, dropout, scales });
    });
    this.#layers.forEach((layer, l) => {
      if (l === 0) return;
      if (l === this.#middle) {
        backend.gaussianSample({ encoded: units[l - 1].out, out: code.out, count: batch.count, noise });
      }
      const last = scores && ({ out: scores, saved: scores, activation: 'linear' } as const);
      const into = l < units.length ? units[l] : last;
      if (into) denseForward(backend, layer, this.#inputOf(l, space).out, into);
    });
  }

  /** Of a layer's weights and bias; see parameterShapes. */
  #grads(layer: number): DenseLayer {
    const { parts } = this.parameters.grads;
    return { weights: parts[layer], bias: parts[this.#layers.length + layer] };
  }

  #workspace(batch: number): Workspace {
    let space = this.#workspaces.get(batch);
    if (!space) {
      const { backend, config } = this;
      const sizes = layerSizes(this.items, config).slice(0, -1);
      space = {
        units: sizes.map(([, outputs], l) =>
          makeUnits(backend, batch, outputs, l === config.hidden.length ? 'linear' : config.activation),
        ),
        code: makeUnits(backend, batch, config.latent, 'linear'),
        scales: backend.zeros('f32', [batch]),
      };
      this.#workspaces.set(batch, space);
    }
    return space;
  }

  #backward(batch: number): BackwardSpace {
    let space = this.#backwards.get(batch);
    if (!space) {
      const { backend, items, config } = this;
      space = {
        logits: backend.zeros('f32', [batch, items]),
        inputGrads: layerSizes(items, config)
          .slice(1)
          .map(([inputs, outputs]) => makeInputGrad(backend, batch, inputs, outputs)),
        encodedGrad: backend.zeros('f32', [batch, 2 * config.latent]),
      };
      this.#backwards.set(batch, space);
    }
    return space;
  }

  endTraining(): void {
    this.#parameters?.grads.whole.free();
    this.#parameters = undefined;
    for (const { logits, inputGrads, encodedGrad } of this.#backwards.values()) {
      freeAll([logits, encodedGrad, ...inputGrads.flatMap(tensorsOfInputGrad)]);
    }
    this.#backwards.clear();
  }

  dispose(): void {
    this.endTraining();
    for (const { units, code, scales } of this.#workspaces.values()) {
      freeAll([scales, ...[code, ...units].flatMap(tensorsOfUnits)]);
    }
    this.#workspaces.clear();
    this.#values.whole.free();
  }
}

/** [inputs, outputs] of each layer of encoder and decoder. */
function layerSizes(items: number, { hidden, latent }: VaeConfig): [number, number][] {
  const encoder = [items, ...hidden, 2 * latent];
  const decoder = [latent, ...[...hidden].reverse(), items];
  return [encoder, decoder].flatMap((sizes) =>
    sizes.slice(1).map((outputs, l): [number, number] => [sizes[l], outputs]),
  );
}

/** Shapes by name, in the order of memory: the weights of all layers, then the biases. */
function parameterShapes(items: number, config: VaeConfig): Map<string, readonly number[]> {
  const sizes = layerSizes(items, config);
  return new Map<string, readonly number[]>([
    ...sizes.map(([inputs, outputs], l): [string, number[]] => [`W${l + 1}`, [inputs, outputs]]),
    ...sizes.map(([, outputs], l): [string, number[]] => [`b${l + 1}`, [outputs]]),
  ]);
}

/**
 * Fresh parameters: weights uniform in ±sqrt(6 / (inputs + outputs)) (Glorot & Bengio 2010, eq. 16), biases zero but for
 * those of the output, see VaeConfig.outputBias.
 */
export function initialVae(train: Csr, config: VaeConfig, seed: number): NamedArrays {
  const shapes = parameterShapes(train.columns, config);
  const last = `b${layerSizes(train.columns, config).length}`;
  return new Map(
    [...shapes].map(([name, shape], place) => {
      const values = new Float32Array(shape.reduce((size, n) => size * n, 1));
      if (shape.length === 2) {
        const bound = Math.sqrt(6 / (shape[0] + shape[1]));
        for (let i = 0; i < values.length; i++) {
          values[i] = (2 * randomUniform(seed, STREAM.weights, place, i) - 1) * bound;
        }
      } else if (name === last && config.outputBias === 'popularity') {
        const users = Math.max(1, train.rows);
        // An item that nobody has counts as half a user.
        columnCounts(train).forEach((count, item) => {
          values[item] = Math.log(Math.max(count, 0.5) / users);
        });
      }
      return [name, { shape, values }];
    }),
  );
}
