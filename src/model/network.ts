import type { Backend, Tensor } from '../backend/backend.js';
import type { Dropout } from '../backend/ops.js';
import { mix, STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import type { DenseShape } from '../backend/tuning.js';
import type { NetworkConfig } from './config.js';
import type { DenseLayer } from './dense.js';
import { ExactOutput } from './exactOutput.js';
import { firstLayer, firstLayerGradients } from './firstLayer.js';
import { lossScale, wholeLoss } from './losses.js';
import type { HistoryModel, Parameters, StepInputs } from './model.js';
import { NetworkBase } from './networkBase.js';
import { layerSizes } from './networkWeights.js';
import type { ArraySource } from './parameters.js';

/**
 * A feed-forward network over histories: a sparse first layer, dense ones after it, a score for every item.
 * With no hidden layer it is the linear model r = x W + b. What runs over items lies in as many blocks of them as the
 * device needs; the loss is that over all of them.
 */
export class Network extends NetworkBase implements HistoryModel {
  readonly learnsFrom = 'histories';
  readonly #output: ExactOutput | undefined;
  /** The linear model's scores in training, by batch. */
  readonly #logits = new Map<number, Tensor>();
  #parameters: Parameters | undefined;

  constructor(
    name: string,
    backend: Backend,
    items: number,
    config: NetworkConfig,
    initial: ArraySource,
    batch = 1,
  ) {
    super(name, backend, items, config, initial, { batch, isTurned: false });
    if (!this.isAdditive) {
      const layer = { items: this.blocks, ...this.outputOf(this.values) };
      this.#output = new ExactOutput(backend, config, layer);
    }
    if (config.zeroDiagonal) backend.zeroDiagonal({ matrix: this.first.weights[0] });
  }

  protected outputLayer(block: number): DenseLayer {
    const { weights, bias } = this.outputOf(this.values);
    return { weights: weights[block], bias: bias[block] };
  }

  get parameters(): Parameters {
    if (!this.#parameters) {
      this.#output?.requireTrainable();
      // The gradients are made on the first use: a model that only scores needs none.
      this.#parameters = {
        ...this.layout,
        values: this.values,
        grads: this.backend.group(this.values.parts.map(({ shape }) => shape)),
        decayed: this.values.starts[this.placesOf('b1')[0]],
      };
    }
    return this.#parameters;
  }

  denseShapes(batch: number): DenseShape[] {
    const dense = layerSizes(this.blocks[0].count, this.config.hidden).slice(1);
    return dense.map(([inputs, outputs]) => ({ batch, inputs, outputs }));
  }

  gradients(step: StepInputs): void {
    const { backend, config, blocks } = this;
    const { capacity, starts, entries, firstStart } = step;
    const dropout = { rate: config.dropout, seed: mix(mix(step.seed) ^ STREAM.dropout), step: step.step };
    const { grads } = this.parameters;
    let outGrad: Tensor;
    if (this.#output) {
      const last = this.forward(step.inputs, step.batch, capacity, dropout);
      const lastGrad = this.#output.gradients(step, last, this.outputOf(grads));
      outGrad = this.hidden.backward(capacity, this.denseOf(grads), lastGrad);
    } else outGrad = this.#linearLoss(step, dropout);
    const first = this.firstOf(grads);
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
    firstLayer(backend, this.first, { input, batch, out: logits, activation: 'linear', dropout });
    const scale = lossScale(config, batch.count, items);
    wholeLoss(backend, config, { logits, targets, batch, loss: lossParts, scale });
    return logits;
  }

  /** Frees what only training needs. */
  endTraining(): void {
    this.#parameters?.grads.whole.free();
    this.#parameters = undefined;
    this.hidden.endTraining();
    this.#output?.endTraining();
    freeAll(this.#logits.values());
    this.#logits.clear();
  }

  override dispose(): void {
    this.endTraining();
    super.dispose();
  }
}
