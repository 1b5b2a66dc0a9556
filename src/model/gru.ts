import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import type { ConsecutiveRows, DeviceRows } from '../backend/sparse.js';
import type { DenseShape } from '../backend/tuning.js';
import { FoldinError } from '../errors.js';
import type { DenseLayer } from './dense.js';
import type { FirstLayer } from './firstLayer.js';
import type { OutputRow } from './gruBack.js';
import { GruBase } from './gruBase.js';
import type { GruConfig } from './gruConfig.js';
import { largestChunk, type OutputSpace, outputSpace, softmaxOutput } from './gruOutput.js';
import { type GruUnits, gruShapes, unitsOf } from './gruParameters.js';
import { freeSpace } from './gruSpace.js';
import type { Parameters, SequenceInputs, SequenceModel } from './model.js';
import { type NamedArrays, parameterGroup } from './parameters.js';

/**
 * A recurrent network over the history (Hidasi et al. 2016): each item's embedding goes into gated recurrent units, and
 * their state after it says, by a softmax over all items, which item comes next. The state after the last item scores
 * them all.
 */
export class Gru extends GruBase implements SequenceModel {
  readonly learnsFrom = 'sequences';
  /**
   * `embedding` f32[items, embedding], `inputWeights` f32[embedding, 3 hidden], `stateWeights` f32[hidden, 3 hidden] (gates
   * r, z, n), unless tied `outputWeights` f32[hidden, items], then `inputBias`, `stateBias` and `outputBias`.
   */
  readonly tensors: ReadonlyMap<string, Tensor>;
  protected readonly embedding: FirstLayer;
  readonly #values: TensorGroup;
  /** f32[hidden, items]: the embeddings turned round, where the output is tied. */
  readonly #turned: Tensor | undefined;
  /** f32[hidden, items]: the gradient of these. */
  #turnedGrad: Tensor | undefined;
  #space: OutputSpace | undefined;
  #parameters: Parameters | undefined;

  constructor(backend: Backend, items: number, config: GruConfig, initial: NamedArrays) {
    super(backend, items, config);
    const { values, tensors } = this.orDisposed(() =>
      parameterGroup(backend, gruShapes(items, config), initial),
    );
    this.#values = values;
    this.tensors = tensors;
    const weights = [tensors.get('embedding')!];
    this.embedding = { items: [{ first: 0, count: items }], weights, bias: this.noBias };
    if (config.tied) this.#turned = backend.zeros('f32', [config.hidden, items]);
  }

  /** LIMIT_EXCEEDED where the scores of few positions do not fit one tensor. */
  get parameters(): Parameters {
    const chunk = largestChunk(this.items);
    if (this.backend.mostRows(this.items) < chunk) throw tooManyItems(this.items, chunk);
    // The gradients are made on the first use: a model that only scores needs none.
    this.#parameters ??= {
      names: [...this.tensors.keys()],
      values: this.#values,
      grads: this.backend.group(this.#values.parts.map(({ shape }) => shape)),
      decayed: this.#values.starts[[...this.tensors.keys()].indexOf('inputBias')],
    };
    return this.#parameters;
  }

  denseShapes(batch: number): DenseShape[] {
    const rows = Math.min(largestChunk(this.items), batch * this.window);
    return [{ batch: rows, inputs: this.units, outputs: this.items }];
  }

  score(histories: DeviceRows, batch: ConsecutiveRows, scores: Tensor): void {
    const { backend } = this;
    const last = backend.zeros('f32', [scores.shape[0], this.units]);
    this.represent(histories, batch, last);
    const { weights: b, bias } = this.#outputLayer();
    backend.matmulNN({ a: last, b, bias, out: scores, activation: 'linear' });
    last.free();
  }

  sequenceGradients(step: SequenceInputs): void {
    const { backend, items, units } = this;
    const states = this.forward(step, this.embedding);
    const stateGrad = this.stateGrad(step);
    if (this.#turned) this.#turnedGrad ??= backend.zeros('f32', [units, items]);
    if (!this.#space || this.#space.chunk < Math.min(step.capacity, largestChunk(items))) {
      freeSpace(this.#space);
      this.#space = outputSpace(backend, units, items, step.capacity);
    }
    const grads = {
      weights: this.#turnedGrad ?? this.#grad('outputWeights'),
      bias: this.#grad('outputBias'),
    };
    softmaxOutput(backend, step, this.#outputLayer(), grads, { states, stateGrad }, this.#space);
    const xGrad = this.backward(
      step,
      unitsOf((name) => this.#grad(name)),
    );
    const out = this.#grad('embedding');
    if (this.#turnedGrad) backend.transpose({ input: this.#turnedGrad, out });
    this.embeddingGrad(step, xGrad, out, this.#turnedGrad !== undefined);
  }

  protected get cells(): GruUnits {
    return unitsOf((name) => this.#tensor(name));
  }

  protected outputRow(row: number): OutputRow {
    if (this.#turned) return { rows: this.#tensor('embedding'), row };
    const rows = this.backend.zeros('f32', [this.items, this.units]);
    this.backend.transpose({ input: this.#tensor('outputWeights'), out: rows });
    return { rows, row };
  }

  /** The output layer; embeddings may have changed, and are turned anew. */
  #outputLayer(): DenseLayer {
    if (this.#turned) this.backend.transpose({ input: this.#tensor('embedding'), out: this.#turned });
    return { weights: this.#turned ?? this.#tensor('outputWeights'), bias: this.#tensor('outputBias') };
  }

  #tensor(name: string): Tensor {
    return this.tensors.get(name)!;
  }

  #grad(name: string): Tensor {
    const { names, grads } = this.parameters;
    return grads.parts[names.indexOf(name)];
  }

  override endTraining(): void {
    super.endTraining();
    this.#parameters?.grads.whole.free();
    this.#parameters = undefined;
    freeSpace(this.#space);
    this.#space = undefined;
    this.#turnedGrad?.free();
    this.#turnedGrad = undefined;
  }

  override dispose(): void {
    super.dispose();
    this.#turned?.free();
    this.#values.whole.free();
  }
}

const tooManyItems = (items: number, positions: number): FoldinError =>
  new FoldinError(
    'LIMIT_EXCEEDED',
    `the exact softmax of gru scores ${items} items at ${positions} positions at once, more than one tensor of this device holds`,
    {
      remedy: 'Estimate it from some of the items (--softmax sampled), or keep fewer items (--min-item).',
      details: { items, positions },
    },
  );
