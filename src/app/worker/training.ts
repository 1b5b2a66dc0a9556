import type { Backend } from '../../backend/backend.js';
import { splitBy } from '../../data/splitBy.js';
import { FoldinError } from '../../errors.js';
import type { TrainEvent } from '../../events.js';
import type { ModelOptions } from '../../model/registry.js';
import { type Fit, fit } from '../../recommend/fit.js';
import { provenance, type Verification } from '../../recommend/provenance.js';
import type { Checkpoint } from '../../train/checkpoint.js';
import type { Told, TrainOrder } from '../protocol.js';
import type { DeviceKeeper } from './device.js';
import type { OpenLog } from './log.js';
import { TrainingReporter } from './trainingReporter.js';

/** Reading the state back may take this share of the time between two readings; else it waits for a later epoch. */
const KEEPING_SHARE = 0.1;

interface Surroundings {
  readonly device: DeviceKeeper;
  readonly log: OpenLog;
  /** What checking the kernels found on this device, if they were checked. */
  readonly verified: (backend: Backend) => Verification | null;
  readonly tell: (told: Told) => void;
}

/** One training: it can be paused and stopped, and survives the loss of its device. */
export class Training {
  readonly #stop = new AbortController();
  readonly #reporter: TrainingReporter;
  #held: Promise<void> | undefined;
  #release: () => void = () => {};
  #kept: Checkpoint | undefined;
  #keptAtMs = performance.now();
  /** How long the last reading took. */
  #tookMs = 0;

  constructor(
    private readonly order: TrainOrder,
    private readonly around: Surroundings,
  ) {
    this.#reporter = new TrainingReporter(around.tell);
  }

  pause(): void {
    if (this.#held) return;
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
    this.#reporter.pause(true);
  }

  goOn(): void {
    this.#release();
    this.#held = undefined;
    this.#reporter.pause(false);
  }

  stop(): void {
    this.#stop.abort();
    this.goOn();
  }

  /** Trains to the end, or to where it was stopped; undefined when that was before there was anything to keep. */
  async run(): Promise<Fit | undefined> {
    const { order, around } = this;
    try {
      return await around.device.run(
        (backend) => this.#fit(backend),
        () => (this.#kept ? `training goes on after epoch ${this.#kept.epoch}` : 'training starts again'),
      );
    } catch (error) {
      if (!(error instanceof FoldinError && error.code === 'ABORTED')) throw error;
      const kept = this.#kept;
      if (!kept) return undefined;
      // Nothing is left to train: this takes the best weights and measures them.
      const train = { ...order.train, epochs: kept.epoch };
      return around.device.run(
        (backend) => this.#fit(backend, train),
        () => 'the weights are measured again',
      );
    } finally {
      this.#reporter.end();
    }
  }

  #fit(backend: Backend, stopped?: TrainOrder['train']): Promise<Fit> {
    const { order, around } = this;
    const { log, verified } = around;
    const split = splitBy(order.split, log.interactions);
    return fit(backend, log.interactions, {
      model: order.model,
      // What the form offers is the model's own defaults, changed; the model checks them.
      network: order.options as ModelOptions,
      train: stopped ?? order.train,
      split,
      signal: stopped ? undefined : this.#stop.signal,
      hold: () => this.#held,
      onEvent: (event: TrainEvent) => this.#reporter.hear(event),
      onEpochEnd: (take) => this.#keep(take),
      resume: this.#kept,
      provenance: {
        ...provenance({
          fingerprint: log.fingerprint,
          files: log.files,
          report: log.report,
          reading: log.reading,
          cleaning: log.cleaning,
          splitOptions: order.split,
          test: split.test,
          verified: verified(backend),
        }),
      },
    });
  }

  async #keep(take: () => Promise<Checkpoint>): Promise<void> {
    const before = performance.now();
    if (this.#tookMs > KEEPING_SHARE * (before - this.#keptAtMs)) return;
    this.#kept = await take();
    this.#keptAtMs = performance.now();
    this.#tookMs = this.#keptAtMs - before;
  }
}
