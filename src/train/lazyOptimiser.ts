import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import { SQUARE_PARTS } from '../backend/ops.js';
import type { Stored } from '../backend/stored.js';
import { FoldinError } from '../errors.js';
import { byName } from '../model/blockedParameters.js';
import type { TrainConfig } from '../model/config.js';
import type { LazyParameters } from '../model/model.js';
import { BETA1, BETA2, learningRateAt, type ParameterOptimiser } from './optimiser.js';

/**
 * Adam or AdamW that steps only the rows a step has touched, besides the parameters that do not run over items: the
 * moments of all others stay as they are, and so do the rows, L2 and weight decay included. The bias corrections are
 * those of the step for every row. So do PyTorch's SparseAdam and LazyAdam of TensorFlow Addons. The penalty in
 * the loss is that of the touched rows: exactly what the gradient belongs to.
 */
export class LazyOptimiser implements ParameterOptimiser {
  readonly #moment1: TensorGroup;
  readonly #moment2: TensorGroup;
  readonly #dense: number;

  constructor(
    private readonly backend: Backend,
    private readonly parameters: LazyParameters,
    private readonly config: TrainConfig,
  ) {
    requireLazy(config);
    this.#dense = parameters.dense.filter(({ decays }) => decays).length;
    const shapes = parameters.values.parts.map(({ shape }) => shape);
    this.#moment1 = backend.group(shapes);
    this.#moment2 = backend.group(shapes);
  }

  get state(): Map<string, Stored> {
    const named = (moment: string, { parts }: TensorGroup) =>
      [...byName(this.parameters, parts)].map(([name, stored]) => [`${name}.${moment}`, stored] as const);
    return new Map([...named('moment1', this.#moment1), ...named('moment2', this.#moment2)]);
  }

  get penalties(): number {
    return this.config.l2 > 0 ? SQUARE_PARTS * (this.#dense + this.parameters.decayingRows) : 0;
  }

  penalty(sums: Tensor, first: number): void {
    const { l2: factor } = this.config;
    if (factor === 0) return;
    const { values, dense, touched } = this.parameters;
    const weights = [
      ...dense.filter(({ decays }) => decays).map(({ place }) => values.parts[place]),
      ...touched()
        .filter(({ decays }) => decays)
        .map(({ before }) => before),
    ];
    weights.forEach((input, i) => {
      this.backend.sumSquares({ input, sums, slot: first + SQUARE_PARTS * i, factor });
    });
  }

  apply(step: number, steps: number): void {
    const { backend, config } = this;
    const { values, dense, touched, blocks } = this.parameters;
    const rates = (decays: boolean) => ({
      step,
      learningRate: learningRateAt(config, step, steps),
      beta1: BETA1,
      beta2: BETA2,
      epsilon: config.epsilon,
      l2: decays ? config.l2 : 0,
      weightDecay: decays ? config.weightDecay : 0,
    });
    const at = (place: number) => ({
      param: values.parts[place],
      moment1: this.#moment1.parts[place],
      moment2: this.#moment2.parts[place],
    });
    for (const { place, grad, decays } of dense) backend.adam({ ...at(place), grad, ...rates(decays) });
    for (const { places, items, grad, decays } of touched()) {
      places.forEach((place, b) => {
        const { first: firstItem } = blocks[b];
        backend.adamRows({ ...at(place), grad, items, firstItem, ...rates(decays) });
      });
    }
  }

  dispose(): void {
    this.#moment1.whole.free();
    this.#moment2.whole.free();
  }
}

/** CONFIG for options that rows alone cannot follow. */
export function requireLazy({ optimizer, clip }: TrainConfig): void {
  const option = optimizer === 'sgd' ? 'optimizer sgd' : clip > 0 ? 'clip' : undefined;
  if (!option) return;
  throw new FoldinError('CONFIG', `the option ${option} does not go with a sampled softmax`, {
    remedy: 'Use the optimizer adam or adamw without clip, or train on the exact softmax (--softmax full).',
    details: { option },
  });
}
