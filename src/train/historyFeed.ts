import type { Backend, Tensor } from '../backend/backend.js';
import { type DeviceRows, freeAll, uploadRows } from '../backend/sparse.js';
import { type Csr, selectRows } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import type { HistoryModel } from '../model/model.js';
import { stepCount, windowCapacity } from './batches.js';
import type { FedStep, Feed, FeedOptions } from './feed.js';
import type { Planner } from './plan.js';
import { openPlanner } from './planner.js';

/**
 * Batches of whole histories, which stay on the device: within an epoch nothing is uploaded but the order of the users
 * and the columns of the batches.
 */
export class HistoryFeed implements Feed {
  readonly #inputs: DeviceRows;
  readonly #targets: DeviceRows;
  readonly #histories: Csr;
  readonly #planner: Planner;
  readonly #order: Tensor;
  readonly #starts: Tensor;
  readonly #entries: Tensor;
  readonly #batch: number;

  constructor(
    private readonly backend: Backend,
    private readonly model: HistoryModel,
    histories: Csr,
    private readonly options: FeedOptions,
  ) {
    this.#histories = withItems(histories);
    const users = this.#histories.rows;
    this.#batch = Math.min(options.batch, users);
    const values = model.inputValues(this.#histories);
    const capacity = windowCapacity(this.#histories, this.#batch);
    this.#planner = openPlanner(options.planner ?? 'inline', {
      histories: this.#histories,
      values,
      batch: this.#batch,
      seed: options.seed,
      capacity,
    });
    this.#inputs = uploadRows(backend, this.#histories, values);
    this.#targets = uploadRows(backend, this.#histories, model.targetValues(this.#histories));
    this.#order = backend.zeros('u32', [users]);
    this.#starts = backend.zeros('u32', [capacity.starts]);
    this.#entries = backend.zeros('u32', [capacity.entries]);
  }

  get users(): number {
    return this.#histories.rows;
  }

  get steps(): number {
    return stepCount(this.users, this.#batch);
  }

  get mostParts(): number {
    return this.#batch;
  }

  async *epoch(epoch: number): AsyncGenerator<FedStep> {
    const { backend, model, users } = this;
    const { seed } = this.options;
    for (let index = 0, last = false; !last; index++) {
      const window = await this.#planner.window(epoch, index);
      last = window.last;
      if (index === 0) backend.write(this.#order, window.order);
      backend.write(this.#starts, window.starts);
      backend.write(this.#entries, window.entries);
      for (let i = 0; i < window.steps; i++) {
        const first = (window.firstStep + i) * this.#batch;
        yield ({ lossParts, step, steps }) => {
          model.gradients({
            inputs: this.#inputs,
            targets: this.#targets,
            batch: { rows: this.#order, first, count: Math.min(this.#batch, users - first) },
            capacity: this.#batch,
            starts: this.#starts,
            entries: this.#entries,
            firstStart: i * (this.#histories.columns + 1),
            lossParts,
            step,
            steps,
            seed,
          });
          return this.#batch;
        };
      }
    }
  }

  dispose(): void {
    this.#planner.dispose();
    this.#inputs.free();
    this.#targets.free();
    freeAll([this.#order, this.#starts, this.#entries]);
  }
}

/** The rows that hold something. */
function withItems(histories: Csr): Csr {
  const rows = Uint32Array.from({ length: histories.rows }, (_, r) => r).filter(
    (r) => histories.indptr[r + 1] > histories.indptr[r],
  );
  if (rows.length === 0) {
    throw new FoldinError('SPLIT_EMPTY', 'no user of the training part has an item', {
      remedy: 'Use a longer log, another split, or a smaller --min-user and --min-item.',
    });
  }
  return rows.length === histories.rows ? histories : selectRows(histories, rows);
}
