import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import { mix, STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import type { DenseShape } from '../backend/tuning.js';
import type { NetworkConfig } from './config.js';
import {
  type DenseLayer,
  denseBackward,
  type InputGrad,
  makeInputGrad,
  tensorsOfInputGrad,
} from './dense.js';
import { lossScale } from './losses.js';
import type { LazyParameters, SampledInputs, SampleModel, TouchedRows } from './model.js';
import { NetworkBase } from './networkBase.js';
import { layerSizes } from './networkWeights.js';
import type { ArraySource } from './parameters.js';

/** The first layer's rows of the items that a batch has, and their gradient: f32[own, units]. */
interface OwnSpace {
  readonly rows: Tensor;
  readonly grad: Tensor;
}

/** The output layer of the items of a step: rows f32[items, units] as they are stored, and turned f32[units, items]. */
interface ItemSpace {
  readonly rows: Tensor;
  readonly turned: Tensor;
  readonly bias: Tensor;
  readonly logits: Tensor;
  readonly turnedGrad: Tensor;
  readonly grad: Tensor;
  readonly biasGrad: Tensor;
  readonly inputGrad: InputGrad;
}

/**
 * A network over histories for catalogues where a loss over all items would cost too much: the sum in the softmax is
 * estimated from the user's own items and some drawn for the whole batch, each weighted by the inverse of how often it
 * was to be expected (Bengio & Senécal 2008; "log-Q correction"):
 * log Z_b ≈ log(sum over targets exp(z_i) + sum over draws j that are no targets exp(z_j) / (draws q_j)).
 * A step is that of an ordinary network on a catalogue of these items alone, whose rows are gathered and whose
 * gradients step nothing else. So that rows are contiguous, the output layer is stored by items, not by units.
 */
export class SampledNetwork extends NetworkBase implements SampleModel {
  readonly learnsFrom = 'samples';
  readonly samples: number;
  readonly #scratch = new Map<number, Tensor>();
  readonly #own = new Map<number, OwnSpace>();
  readonly #items = new Map<string, ItemSpace>();
  #grads: TensorGroup | undefined;
  #touched: readonly TouchedRows[] = [];

  constructor(
    name: string,
    backend: Backend,
    items: number,
    config: NetworkConfig,
    initial: ArraySource,
    batch = 1,
  ) {
    super(name, backend, items, config, initial, { batch, isTurned: true });
    this.samples = config.softmaxSamples;
  }

  protected outputLayer(block: number): DenseLayer {
    const { backend } = this;
    const { weights, bias } = this.outputOf(this.values);
    const [count, units] = weights[block].shape;
    let turned = this.#scratch.get(count);
    if (!turned) {
      turned = backend.zeros('f32', [units, count]);
      this.#scratch.set(count, turned);
    }
    backend.transpose({ input: weights[block], out: turned });
    return { weights: turned, bias: bias[block] };
  }

  /** What every step changes, whatever its items: the layers between the first and the last, and the hidden biases. */
  get #denseNames(): string[] {
    const { hidden } = this.config;
    return [...hidden.slice(1).map((_, l) => `W${l + 2}`), ...hidden.map((_, l) => `b${l + 1}`)];
  }

  get parameters(): LazyParameters {
    const names = this.#denseNames;
    const places = names.map((name) => this.placesOf(name)[0]);
    this.#grads ??= this.backend.group(places.map((place) => this.values.parts[place].shape));
    const { parts } = this.#grads;
    return {
      ...this.layout,
      blocks: this.blocks,
      values: this.values,
      dense: places.map((place, i) => ({ place, grad: parts[i], decays: names[i].startsWith('W') })),
      decayingRows: 2,
      touched: () => this.#touched,
    };
  }

  denseShapes(batch: number): DenseShape[] {
    const dense = layerSizes(2 * this.samples, this.config.hidden).slice(1);
    return dense.map(([inputs, outputs]) => ({ batch, inputs, outputs }));
  }

  sampledGradients(step: SampledInputs): void {
    const { backend, config } = this;
    const { inputs, targets, batch, capacity, lossParts } = step;
    const dropout = { rate: config.dropout, seed: mix(mix(step.seed) ^ STREAM.dropout), step: step.step };
    const own = this.#ownSpace(step.own.size);
    const items = this.#itemSpace(capacity, step.items.size);
    this.#gather(step, own, items);

    const last = this.hidden.forward(capacity, (out, activation) => {
      const bias = this.first.bias;
      backend.bagForward({ input: inputs, batch, weights: own.rows, bias, out, activation, dropout });
    });
    const { turned: weights, bias, logits } = items;
    backend.matmulNN({ a: last.out, b: weights, bias, out: logits, activation: 'linear' });
    backend.correctLogits({ logits, positives: targets, batch, corrections: step.corrections });
    const scale = lossScale(config, batch.count, this.items);
    backend.softmaxNll({ logits, targets, batch, loss: lossParts, scale });

    const grads = { weights: items.turnedGrad, bias: items.biasGrad };
    const lastGrad = denseBackward(backend, { weights, bias }, grads, last, logits, items.inputGrad);
    backend.transpose({ input: items.turnedGrad, out: items.grad });
    const dense = this.parameters.dense.map(({ grad }) => grad);
    const layers = config.hidden.slice(1).map((_, l) => ({
      weights: dense[l],
      bias: dense[config.hidden.length + l],
    }));
    const outGrad = this.hidden.backward(capacity, layers, lastGrad);
    const { starts, entries, firstStart } = step;
    const sums = dense[config.hidden.length - 1];
    backend.bagBackward({ starts, entries, firstStart, outGrad, out: own.grad, sums, dropout });
    this.#touched = this.#touchedRows(step, own, items);
  }

  /** Brings the rows of the step together. */
  #gather(step: SampledInputs, own: OwnSpace, items: ItemSpace): void {
    const { backend } = this;
    const output = this.outputOf(this.values);
    this.blocks.forEach(({ first: firstItem }, b) => {
      backend.gatherRows({ input: this.first.weights[b], items: step.own, out: own.rows, firstItem });
      backend.gatherRows({ input: output.weights[b], items: step.items, out: items.rows, firstItem });
      backend.gatherRows({ input: output.bias[b], items: step.items, out: items.bias, firstItem });
    });
    backend.transpose({ input: items.rows, out: items.turned });
  }

  #touchedRows(step: SampledInputs, own: OwnSpace, items: ItemSpace): TouchedRows[] {
    const last = this.config.hidden.length + 1;
    const rows = (name: string, touched: Omit<TouchedRows, 'places' | 'decays'>): TouchedRows => ({
      ...touched,
      places: this.placesOf(name),
      decays: name.startsWith('W'),
    });
    return [
      rows('W1', { items: step.own, before: own.rows, grad: own.grad }),
      rows(`W${last}`, { items: step.items, before: items.rows, grad: items.grad }),
      rows(`b${last}`, { items: step.items, before: items.bias, grad: items.biasGrad }),
    ];
  }

  #ownSpace(own: number): OwnSpace {
    let space = this.#own.get(own);
    if (!space) {
      const zeros = () => this.backend.zeros('f32', [own, this.config.hidden[0]]);
      space = { rows: zeros(), grad: zeros() };
      this.#own.set(own, space);
    }
    return space;
  }

  #itemSpace(batch: number, items: number): ItemSpace {
    const key = `${batch} ${items}`;
    let space = this.#items.get(key);
    if (!space) {
      const { backend } = this;
      const units = this.units!;
      const zeros = (...shape: number[]) => backend.zeros('f32', shape);
      space = {
        rows: zeros(items, units),
        turned: zeros(units, items),
        bias: zeros(items),
        logits: zeros(batch, items),
        turnedGrad: zeros(units, items),
        grad: zeros(items, units),
        biasGrad: zeros(items),
        inputGrad: makeInputGrad(backend, batch, units, items),
      };
      this.#items.set(key, space);
    }
    return space;
  }

  /** Frees what only training needs. */
  endTraining(): void {
    this.#grads?.whole.free();
    this.#grads = undefined;
    this.#touched = [];
    this.hidden.endTraining();
    for (const { rows, grad } of this.#own.values()) freeAll([rows, grad]);
    for (const { inputGrad, ...tensors } of this.#items.values()) {
      freeAll([...Object.values(tensors), ...tensorsOfInputGrad(inputGrad)]);
    }
    this.#own.clear();
    this.#items.clear();
  }

  override dispose(): void {
    this.endTraining();
    freeAll(this.#scratch.values());
    this.#scratch.clear();
    super.dispose();
  }
}
