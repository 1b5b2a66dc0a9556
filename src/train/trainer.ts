import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import { asFloat32, readStored, type Stored, writeStored } from '../backend/stored.js';
import type { Csr } from '../data/csr.js';
import { FoldinError, throwIfAborted } from '../errors.js';
import type { EpochEvent, TrainEvent } from '../events.js';
import { byName } from '../model/blockedParameters.js';
import { checkTrainConfig, type TrainConfig } from '../model/config.js';
import type { SampledSequenceModel, SampleModel, TrainableModel } from '../model/model.js';
import { type Checkpoint, checkpointTensors } from './checkpoint.js';
import { type CurvePoint, curvePoint } from './curve.js';
import { type Feed, feedFor } from './feed.js';
import { LazyOptimiser, requireLazy } from './lazyOptimiser.js';
import { LossRing } from './lossRing.js';
import { Optimiser, type ParameterOptimiser } from './optimiser.js';
import type { PlannerKind } from './planner.js';

/** Measures the model as it stands: metrics by name. Early stopping goes by "ndcg@100". */
export type Validate = (signal?: AbortSignal) => Promise<Record<string, number>>;

export interface TrainerOptions {
  readonly config: TrainConfig;
  /** Called after every `validateEvery` epochs; without it all epochs are trained and the last weights kept. */
  readonly validate?: Validate;
  /** Where batches are planned; `inline` by default. WORKER_FAILED from `run` when a worker cannot be had. */
  readonly planner?: PlannerKind;
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  readonly epochs: number;
  /** The epoch whose weights the model now has. */
  readonly bestEpoch: number;
  /** The validation of that epoch. */
  readonly validation: Record<string, number> | undefined;
  readonly stopped: 'epochs' | 'patience';
  /** All epochs, those before a resume included. */
  readonly curve: readonly CurvePoint[];
  readonly ms: number;
}

export const STOP_METRIC = 'ndcg@100';

/** Trains a model; within an epoch nothing is read back but the losses. What it learns from is its feed's business. */
export class Trainer {
  readonly #feed: Feed;
  readonly #lossParts: Tensor;
  readonly #ring: LossRing;
  readonly #optimiser: ParameterOptimiser;
  /** The best weights so far; absent where the last are kept. */
  readonly #best: TensorGroup | undefined;
  #epoch = 0;
  #step = 0;
  #bestEpoch = 0;
  #bestScore = -1;
  #bestValidation: Record<string, number> | undefined;
  #lastValidation: Record<string, number> | undefined;
  #stale = 0;
  #curve: CurvePoint[] = [];

