import type { Backend, Tensor } from '../backend/backend.js';
import { consecutive, freeAll } from '../backend/sparse.js';
import { type Csr, columnCounts } from '../data/csr.js';
import type { SampledSequenceModel } from '../model/model.js';
import type { FedStep, Feed, FeedOptions } from './feed.js';
import { Proposal } from './proposal.js';
import { SampledSequences } from './sampledSequences.js';
import { SequenceBatches } from './sequenceBatches.js';

/** Batches of sequences renumbered to the items of their step: what they hold, and what was drawn for all of them. */
export class SampledSequenceFeed implements Feed {
  readonly #batches: SequenceBatches;
  readonly #filled: SampledSequences;
  readonly #own: readonly Tensor[];
  readonly #numbers: Tensor;
  readonly #corrections: Tensor;
  readonly #rows: Tensor;
  readonly #one: Tensor;

  constructor(
    private readonly backend: Backend,
    private readonly model: SampledSequenceModel,
    histories: Csr,
    private readonly options: FeedOptions,
  ) {
    const { name, window, samples, sharesRows } = model;
    this.#batches = new SequenceBatches(histories, { ...options, name, window });
    this.#filled = new SampledSequences({
      items: histories.columns,
      positions: this.mostParts,
      samples,
      sharesRows,
      proposal: new Proposal(columnCounts(histories), options.seed),
    });
    this.#numbers = backend.zeros('u32', [this.#filled.numbers.length]);
    this.#corrections = backend.zeros('f32', [this.#filled.corrections.length]);
    this.#rows = consecutive(backend, this.mostParts + 1);
    this.#one = backend.tensor([1]);
    this.#own = [this.#numbers, this.#corrections, this.#rows, this.#one];
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
    const { backend, model, options } = this;
    const { places, numbers, corrections } = this.#filled;
    const sorted = this.#batches.sorted(epoch);
    const sparse = { indptr: this.#rows, values: this.#one };
    const u32 = (first: number, count: number) => backend.slice(this.#numbers, first, count);
    for (const [index, batch] of this.#batches.order(epoch).entries()) {
      const packing = this.#batches.packings[batch];
      const { positions } = packing;
      const [inputs, targets] = [new Uint32Array(positions), new Uint32Array(positions)];
      this.#batches.pack(sorted, batch, inputs, targets, 0);
      const size = this.#filled.fill(inputs, targets, epoch * this.steps + index);
      backend.write(this.#numbers, numbers);
      backend.write(this.#corrections, corrections);
      yield ({ lossParts, step }) => {
        model.sampledSequenceGradients({
          packing,
          inputs: { ...sparse, indices: u32(places.inputs, positions) },
          targets: { ...sparse, indices: u32(places.targets, positions) },
          numbers: this.#rows,
          first: 0,
          capacity: this.mostParts,
          own: u32(places.own, size.own),
          items: u32(places.items, size.items),
          corrections: backend.slice(this.#corrections, 0, size.items),
          starts: u32(places.starts, size.own + 1),
          entries: u32(places.entries, 2 * positions),
          firstStart: 0,
          lossParts,
          step,
          seed: options.seed,
        });
        return positions;
      };
    }
  }

  dispose(): void {
    freeAll(this.#own);
  }
}
