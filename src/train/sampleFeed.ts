import type { Backend, Tensor } from '../backend/backend.js';
import { randomOrder, STREAM } from '../backend/random.js';
import { consecutive, freeAll } from '../backend/sparse.js';
import { type Csr, columnCounts } from '../data/csr.js';
import type { SampleModel } from '../model/model.js';
import { stepCount } from './batches.js';
import type { FedStep, Feed, FeedOptions } from './feed.js';
import { withItems } from './historyFeed.js';
import { Proposal } from './proposal.js';
import { SampledBatch } from './sampledBatch.js';

/**
 * Batches of histories renumbered to the items of their step: those that its users have, and those drawn for all of
 * them. What a step uploads does not depend on how many items there are.
 */
export class SampleFeed implements Feed {
  readonly #histories: Csr;
  readonly #batch: number;
  readonly #filled: SampledBatch;
  readonly #numbers: Tensor;
  readonly #values: Tensor;
  readonly #rows: Tensor;

  constructor(
    private readonly backend: Backend,
    private readonly model: SampleModel,
    histories: Csr,
    private readonly options: FeedOptions,
  ) {
    this.#histories = withItems(histories);
    this.#batch = Math.min(options.batch, this.#histories.rows);
    this.#filled = new SampledBatch({
      histories: this.#histories,
      inputs: model.inputValues(this.#histories),
      targets: model.targetValues(this.#histories),
      batch: this.#batch,
      samples: model.samples,
      proposal: new Proposal(columnCounts(this.#histories), options.seed),
    });
    this.#numbers = backend.zeros('u32', [this.#filled.numbers.length]);
    this.#values = backend.zeros('f32', [this.#filled.values.length]);
    this.#rows = consecutive(backend, this.#batch);
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

  *epoch(epoch: number): Generator<FedStep> {
    const { backend, model, options } = this;
    const { numbers, values, places } = this.#filled;
    const order = randomOrder(this.users, options.seed, STREAM.order, epoch);
    for (let index = 0; index < this.steps; index++) {
      const size = this.#filled.fill(order, index, epoch * this.steps + index);
      backend.write(this.#numbers, numbers);
      backend.write(this.#values, values);
      const u32 = (first: number, count: number) => backend.slice(this.#numbers, first, count);
      const f32 = (first: number, count: number) => backend.slice(this.#values, first, count);
      const { entries } = size;
      const indptr = u32(places.indptr, this.#batch + 1);
      yield ({ lossParts, step, steps }) => {
        model.sampledGradients({
          inputs: {
            indptr,
            indices: u32(places.inputIndices, entries),
            values: f32(places.inputs, this.#filled.hasInputs ? entries : 1),
          },
          targets: {
            indptr,
            indices: u32(places.targetIndices, entries),
            values: f32(places.targets, this.#filled.hasTargets ? entries : 1),
          },
          batch: { rows: this.#rows, first: 0, count: size.users },
          capacity: this.#batch,
          own: u32(places.own, size.own),
          items: u32(places.items, size.items),
          corrections: f32(places.corrections, size.items),
          starts: u32(places.starts, size.own + 1),
          entries: u32(places.entries, 2 * entries),
          firstStart: 0,
          lossParts,
          step,
          steps,
          seed: options.seed,
        });
        return this.#batch;
      };
    }
  }

  dispose(): void {
    freeAll([this.#numbers, this.#values, this.#rows]);
  }
}
