import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import { type ItemBlock, itemBlocks } from '../backend/blocks.js';
import type { BatchRows, Dropout, SparseRows } from '../backend/ops.js';
import type { Stored } from '../backend/stored.js';
import type { Csr } from '../data/csr.js';
import { blockedGroup, type Cut, type PartNames } from './blockedParameters.js';
import { checkNetworkConfig, type NetworkConfig } from './config.js';
import { decayed } from './decay.js';
import { type DenseLayer, denseInputGrad, type Units } from './dense.js';
import { type FirstLayer, firstLayer, inputGradients } from './firstLayer.js';
import { HiddenLayers } from './hiddenLayers.js';
import type { Model } from './model.js';
import { networkShapes } from './networkWeights.js';
import type { ArraySource } from './parameters.js';
import { scaledToLength, scaledToSum } from './rowScales.js';

export const KEEP_ALL: Dropout = { rate: 0, seed: 0, step: 0 };

/** Parameters that run over items: one tensor a block. */
interface OverItems {
  readonly weights: readonly Tensor[];
  readonly bias: readonly Tensor[];
}

/** What a network over histories is before it learns: parameters in blocks of items, scores, what explains them. */
export abstract class NetworkBase implements Model {
  /** W1 f32[items, hidden1], b1, W2, ... as the model file holds them. */
  readonly tensors: ReadonlyMap<string, Stored>;
  readonly blocks: readonly ItemBlock[];
  protected readonly values: TensorGroup;
  protected readonly layout: PartNames;
  protected readonly first: FirstLayer;
  protected readonly hidden: HiddenLayers;

  /** `batch`: users of a training step, so that their scores of a block fit one tensor. */
  protected constructor(
    readonly name: string,
    protected readonly backend: Backend,
    readonly items: number,
    readonly config: NetworkConfig,
    initial: ArraySource,
    { batch, isTurned }: { readonly batch: number; readonly isTurned: boolean },
  ) {
    checkNetworkConfig(config);
    const { hidden } = config;
    const last = hidden.length + 1;
    this.blocks = this.isAdditive
      ? [{ first: 0, count: items }]
      : itemBlocks(backend, items, Math.max(hidden[0], hidden[hidden.length - 1], batch));
    const cuts: [string, Cut][] = [
      ['W1', { axis: 0, isTurned: false }],
      [`W${last}`, { axis: 1, isTurned }],
      [`b${last}`, { axis: 0, isTurned: false }],
    ];
    const { values, layout, tensors } = blockedGroup(
      backend,
      networkShapes(items, hidden),
      initial,
      this.blocks,
      new Map(isTurned || this.blocks.length > 1 ? cuts : []),
    );
    this.values = values;
    this.layout = layout;
    this.tensors = tensors;
    this.first = { items: this.blocks, ...this.firstOf(values) };
    this.hidden = new HiddenLayers(backend, hidden, config.activation, this.denseOf(values));
  }

  /** The output layer of a block of items: weights f32[units, count] and bias. */
  protected abstract outputLayer(block: number): DenseLayer;

  /** Where the parts of a parameter are among those of a group: one, or one a block of items. */
  protected placesOf(name: string): number[] {
    return [...this.layout.names.keys()].filter((i) => this.layout.names[i] === name);
  }

  #named(name: string, { parts }: TensorGroup): Tensor[] {
    return this.placesOf(name).map((i) => parts[i]);
  }

  protected firstOf(group: TensorGroup): { weights: readonly Tensor[]; bias: Tensor } {
    return { weights: this.#named('W1', group), bias: this.#named('b1', group)[0] };
  }

  /** The layers between hidden ones. */
  protected denseOf(group: TensorGroup): DenseLayer[] {
    const one = (name: string) => this.#named(name, group)[0];
    return this.config.hidden.slice(1).map((_, l) => ({ weights: one(`W${l + 2}`), bias: one(`b${l + 2}`) }));
  }

  protected outputOf(group: TensorGroup): OverItems {
    const last = this.config.hidden.length + 1;
    return { weights: this.#named(`W${last}`, group), bias: this.#named(`b${last}`, group) };
  }

  get isAdditive(): boolean {
    return this.config.hidden.length === 0;
  }

  get units(): number | undefined {
    return this.config.hidden.at(-1);
  }

  represent(histories: SparseRows, batch: BatchRows, out: Tensor): void {
    this.backend.copy(this.forward(histories, batch, out.shape[0], KEEP_ALL).out, out);
  }

  get unitWeights(): Stored | undefined {
    return this.isAdditive ? undefined : this.tensors.get(`W${this.config.hidden.length + 1}`);
  }

  inputValues(histories: Csr): Float32Array | undefined {
    const seen = decayed(histories, this.config.decay, this.name);
    return this.config.normalise === 'l2' ? scaledToLength(seen) : seen.values;
  }

  targetValues(histories: Csr): Float32Array | undefined {
    return this.config.targets === 'sum' ? scaledToSum(histories) : histories.values;
  }

  score(input: SparseRows, batch: BatchRows, scores: Tensor, firstItem = 0): void {
    const { backend } = this;
    if (this.isAdditive) {
      firstLayer(backend, this.first, { input, batch, out: scores, activation: 'linear', dropout: KEEP_ALL });
      return;
    }
    const a = this.forward(input, batch, scores.shape[0], KEEP_ALL).out;
    const { weights: b, bias } = this.outputLayer(this.blocks.findIndex(({ first }) => first === firstItem));
    backend.matmulNN({ a, b, bias, out: scores, activation: 'linear' });
  }

  inputGradients(places: SparseRows, batch: BatchRows, item: number, out: Tensor): void {
    const { backend, blocks } = this;
    const rows = batch.count;
    // Outside the scope: its tensors are kept for the next call.
    const last = this.isAdditive ? undefined : this.forward(places, batch, rows, KEEP_ALL);
    const block = blocks.findLastIndex(({ first }) => first <= item);
    const layer = last && this.outputLayer(block);
    backend.scope(() => {
      const { first, count } = blocks[block];
      const chosen = new Float32Array(rows * count);
      for (let row = 0; row < rows; row++) chosen[row * count + item - first] = 1;
      let outGrad = backend.tensor(chosen, [rows, count]);
      if (last && layer) {
        outGrad = this.hidden.inputGrad(rows, denseInputGrad(backend, layer, last, outGrad));
      }
      inputGradients(backend, this.first, { places, batch, outGrad, out });
    });
  }

  /** The units of the last hidden layer. */
  protected forward(input: SparseRows, batch: BatchRows, capacity: number, dropout: Dropout): Units {
    return this.hidden.forward(capacity, (out, activation) =>
      firstLayer(this.backend, this.first, { input, batch, out, activation, dropout }),
    );
  }

  dispose(): void {
    this.hidden.dispose();
    this.values.whole.free();
  }
}
