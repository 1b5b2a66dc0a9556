import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import { type ItemBlock, itemBlocks } from '../backend/blocks.js';
import { type ConsecutiveRows, type DeviceRows, freeAll } from '../backend/sparse.js';
import type { Stored } from '../backend/stored.js';
import { blockedGroup, type Cut, type PartNames } from './blockedParameters.js';
import type { FirstLayer } from './firstLayer.js';
import type { OutputRow } from './gruBack.js';
import { GruBase } from './gruBase.js';
import type { GruConfig } from './gruConfig.js';
import { largestChunk, type OutputSpace, outputSpace, softmaxOutput } from './gruOutput.js';
import { type GruUnits, gruShapes, UNIT_NAMES, unitsOf } from './gruParameters.js';
import { freeSpace } from './gruSpace.js';
import type { LazyParameters, SampledSequenceInputs, SampledSequenceModel, TouchedRows } from './model.js';
import type { ArraySource } from './parameters.js';

/** The rows of a step's items, f32[n, width], and their gradient. */
interface Rows {
  readonly rows: Tensor;
  readonly grad: Tensor;
}

/** The output layer of the items of a step, and these rows turned, f32[hidden, items]. */
interface ItemSpace extends Rows, OutputSpace {
  readonly bias: Tensor;
  readonly biasGrad: Tensor;
  readonly turned: Tensor;
  readonly turnedGrad: Tensor;
}

/**
 * The recurrent network for catalogues where a softmax over all items at every position would cost too much: the sum in
 * it is estimated from the items that come next somewhere in the batch and some drawn for all of it, as SampledNetwork
 * does, position by position: log Z ≈ log(exp(z_next) + sum over draws j but the next exp(z_j) / (draws q_j)).
 * A step is that of an ordinary network on a catalogue of its items alone; rows over items lie in blocks.
 */
export class SampledGru extends GruBase implements SampledSequenceModel {
  readonly learnsFrom = 'sampledSequences';
  readonly samples: number;
  readonly tensors: ReadonlyMap<string, Stored>;
  readonly blocks: readonly ItemBlock[];
  protected readonly embedding: FirstLayer;
  protected readonly cells: GruUnits;
  readonly #values: TensorGroup;
  readonly #layout: PartNames;
  readonly #scratch = new Map<number, Tensor>();
  readonly #items = new Map<number, ItemSpace>();
  readonly #own = new Map<number, Rows>();
  #grads: TensorGroup | undefined;
  #touched: readonly TouchedRows[] = [];

