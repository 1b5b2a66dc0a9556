import type { Backend, Tensor } from '../backend/backend.js';
import { consecutive, freeAll } from '../backend/sparse.js';
import type { Csr } from '../data/csr.js';
import type { SequenceModel } from '../model/model.js';
import type { SequenceWindow } from '../model/packing.js';
import type { FedStep, Feed, FeedOptions } from './feed.js';
import { SequenceBatches } from './sequenceBatches.js';

/** At most so many numbers of a kind are resident at once (32 MiB). */
const MOST_NUMBERS = 1 << 23;

/** Steps that are uploaded together, and how many positions they have. */
interface Upload {
  readonly firstStep: number;
  readonly steps: number;
  readonly positions: number;
}

/** Batches of sequences, as many resident at once as there is room for; see SequenceBatches. */
export class SequenceFeed implements Feed {
  readonly #batches: SequenceBatches;
  readonly #numbers: Tensor;
  readonly #inputs: Tensor;
  readonly #targets: Tensor;
  readonly #starts: Tensor;
  readonly #entries: Tensor;
  readonly #one: Tensor;
  readonly #capacity: { readonly positions: number; readonly steps: number };

  constructor(
    private readonly backend: Backend,
    private readonly model: SequenceModel,
    histories: Csr,
    private readonly options: FeedOptions,
  ) {
    const { name, window } = model;
    this.#batches = new SequenceBatches(histories, { ...options, name, window });
    const positions = this.#batches.packings.reduce((sum, packing) => sum + packing.positions, 0);
    const perStep = histories.columns + 1;
    this.#capacity = {
      positions: Math.min(positions, Math.max(this.mostParts, MOST_NUMBERS / 2)),
      steps: Math.min(this.steps, Math.max(1, Math.floor(MOST_NUMBERS / perStep))),
    };
    const zeros = (length: number) => backend.zeros('u32', [length]);
    this.#inputs = zeros(this.#capacity.positions);
    this.#targets = zeros(this.#capacity.positions);
    this.#entries = zeros(2 * this.#capacity.positions);
    this.#starts = zeros(this.#capacity.steps * perStep);
    this.#numbers = consecutive(backend, this.#capacity.positions + 1);
    this.#one = backend.tensor([1]);
  }

  get users(): number {
    return this.#batches.users;
  }

  get steps(): number {
    return this.#batches.packings.length;
  }

  get mostParts(): number {
    return this.#batches.mostPositions;
  }

  *epoch(epoch: number): Generator<FedStep> {
    const { model, options } = this;
    const sorted = this.#batches.sorted(epoch);
    const order = this.#batches.order(epoch);
    const sparse = { indptr: this.#numbers, values: this.#one };
    for (const upload of this.#uploads(order)) {
      const steps = order.subarray(upload.firstStep, upload.firstStep + upload.steps);
      this.#upload(sorted, steps, upload.positions);
      let first = 0;
      for (const [i, batch] of steps.entries()) {
        const packing = this.#batches.packings[batch];
        const at = first;
        yield ({ lossParts, step }) => {
          model.sequenceGradients({
            packing,
            inputs: { ...sparse, indices: this.#inputs },
            targets: { ...sparse, indices: this.#targets },
            numbers: this.#numbers,
            first: at,
            capacity: this.mostParts,
            starts: this.#starts,
            entries: this.#entries,
            firstStart: i * (this.#batches.histories.columns + 1),
            lossParts,
            step,
            seed: options.seed,
          });
          return packing.positions;
        };
        first += packing.positions;
      }
    }
  }

  #uploads(order: Uint32Array): Upload[] {
    const uploads: Upload[] = [];
    let [firstStep, positions] = [0, 0];
    order.forEach((batch, step) => {
      const mine = this.#batches.packings[batch].positions;
      const isFull = positions + mine > this.#capacity.positions || step - firstStep === this.#capacity.steps;
      if (isFull) {
        uploads.push({ firstStep, steps: step - firstStep, positions });
        [firstStep, positions] = [step, 0];
      }
      positions += mine;
    });
    uploads.push({ firstStep, steps: order.length - firstStep, positions });
    return uploads;
  }

  /** Items, targets and the positions of every item, of the given steps one after the other. */
  #upload(sorted: readonly SequenceWindow[], steps: Uint32Array, positions: number): void {
    const { columns } = this.#batches.histories;
    const inputs = new Uint32Array(positions);
    const targets = new Uint32Array(positions);
    const starts = new Uint32Array(steps.length * (columns + 1));
    const entries = new Uint32Array(2 * positions);
    const one = new Uint32Array(Float32Array.of(1).buffer)[0];
    const next = new Uint32Array(columns);
    let first = 0;
    steps.forEach((batch, i) => {
      const packing = this.#batches.packings[batch];
      this.#batches.pack(sorted, batch, inputs, targets, first);
      const mine = inputs.subarray(first, first + packing.positions);
      const base = i * (columns + 1);
      next.fill(0);
      for (const item of mine) next[item]++;
      let begin = first;
      for (let item = 0; item < columns; item++) {
        starts[base + item] = begin;
        begin += next[item];
        next[item] = starts[base + item];
      }
      starts[base + columns] = begin;
      mine.forEach((item, position) => {
        const at = 2 * next[item]++;
        entries[at] = position;
        entries[at + 1] = one;
      });
      first += packing.positions;
    });
    this.backend.write(this.#inputs, inputs);
    this.backend.write(this.#targets, targets);
    this.backend.write(this.#starts, starts);
    this.backend.write(this.#entries, entries);
  }

  dispose(): void {
    freeAll([this.#numbers, this.#inputs, this.#targets, this.#starts, this.#entries, this.#one]);
  }
}
