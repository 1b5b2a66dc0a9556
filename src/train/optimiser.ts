import type { Backend, Tensor } from '../backend/backend.js';
import { SQUARE_PARTS } from '../backend/ops.js';
import { freeAll } from '../backend/sparse.js';
import type { TrainConfig } from '../model/config.js';
import type { Parameter } from '../model/model.js';

const BETA1 = 0.9;
const BETA2 = 0.999;

/** Steps a model's parameters along their gradients; owns the moments. */
export class Optimiser {
  /** The state to resume from, by name: adam's moments or sgd's velocity of each parameter. */
  readonly state = new Map<string, Tensor>();

  constructor(
    private readonly backend: Backend,
    private readonly parameters: readonly Parameter[],
    private readonly config: TrainConfig,
  ) {
    const kinds = config.optimizer === 'sgd' ? ['velocity'] : ['moment1', 'moment2'];
    for (const { name, value } of parameters) {
      for (const kind of kinds) this.state.set(`${name}.${kind}`, backend.zeros('f32', value.shape));
    }
  }

  /** How many numbers `penalties` writes. */
  static penaltyCount(parameters: readonly Parameter[], config: TrainConfig): number {
    return config.l2 > 0 ? SQUARE_PARTS * parameters.filter(({ decays }) => decays).length : 0;
  }

  /** Writes the parts of l2 * (sum of squared weights) into `sums` from `slot` on: the loss before the step. */
  penalties(sums: Tensor, slot: number): void {
    if (this.config.l2 === 0) return;
    let next = slot;
    for (const { value, decays } of this.parameters) {
      if (!decays) continue;
      this.backend.sumSquares({ input: value, sums, slot: next, factor: this.config.l2 });
      next += SQUARE_PARTS;
    }
  }

  /** One step; `step` counts from 1. */
  apply(step: number): void {
    const { backend, config, state } = this;
    const { learningRate, momentum, epsilon } = config;
    for (const { name, value, grad, decays } of this.parameters) {
      const l2 = decays ? config.l2 : 0;
      if (config.optimizer === 'sgd') {
        const velocity = state.get(`${name}.velocity`)!;
        backend.sgd({ param: value, grad, velocity, learningRate, momentum, l2 });
      } else {
        backend.adam({
          param: value,
          grad,
          moment1: state.get(`${name}.moment1`)!,
          moment2: state.get(`${name}.moment2`)!,
          step,
          learningRate,
          beta1: BETA1,
          beta2: BETA2,
          epsilon,
          l2,
          weightDecay: decays ? config.weightDecay : 0,
        });
      }
    }
  }

  dispose(): void {
    freeAll(this.state.values());
  }
}