  constructor(backend: Backend, items: number, config: GruConfig, initial: ArraySource) {
    super(backend, items, config);
    this.samples = config.softmaxSamples;
    const made = this.orDisposed(() => {
      const blocks = itemBlocks(backend, items, Math.max(config.hidden, config.embedding));
      const cuts = new Map<string, Cut>([
        ['embedding', { axis: 0, isTurned: false }],
        ['outputWeights', { axis: 1, isTurned: true }],
        ['outputBias', { axis: 0, isTurned: false }],
      ]);
      return { blocks, ...blockedGroup(backend, gruShapes(items, config), initial, blocks, cuts) };
    });
    const { blocks, values, layout, tensors } = made;
    this.blocks = blocks;
    this.#values = values;
    this.#layout = layout;
    this.tensors = tensors;
    this.embedding = { items: this.blocks, weights: this.#parts('embedding'), bias: this.noBias };
    this.cells = unitsOf((name) => this.#parts(name)[0]);
  }

  get sharesRows(): boolean {
    return this.config.tied;
  }

  get parameters(): LazyParameters {
    const { parts } = this.#values;
    const places = UNIT_NAMES.map((name) => this.#placesOf(name)[0]);
    this.#grads ??= this.backend.group(places.map((place) => parts[place].shape));
    const grads = this.#grads.parts;
    return {
      ...this.#layout,
      blocks: this.blocks,
      values: this.#values,
      dense: places.map((place, i) => ({
        place,
        grad: grads[i],
        decays: UNIT_NAMES[i].endsWith('Weights'),
      })),
      decayingRows: this.config.tied ? 1 : 2,
      touched: () => this.#touched,
    };
  }

  score(histories: DeviceRows, batch: ConsecutiveRows, scores: Tensor, firstItem = 0): void {
    const { backend } = this;
    const block = this.blocks.findIndex(({ first }) => first === firstItem);
    const { count } = this.blocks[block];
    const last = backend.zeros('f32', [scores.shape[0], this.units]);
    this.represent(histories, batch, last);
    let turned = this.#scratch.get(count);
    if (!turned) {
      turned = backend.zeros('f32', [this.units, count]);
      this.#scratch.set(count, turned);
    }
    backend.transpose({ input: this.#output[block], out: turned });
    const bias = this.#parts('outputBias')[block];
    backend.matmulNN({ a: last, b: turned, bias, out: scores, activation: 'linear' });
    last.free();
  }

  sampledSequenceGradients(step: SampledSequenceInputs): void {
    const { backend } = this;
    const items = this.#itemSpace(step.items.size, step.capacity);
    this.blocks.forEach(({ first: firstItem }, b) => {
      const gather = { items: step.items, firstItem };
      backend.gatherRows({ ...gather, input: this.#output[b], out: items.rows });
      backend.gatherRows({ ...gather, input: this.#parts('outputBias')[b], out: items.bias });
    });
    const own = this.config.tied ? items : this.#gatherOwn(step.own);
    backend.transpose({ input: items.rows, out: items.turned });

    const count = step.own.size;
    const mine = { items: [{ first: 0, count }], weights: [own.rows], bias: this.noBias };
    const states = this.forward(step, mine);
    const stateGrad = this.stateGrad(step);
    const layer = { weights: items.turned, bias: items.bias };
    const grads = { weights: items.turnedGrad, bias: items.biasGrad };
    softmaxOutput(backend, step, layer, grads, { states, stateGrad }, items, step.corrections);
    backend.transpose({ input: items.turnedGrad, out: items.grad });

    const dense = this.parameters.dense.map(({ grad }) => grad);
    const xGrad = this.backward(
      step,
      unitsOf((name) => dense[UNIT_NAMES.indexOf(name)]),
    );
    this.embeddingGrad(step, xGrad, own.grad, this.config.tied);
    this.#touched = this.#touchedRows(step, items, own);
  }

  #touchedRows(step: SampledSequenceInputs, items: ItemSpace, own: Rows): TouchedRows[] {
    const of = (name: string, decays: boolean, items: Tensor, before: Tensor, grad: Tensor) => ({
      places: this.#placesOf(name),
      decays,
      items,
      before,
      grad,
    });
    const output = of('outputWeights', true, step.items, items.rows, items.grad);
    return [
      of('embedding', true, step.own, own.rows, own.grad),
      ...(this.config.tied ? [] : [output]),
      of('outputBias', false, step.items, items.bias, items.biasGrad),
    ];
  }

  /** The rows of the embeddings that a batch's histories go in by, where the output has others. */
  #gatherOwn(own: Tensor): Rows {
    const { backend } = this;
    let space = this.#own.get(own.size);
    if (!space) {
      const zeros = () => backend.zeros('f32', [own.size, this.config.embedding]);
      space = { rows: zeros(), grad: zeros() };
      this.#own.set(own.size, space);
    }
    const { rows: out } = space;
    this.embedding.weights.forEach((input, b) => {
      backend.gatherRows({ input, items: own, out, firstItem: this.blocks[b].first });
    });
    return space;
  }

  #itemSpace(items: number, positions: number): ItemSpace {
    let space = this.#items.get(items);
    if (!space || space.chunk < Math.min(positions, largestChunk(items))) {
      const { backend, units } = this;
      freeSpace(space);
      const zeros = (...shape: number[]) => backend.zeros('f32', shape);
      space = {
        rows: zeros(items, units),
        grad: zeros(items, units),
        bias: zeros(items),
        biasGrad: zeros(items),
        turned: zeros(units, items),
        turnedGrad: zeros(units, items),
        ...outputSpace(backend, units, items, positions),
      };
      this.#items.set(items, space);
    }
    return space;
  }

  protected outputRow(item: number): OutputRow {
    const block = this.blocks.findLastIndex(({ first }) => first <= item);
    return { rows: this.#output[block], row: item - this.blocks[block].first };
  }

  /** f32[count, hidden] a block: the output's weights, by items. */
  get #output(): readonly Tensor[] {
    return this.config.tied ? this.embedding.weights : this.#parts('outputWeights');
  }

  #placesOf(name: string): number[] {
    const { names } = this.#layout;
    return [...names.keys()].filter((i) => names[i] === name);
  }

  #parts(name: string): Tensor[] {
    return this.#placesOf(name).map((i) => this.#values.parts[i]);
  }

  override endTraining(): void {
    super.endTraining();
    this.#grads?.whole.free();
    this.#grads = undefined;
    this.#touched = [];
    for (const space of this.#items.values()) freeSpace(space);
    for (const { rows, grad } of this.#own.values()) freeAll([rows, grad]);
    this.#items.clear();
    this.#own.clear();
  }

  override dispose(): void {
    super.dispose();
    freeAll(this.#scratch.values());
    this.#scratch.clear();
    this.#values.whole.free();
  }
}
