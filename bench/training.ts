import type { Backend } from '../src/backend/backend.js';
import { type Csr, selectRows } from '../src/data/csr.js';
import type { EpochEvent } from '../src/events.js';
import type { GpuBackend } from '../src/gpu/backend.js';
import { type NetworkConfig, outputFor, TRAIN_DEFAULTS } from '../src/model/config.js';
import { createModel, trainable } from '../src/model/registry.js';
import { Trainer } from '../src/train/trainer.js';
import { clock, interleaved, type Timing } from './harness.js';

/** Relative; EVALUATION's bound for f32 on every step. */
const LOSS_BOUND = 2e-5;

export interface TrainingFigure {
  readonly batch: number;
  /** Steps of the epoch that both sides are timed on. */
  readonly steps: number;
  /** Largest relative difference of the losses of the epochs before the timing. */
  readonly lossDifference: number;
  readonly gpuStepMs: Timing;
  readonly cpuStepMs: Timing;
  /** cpu / gpu, of medians of the same interleaved run. */
  readonly ratio: number;
  readonly perStep: {
    readonly dispatches: number;
    readonly submits: number;
    readonly uploadedBytes: number;
    readonly hostMicroseconds: number;
  };
}

/** The backend with the time spent in its calls added up: what a step costs the host, waiting not included. */
function metered(backend: GpuBackend): { backend: GpuBackend; hostMs: () => number } {
  let total = 0;
  const timed = new Proxy(backend, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const started = performance.now();
        // An async call returns at its first wait, so only its own work counts.
        const result: unknown = member.apply(target, args);
        total += performance.now() - started;
        return result;
      };
    },
  });
  return { backend: timed, hostMs: () => total };
}

/** Trains a model epoch by epoch on one backend, so that the time of each can be taken. */
class Run {
  readonly #trainer: Trainer;
  readonly #events: ReturnType<Trainer['run']>;
  readonly #dispose: () => void;

  constructor(backend: Backend, log: Csr, batch: number, loss: NetworkConfig['loss']) {
    const model = createModel('mlp', backend, {
      train: log,
      config: { loss, output: outputFor(loss) },
      seed: 1,
    });
    const config = { ...TRAIN_DEFAULTS, batch, epochs: 10_000, patience: 0, l2: 0 };
    this.#trainer = new Trainer(backend, trainable(model)!, log, { config });
    this.#events = this.#trainer.run();
    this.#dispose = () => model.dispose();
  }

  async epoch(): Promise<EpochEvent> {
    for (;;) {
      const { value, done } = await this.#events.next();
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
 * steps are timed in turn. Throws where the losses differ: a time of wrong work is no figure.
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
  const batch = Math.min(options.batch, log.rows);
  const users = Math.min(log.rows, batch * options.steps);
  const steps = Math.ceil(users / batch);
  const part = selectRows(
    log,
    Uint32Array.from({ length: users }, (_, user) => user),
  );
  const meter = metered(gpu);
  const [onGpu, onCpu] = [meter.backend, cpu].map((backend) => new Run(backend, part, batch, options.loss));
  try {
    let lossDifference = 0;
    for (let epoch = 0; epoch < 2; epoch++) {
      const [found, expected] = [(await onGpu.epoch()).loss, (await onCpu.epoch()).loss];
      lossDifference = Math.max(lossDifference, Math.abs(found / expected - 1));
    }
    if (!(lossDifference <= LOSS_BOUND)) {
      throw new Error(
        `losses differ by ${lossDifference.toExponential(1)}, more than ${LOSS_BOUND}: nothing is timed`,
      );
    }
    const before = { ...gpu.counts };
    let epochs = 0;
    const hostBefore = meter.hostMs();
    const times = await interleaved(options.rounds, {
      gpu: async () => {
        const ms = await clock(() => onGpu.epoch());
        epochs++;
        return ms / steps;
      },
      cpu: async () => (await clock(() => onCpu.epoch())) / steps,
    });
    const each = (total: number) => total / (epochs * steps);
    return {
      batch,
      steps,
      lossDifference,
      gpuStepMs: times.gpu,
      cpuStepMs: times.cpu,
      ratio: times.cpu.median / times.gpu.median,
      perStep: {
        dispatches: each(gpu.counts.dispatches - before.dispatches),
        submits: each(gpu.counts.submits - before.submits),
        uploadedBytes: each(gpu.counts.uploadedBytes - before.uploadedBytes),
        hostMicroseconds: 1000 * each(meter.hostMs() - hostBefore),
      },
    };
  } finally {
    onGpu.dispose();
    onCpu.dispose();
  }
}
