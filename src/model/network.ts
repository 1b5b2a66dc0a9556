import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import { type ItemBlock, itemBlocks } from '../backend/blocks.js';
import type { BatchRows, Dropout, SparseRows } from '../backend/ops.js';
import { mix, STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import type { Stored } from '../backend/stored.js';
import type { DenseShape } from '../backend/tuning.js';
import type { Csr } from '../data/csr.js';
import { blockedGroup, type Cut, type PartNames } from './blockedParameters.js';
import { checkNetworkConfig, type NetworkConfig } from './config.js';
import type { DenseLayer, Units } from './dense.js';
import { ExactOutput } from './exactOutput.js';
import { type FirstLayer, firstLayer, firstLayerGradients, inputGradients } from './firstLayer.js';
import { HiddenLayers } from './hiddenLayers.js';
import { lossScale, wholeLoss } from './losses.js';
import type { HistoryModel, Parameters, StepInputs } from './model.js';
import { layerSizes, networkShapes } from './networkWeights.js';
import type { ArraySource } from './parameters.js';
import { scaledToLength, scaledToSum } from './rowScales.js';

const KEEP_ALL: Dropout = { rate: 0, seed: 0, step: 0 };

/**
 * A feed-forward network over histories: a sparse first layer, dense ones after it, a score for every item.
 * With no hidden layer it is the linear model r = x W + b. What runs over items lies in as many blocks of them as the
 * device needs.
 */
export class Network implements HistoryModel {
  readonly learnsFrom = 'histories';
  /** W1 f32[items, hidden1], b1, W2, ... */
  readonly tensors: ReadonlyMap<string, Stored>;
  readonly blocks: readonly ItemBlock[];
  readonly #values: TensorGroup;
  readonly #layout: PartNames;
  readonly #first: FirstLayer;
  readonly #hidden: HiddenLayers;
  readonly #output: ExactOutput | undefined;
  /** The linear model's scores in training, by batch. */
  readonly #logits = new Map<number, Tensor>();
  #parameters: Parameters | undefined;

  /** `batch`: users of a training step, where it is known, so that their scores of a block fit one tensor. */
  constructor(
    readonly name: string,
    private readonly backend: Backend,
    readonly items: number,
    readonly config: NetworkConfig,
    initial: ArraySource,
    batch = 1,
  ) {
    checkNetworkConfig(config);
    const { hidden } = config;
    const last = hidden.length + 1;
    const isLinear = hidden.length === 0;
    this.blocks = isLinear
      ? [{ first: 0, count: items }]
      : itemBlocks(backend, items, Math.max(hidden[0], hidden[hidden.length - 1], batch));
    const cuts: [string, Cut][] = [
      ['W1', { axis: 0, isTurned: false }],
      [`W${last}`, { axis: 1, isTurned: false }],
      [`b${last}`, { axis: 0, isTurned: false }],
    ];
    const { values, layout, tensors } = blockedGroup(
      backend,
      networkShapes(items, hidden),
      initial,
      this.blocks,
      new Map(this.blocks.length > 1 ? cuts : []),
    );
    this.#values = values;
    this.#layout = layout;
    this.tensors = tensors;
    this.#first = { items: this.blocks, ...this.#firstOf(values) };
    this.#hidden = new HiddenLayers(backend, hidden, config.activation, this.#denseOf(values));
    if (!isLinear) {
      this.#output = new ExactOutput(backend, config, { items: this.blocks, ...this.#outputOf(values) });
    }
    if (config.zeroDiagonal) backend.zeroDiagonal({ matrix: this.#first.weights[0] });
  }

  /** The parts of a group that belong to a parameter: one, or one a block of items. */
  #named(name: string, { parts }: TensorGroup): Tensor[] {
    return parts.filter((_, i) => this.#layout.names[i] === name);
  }

  #firstOf(group: TensorGroup) {
    return { weights: this.#named('W1', group), bias: this.#named('b1', group)[0] };
  }

  /** The layers between hidden ones. */
  #denseOf(group: TensorGroup): DenseLayer[] {
    const one = (name: string) => this.#named(name, group)[0];
    return this.config.hidden.slice(1).map((_, l) => ({ weights: one(`W${l + 2}`), bias: one(`b${l + 2}`) }));
  }

  #outputOf(group: TensorGroup) {
    const last = this.config.hidden.length + 1;
    return { weights: this.#named(`W${last}`, group), bias: this.#named(`b${last}`, group) };
  }

  get parameters(): Parameters {
    if (!this.#parameters) {
      this.#output?.requireTrainable();
      // The gradients are made on the first use: a model that only scores needs none.
      this.#parameters = {
        ...this.#layout,
        values: this.#values,
        grads: this.backend.group(this.#values.parts.map(({ shape }) => shape)),
        decayed: this.#values.starts[this.#layout.names.indexOf('b1')],
      };
    }
    return this.#parameters;
  }

  get isAdditive(): boolean {
    return this.config.hidden.length === 0;
  }

  get units(): number | undefined {
    return this.config.hidden.at(-1);
  }

  represent(histories: SparseRows, batch: BatchRows, out: Tensor): void {
    this.backend.copy(this.#forward(histories, batch, out.shape[0], KEEP_ALL).out, out);
  }

  get unitWeights(): Stored | undefined {
    return this.isAdditive ? undefined : this.tensors.get(`W${this.config.hidden.length + 1}`);
  }

  denseShapes(batch: number): DenseShape[] {
    const dense = layerSizes(this.blocks[0].count, this.config.hidden).slice(1);
    return dense.map(([inputs, outputs]) => ({ batch, inputs, outputs }));
  }

  inputValues(histories: Csr): Float32Array | undefined {
    return this.config.normalise === 'l2' ? scaledToLength(histories) : histories.values;
  }

  targetValues(histories: Csr): Float32Array | undefined {
    return this.config.targets === 'sum' ? scaledToSum(histories) : histories.values;
  }

  score(input: SparseRows, batch: BatchRows, scores: Tensor, firstItem = 0): void {
    if (!this.#output) {
      const args = { input, batch, out: scores, activation: 'linear', dropout: KEEP_ALL } as const;
      firstLayer(this.backend, this.#first, args);
    } else this.#output.score(this.#forward(input, batch, scores.shape[0], KEEP_ALL).out, scores, firstItem);
  }

  inputGradients(places: SparseRows, batch: BatchRows, item: number, out: Tensor): void {
    const { backend, items } = this;
    const rows = batch.count;
    // Outside the scope: its tensors are kept for the next call.
    const last = this.#output && this.#forward(places, batch, rows, KEEP_ALL);
    backend.scope(() => {
      let outGrad: Tensor;
      if (this.#output && last) {
        outGrad = this.#hidden.inputGrad(rows, this.#output.unitGrad(item, last));
      } else {
        const chosen = new Float32Array(rows * items);
        for (let row = 0; row < rows; row++) chosen[row * items + item] = 1;
        outGrad = backend.tensor(chosen, [rows, items]);
      }
      inputGradients(backend, this.#first, { places, batch, outGrad, out });
    });
  }

  gradients(step: StepInputs): void {
    const { backend, config, blocks } = this;
    const { capacity, starts, entries, firstStart } = step;
    const dropout = { rate: config.dropout, seed: mix(mix(step.seed) ^ STREAM.dropout), step: step.step };
    const { grads } = this.parameters;
    let outGrad: Tensor;
    if (this.#output) {
      const last = this.#forward(step.inputs, step.batch, capacity, dropout);
      const lastGrad = this.#output.gradients(step, last, this.#outputOf(grads));
      outGrad = this.#hidden.backward(capacity, this.#denseOf(grads), lastGrad);
    } else outGrad = this.#linearLoss(step, dropout);
    const first = this.#firstOf(grads);
    firstLayerGradients(backend, blocks, first, { starts, entries, firstStart, outGrad, dropout });
    if (config.zeroDiagonal) backend.zeroDiagonal({ matrix: first.weights[0] });
  }

  /** The linear model's loss; the gradient of its scores. */
  #linearLoss({ inputs: input, targets, batch, capacity, lossParts }: StepInputs, dropout: Dropout): Tensor {
    const { backend, config, items } = this;
    let logits = this.#logits.get(capacity);
    if (!logits) {
      logits = backend.zeros('f32', [capacity, items]);
      this.#logits.set(capacity, logits);
    }
    firstLayer(backend, this.#first, { input, batch, out: logits, activation: 'linear', dropout });
    const scale = lossScale(config, batch.count, items);
    wholeLoss(backend, config, { logits, targets, batch, loss: lossParts, scale });
    return logits;
  }

  /** The units of the last hidden layer. */
  #forward(input: SparseRows, batch: BatchRows, capacity: number, dropout: Dropout): Units {
    return this.#hidden.forward(capacity, (out, activation) =>
      firstLayer(this.backend, this.#first, { input, batch, out, activation, dropout }),
    );
  }

  /** Frees what only training needs. */
  endTraining(): void {
    this.#parameters?.grads.whole.free();
    this.#parameters = undefined;
    this.#hidden.endTraining();
    this.#output?.endTraining();
    freeAll(this.#logits.values());
    this.#logits.clear();
  }

  dispose(): void {
    this.endTraining();
    this.#hidden.dispose();
    this.#values.whole.free();
  }
}
