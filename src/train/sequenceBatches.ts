import { randomOrder, STREAM } from '../backend/random.js';
import type { Csr } from '../data/csr.js';
import { requireOrder, rowInOrder } from '../data/order.js';
import { FoldinError } from '../errors.js';
import { type Packing, pack, packInto, type SequenceWindow, sequenceWindows } from '../model/packing.js';

/**
 * Batches of sequences of about the same length: an epoch's windows in a random order, sorted by length (those of one
 * length stay in random order), cut into batches, whose order is random again. So every epoch has the same shapes.
 */
export class SequenceBatches {
  readonly users: number;
  /** By batch, before they are put in order: the lengths do not depend on the epoch. */
  readonly packings: readonly Packing[];
  /** The most positions of a batch. */
  readonly mostPositions: number;
  readonly #windows: readonly SequenceWindow[];
  readonly #batch: number;

  /** `name`: of the model. COLUMN_MISSING without an order, SPLIT_EMPTY where nothing comes next. */
  constructor(
    readonly histories: Csr,
    private readonly options: { readonly name: string; readonly window: number; batch: number; seed: number },
  ) {
    requireOrder(histories, options.name);
    this.#windows = sequenceWindows(histories, options.window);
    if (this.#windows.length === 0) {
      throw new FoldinError(
        'SPLIT_EMPTY',
        'no user of the training part has two items, so nothing comes next',
        {
          remedy: 'Use a longer log, another split, or a smaller --min-user and --min-item.',
        },
      );
    }
    this.users = new Set(this.#windows.map(({ row }) => row)).size;
    const batch = Math.min(options.batch, this.#windows.length);
    this.#batch = batch;
    const lengths = Uint32Array.from(this.#windows, ({ length }) => length)
      .sort()
      .reverse();
    this.packings = Array.from({ length: Math.ceil(lengths.length / batch) }, (_, index) =>
      pack(lengths.subarray(index * batch, (index + 1) * batch)),
    );
    this.mostPositions = this.packings.reduce((most, { positions }) => Math.max(most, positions), 0);
  }

  /** The batches of an epoch, in its order. */
  order(epoch: number): Uint32Array {
    return randomOrder(this.packings.length, this.options.seed, STREAM.batches, epoch);
  }

  /** Windows by descending length; those of one length in an order of the epoch's own. */
  sorted(epoch: number): SequenceWindow[] {
    const order = randomOrder(this.#windows.length, this.options.seed, STREAM.order, epoch);
    const shuffled = Array.from(order, (place) => this.#windows[place]);
    return shuffled.sort((a, b) => b.length - a.length);
  }

  /** Writes the items of a batch, and what comes next, to its positions, counted from `at`. */
  pack(
    sorted: readonly SequenceWindow[],
    batch: number,
    inputs: Uint32Array,
    targets: Uint32Array,
    at: number,
  ): void {
    const sequences = sorted
      .slice(batch * this.#batch, (batch + 1) * this.#batch)
      .map(({ row, first, length }) => rowInOrder(this.histories, row).subarray(first, first + length + 1));
    const packing = this.packings[batch];
    packInto(
      packing,
      sequences.map((items) => items.subarray(0, -1)),
      inputs,
      at,
    );
    packInto(
      packing,
      sequences.map((items) => items.subarray(1)),
      targets,
      at,
    );
  }
}