  /** `histories`: users x items; users that have nothing to learn from are left out. SPLIT_EMPTY when none is left. */
  constructor(
    private readonly backend: Backend,
    private readonly model: TrainableModel,
    histories: Csr,
    private readonly options: TrainerOptions,
  ) {
    const { config } = options;
    checkTrainConfig(config);
    if (learnsLazily(model)) requireLazy(config);
    // First of all: a model too large for the device is refused here.
    const { parameters } = model;
    this.#feed = feedFor(backend, model, histories, {
      batch: config.batch,
      seed: config.seed,
      planner: options.planner ?? 'inline',
    });
    this.#optimiser = optimiserFor(backend, model, config);
    this.#lossParts = backend.zeros('f32', [this.#feed.mostParts + this.#optimiser.penalties]);
    this.#ring = new LossRing(backend, (step) => this.#place(step));
    if (options.validate && config.patience > 0) {
      this.#best = backend.group(parameters.values.parts.map(({ shape }) => shape));
    }
  }

  /**
   * Trains until the epochs or the patience run out, then gives the model its best weights. ABORTED within a
   * step of the signal; DIVERGED, with the step, when a loss is not finite.
   */
  async *run(): AsyncGenerator<TrainEvent, TrainResult> {
    const { config, validate, signal } = this.options;
    const started = performance.now();
    let stopped: TrainResult['stopped'] = 'epochs';
    while (this.#epoch < config.epochs) {
      const epochStarted = performance.now();
      const loss = yield* this.#trainEpoch();
      const ms = performance.now() - epochStarted;
      const due = this.#epoch % config.validateEvery === 0 || this.#epoch === config.epochs;
      const validation = validate && due ? await this.#validated(validate, signal) : undefined;
      this.#lastValidation = validation;
      const best = validation !== undefined && this.#judge(validation);
      const event: EpochEvent = {
        event: 'epoch',
        epoch: this.#epoch,
        epochs: config.epochs,
        loss,
        validation,
        best,
        ms,
        examplesPerSec: (1000 * this.#feed.users) / ms,
      };
      this.#curve.push(curvePoint(event));
      yield event;
      if (validation && this.#isOutOfPatience()) {
        stopped = 'patience';
        break;
      }
    }
    const kept = this.#bestEpoch > 0 ? this.#best : undefined;
    if (kept) this.backend.copy(kept.whole, this.model.parameters.values.whole);
    return {
      epochs: this.#epoch,
      bestEpoch: kept ? this.#bestEpoch : this.#epoch,
      validation: kept ? this.#bestValidation : this.#lastValidation,
      stopped,
      curve: this.#curve,
      ms: performance.now() - started,
    };
  }

  /** What the epoch came to. Weights may have become too large to rank by though every loss was a number: DIVERGED, too. */
  async #validated(validate: NonNullable<TrainerOptions['validate']>, signal?: AbortSignal) {
    try {
      return await validate(signal);
    } catch (cause) {
      if (!(cause instanceof FoldinError) || cause.code !== 'DIVERGED') throw cause;
      const { message, remedy } = cause;
      throw new FoldinError('DIVERGED', `${message}, ${this.#place(this.#step - 1)}`, { remedy, cause });
    }
  }

  async *#trainEpoch(): AsyncGenerator<TrainEvent, number> {
    const { backend, options } = this;
    const { config, signal } = options;
    const { steps } = this.#feed;
    this.#ring.startAt(this.#step);
    let done = 0;
    for await (const gradients of this.#feed.epoch(this.#epoch)) {
      throwIfAborted(signal, 'Start it again, or resume from the last checkpoint with --resume.');
      this.#step++;
      const parts = gradients({ lossParts: this.#lossParts, step: this.#step, steps: this.#allSteps });
      this.#optimiser.penalty(this.#lossParts, parts);
      const count = parts + this.#optimiser.penalties;
      backend.recordLoss({ parts: this.#lossParts, ring: this.#ring.tensor, count, slot: this.#ring.slot });
      this.#optimiser.apply(this.#step, this.#allSteps);
      await this.#ring.recorded();
      await backend.throttle();
      yield { event: 'step', epoch: this.#epoch + 1, epochs: config.epochs, step: ++done, steps };
    }
    const loss = (await this.#ring.drain()) / steps;
    this.#epoch++;
    return loss;
  }

  #isOutOfPatience(): boolean {
    const { patience, patienceSteps } = this.options.config;
    const stepsSince = (this.#epoch - this.#bestEpoch) * this.#feed.steps;
    return patience > 0 && this.#stale >= patience && stepsSince >= patienceSteps;
  }

  /** Unless it stops early. */
  get #allSteps(): number {
    return this.options.config.epochs * this.#feed.steps;
  }

  /** Keeps the weights when they are the best so far. */
  #judge(validation: Record<string, number>): boolean {
    const score = validation[STOP_METRIC];
    if (!(score > this.#bestScore)) {
      this.#stale++;
      return false;
    }
    this.#bestScore = score;
    this.#bestEpoch = this.#epoch;
    this.#bestValidation = validation;
    this.#stale = 0;
    if (this.#best) this.backend.copy(this.model.parameters.values.whole, this.#best.whole);
    return true;
  }

  #place(step: number): string {
    const { steps } = this.#feed;
    const { learningRate } = this.options.config;
    return `at step ${(step % steps) + 1} of epoch ${Math.floor(step / steps) + 1}, learning rate ${learningRate}`;
  }

  /** The state after the last whole epoch. To be taken between two events of `run`, after an `epoch` event. */
  async checkpoint(): Promise<Checkpoint> {
    const tensors = new Map<string, { shape: readonly number[]; values: Float32Array }>();
    for (const [name, tensor] of this.#tensors()) {
      tensors.set(name, { shape: tensor.shape, values: asFloat32(await readStored(this.backend, tensor)) });
    }
    const { device, tuning } = this.backend;
    return {
      ...(tuning && { madeOn: { adapter: device.adapter, tuning } }),
      epoch: this.#epoch,
      step: this.#step,
      bestEpoch: this.#bestEpoch,
      bestScore: this.#bestScore,
      bestValidation: this.#bestValidation,
      stale: this.#stale,
      curve: [...this.#curve],
      tensors,
    };
  }

  /** Goes on from a checkpoint of the same model, data and options. CONFIG when its tensors are others. */
  restore(checkpoint: Checkpoint): void {
    for (const [name, tensor] of this.#tensors()) {
      const saved = checkpoint.tensors.get(name);
      if (!saved || saved.shape.join() !== tensor.shape.join()) {
        throw new FoldinError('CONFIG', `the checkpoint holds no ${name} of shape [${tensor.shape}]`, {
          remedy: 'Resume with the data, model and options that the checkpoint was made with.',
        });
      }
      writeStored(this.backend, tensor, saved.values);
    }
    this.#epoch = checkpoint.epoch;
    this.#step = checkpoint.step;
    this.#bestEpoch = checkpoint.bestEpoch;
    this.#bestScore = checkpoint.bestScore;
    this.#bestValidation = checkpoint.bestValidation;
    this.#stale = checkpoint.stale;
    this.#curve = [...checkpoint.curve];
  }

  #tensors(): Map<string, Stored> {
    const best = this.#best ? byName(this.model.parameters, this.#best.parts) : new Map<string, Stored>();
    const weights = byName(this.model.parameters, this.model.parameters.values.parts);
    return checkpointTensors(weights, this.#optimiser.state, best);
  }

  /** Frees all but the model. */
  dispose(): void {
    this.#feed.dispose();
    this.#lossParts.free();
    this.#best?.whole.free();
    this.#ring.dispose();
    this.#optimiser.dispose();
  }
}

const learnsLazily = (model: TrainableModel): model is SampleModel | SampledSequenceModel =>
  'samples' in model;

const optimiserFor = (backend: Backend, model: TrainableModel, config: TrainConfig): ParameterOptimiser =>
  learnsLazily(model)
    ? new LazyOptimiser(backend, model.parameters, config)
    : new Optimiser(backend, model.parameters, config);
