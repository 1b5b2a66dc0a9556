import type { Backend } from '../src/backend/backend.js';
import { type Csr, selectRows } from '../src/data/csr.js';
import type { EpochEvent } from '../src/events.js';
import type { GpuBackend } from '../src/gpu/backend.js';
import { type NetworkConfig, outputFor, TRAIN_DEFAULTS } from '../src/model/config.js';
import { createModel, trainable } from '../src/model/registry.js';
import type { PlannerKind } from '../src/train/planner.js';
import { Trainer } from '../src/train/trainer.js';
import { clock, interleaved, type Timing } from './harness.js';
import { type Cost, costSince, meter } from './meter.js';

/** Relative; the bound for f32 on every step. */
const LOSS_BOUND = 2e-5;
/**
 * Epochs whose losses are compared before anything is timed. A learning rate that is off by a hundredth shows in
 * the second epoch as 2e-5, in the fourth as 1.5e-4; two sides that do the same differ by less than 1e-7.
 */
const COMPARED = 4;

export interface TrainingFigure {
  readonly batch: number;
  /** Steps of the epoch that both sides are timed on. */
  readonly steps: number;
  /** Epochs whose losses were compared, and the largest relative difference among them. */
  readonly lossesCompared: number;
  readonly lossDifference: number;
  readonly gpuStepMs: Timing;
  readonly cpuStepMs: Timing;
  /** cpu / gpu, of medians of the same interleaved run. */
  readonly ratio: number;
  readonly perStep: {
    readonly dispatches: number;
    readonly submits: number;
    readonly uploadedBytes: number;
    readonly buffersMade: number;
    readonly bindGroupsMade: number;
    readonly hostMicroseconds: number;
    /** Of the GPU's step. */
    readonly hostShare: number;
    /** With batches planned by a worker; the rest is with batches planned on the thread that trains. */
    readonly hostMicrosecondsWithWorker: number;
  };
}

/** The two sides learned different things: a time of wrong work is no figure. */
export class LossesDiffer extends Error {}

/** Trains a model epoch by epoch on one backend, so that the time of each can be taken. */
class Run {
  readonly #trainer: Trainer;
  readonly #events: ReturnType<Trainer['run']>;
  readonly #dispose: () => void;

  constructor(
    backend: Backend,
    log: Csr,
    batch: number,
    loss: NetworkConfig['loss'],
    private readonly timed: <T>(work: () => T) => T = (work) => work(),
    planner: PlannerKind = 'inline',
  ) {
    const model = createModel('mlp', backend, {
      train: log,
      config: { loss, output: outputFor(loss) },
      seed: 1,
    });
    const config = { ...TRAIN_DEFAULTS, batch, epochs: 10_000, patience: 0, l2: 0 };
    this.#trainer = new Trainer(backend, trainable(model)!, log, { config, planner });
    this.#events = this.#trainer.run();
    this.#dispose = () => model.dispose();
  }

  async epoch(): Promise<EpochEvent> {
    for (;;) {
      const { value, done } = await this.timed(() => this.#events.next());
      if (done) throw new Error('the training ended before the benchmark did');
      if (value.event === 'epoch') return value;
    }
  }

  dispose(): void {
    this.#trainer.dispose();
    this.#dispose();
  }
}

/**
 * The same model code, data, seed and batches on both backends: first losses must agree, then epochs of a few
 * steps are timed in turn. Throws LossesDiffer before the timing where they do not.
 */
export async function benchTraining(
  gpu: GpuBackend,
  cpu: Backend,
  log: Csr,
  options: {
    readonly batch: number;
    readonly loss: NetworkConfig['loss'];
    readonly steps: number;
    readonly rounds: number;
  },
): Promise<TrainingFigure> {
  const { loss, rounds } = options;
  const batch = Math.min(options.batch, log.rows);
  const users = Math.min(log.rows, batch * options.steps);
  const steps = Math.ceil(users / batch);
  const part = selectRows(
    log,
    Uint32Array.from({ length: users }, (_, user) => user),
  );
  const { backend: metered, timed, cost } = meter(gpu);
  const onGpu = new Run(metered, part, batch, loss, timed);
  const onCpu = new Run(cpu, part, batch, loss);
  let withWorker: Run | undefined;
  try {
    let lossDifference = 0;
    const losses: number[] = [];
    for (let epoch = 0; epoch < COMPARED; epoch++) {
      const [found, expected] = [(await onGpu.epoch()).loss, (await onCpu.epoch()).loss];
      losses.push(found);
      lossDifference = Math.max(lossDifference, Math.abs(found / expected - 1));
    }
    if (!(lossDifference <= LOSS_BOUND)) {
      throw new LossesDiffer(
        `the losses of GPU and CPU differ by ${lossDifference.toExponential(1)}, more than ${LOSS_BOUND}: nothing is timed`,
      );
    }
    const costs: Cost[] = [];
    const times = await interleaved(rounds, {
      gpu: async () => {
        const before = cost();
        const ms = await clock(() => onGpu.epoch());
        costs.push(costSince(cost(), before));
        return ms / steps;
      },
      cpu: async () => (await clock(() => onCpu.epoch())) / steps,
    });
    // One after the other: both at a time would take twice the memory.
    onGpu.dispose();
    withWorker = new Run(metered, part, batch, loss, timed, 'worker');
    for (const expected of losses) {
      const { loss: found } = await withWorker.epoch();
      if (found !== expected) throw new LossesDiffer(`with a worker a loss is ${found}, without ${expected}`);
    }
    const workerCosts: Cost[] = [];
    for (let round = 0; round <= rounds; round++) {
      const before = cost();
      await withWorker.epoch();
      workerCosts.push(costSince(cost(), before));
    }
    // The first round is not timed, so its cost does not count, either.
    const mean = (all: readonly Cost[], of: keyof Cost) =>
      all.slice(1).reduce((sum, c) => sum + c[of], 0) / (rounds * steps);
    const each = (of: keyof Cost) => mean(costs, of);
    return {
      batch,
      steps,
      lossesCompared: COMPARED,
      lossDifference,
      gpuStepMs: times.gpu,
      cpuStepMs: times.cpu,
      ratio: times.cpu.median / times.gpu.median,
      perStep: {
        dispatches: each('dispatches'),
        submits: each('submits'),
        uploadedBytes: each('uploadedBytes'),
        buffersMade: each('buffersMade'),
        bindGroupsMade: each('bindGroupsMade'),
        hostMicroseconds: 1000 * each('hostMs'),
        hostShare: each('hostMs') / times.gpu.median,
        hostMicrosecondsWithWorker: 1000 * mean(workerCosts, 'hostMs'),
      },
    };
  } finally {
    onGpu.dispose();
    withWorker?.dispose();
    onCpu.dispose();
  }
}
