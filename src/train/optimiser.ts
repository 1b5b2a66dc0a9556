import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import { SQUARE_PARTS } from '../backend/ops.js';
import type { Stored } from '../backend/stored.js';
import { byName } from '../model/blockedParameters.js';
import type { TrainConfig } from '../model/config.js';
import type { Parameters } from '../model/model.js';

const BETA1 = 0.9;
const BETA2 = 0.999;

/** Steps all of a model's parameters along their gradients at once; owns the moments. */
export class Optimiser {
  /** Adam's moments or sgd's velocity, by name, laid out as the parameters. */
  readonly #moments = new Map<string, TensorGroup>();

  /** Parts of the gradient's squared length, where it is clipped. */
  #squares: Tensor | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly parameters: Parameters,
    private readonly config: TrainConfig,
  ) {
    const shapes = parameters.values.parts.map(({ shape }) => shape);
    for (const name of config.optimizer === 'sgd' ? ['velocity'] : ['moment1', 'moment2']) {
      this.#moments.set(name, backend.group(shapes));
    }
  }

  /** The state to resume from: "PARAMETER.MOMENT" by name. */
  get state(): Map<string, Stored> {
    return new Map(
      [...this.#moments].flatMap(([moment, { parts }]) =>
        [...byName(this.parameters, parts)].map(([name, stored]) => [`${name}.${moment}`, stored] as const),
      ),
    );
  }

  /** How many numbers `penalty` writes. */
  static penaltyCount(config: TrainConfig): number {
    return config.l2 > 0 ? SQUARE_PARTS : 0;
  }

  /** Writes the parts of l2 * (sum of squared weights) into `sums` from `slot` on: the loss before the step. */
  penalty(sums: Tensor, slot: number): void {
    const { l2 } = this.config;
    const { values, decayed } = this.parameters;
    if (l2 > 0) this.backend.sumSquares({ input: values.whole, sums, slot, factor: l2, count: decayed });
  }

  /** One step of `steps`; `step` counts from 1. */
  apply(step: number, steps: number): void {
    const { backend, config } = this;
    this.#clip();
    const { momentum, epsilon, l2, weightDecay } = config;
    const learningRate = learningRateAt(config, step, steps);
    const { values, grads, decayed } = this.parameters;
    const tensors = { param: values.whole, grad: grads.whole };
    const moment = (name: string) => this.#moments.get(name)!.whole;
    if (config.optimizer === 'sgd') {
      backend.sgd({ ...tensors, velocity: moment('velocity'), learningRate, momentum, l2, decayed });
      return;
    }
    backend.adam({
      ...tensors,
      moment1: moment('moment1'),
      moment2: moment('moment2'),
      step,
      learningRate,
      beta1: BETA1,
      beta2: BETA2,
      epsilon,
      l2,
      weightDecay,
      decayed,
    });
  }

  #clip(): void {
    const { clip } = this.config;
    if (clip === 0) return;
    this.#squares ??= this.backend.zeros('f32', [SQUARE_PARTS]);
    const grad = this.parameters.grads.whole;
    this.backend.sumSquares({ input: grad, sums: this.#squares, slot: 0, factor: 1 });
    this.backend.clipNorm({ grad, squares: this.#squares, most: clip });
  }

  dispose(): void {
    this.#squares?.free();
    for (const { whole } of this.#moments.values()) whole.free();
  }
}

/** Constant, then over the last `lrDecay` of all steps linearly down, to 0 after the last. */
export function learningRateAt({ learningRate, lrDecay }: TrainConfig, step: number, steps: number): number {
  const falling = lrDecay * steps;
  const left = steps - step + 1;
  return left < falling ? (learningRate * left) / falling : learningRate;
}
