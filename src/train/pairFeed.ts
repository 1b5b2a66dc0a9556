import type { Backend, Tensor } from '../backend/backend.js';
import { mix, randomBits, randomOrder, STREAM } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import { type Csr, rowIndices } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import type { PairModel } from '../model/model.js';
import { PairList, unseenItem } from '../model/pairs.js';
import type { FedStep, Feed, FeedOptions } from './feed.js';

/** At most so many numbers of a kind are resident at once (8 MiB), and are worked out in one go. */
const MOST_NUMBERS = 1 << 21;

/**
 * Batches of interactions in random order, each with items that its user does not have, drawn anew every epoch: which ones
 * is a pure function of seed, epoch and interaction.
 */
export class PairFeed implements Feed {
  readonly users: number;
  readonly steps: number;
  readonly mostParts: number;
  /** The user of every interaction. */
  readonly #userOf: Uint32Array;
  readonly #batch: number;
  /** Steps that are uploaded together. */
  readonly #window: number;
  readonly #pairs: Tensor;
  readonly #starts: Tensor;
  readonly #entries: Tensor;

  /** SPLIT_EMPTY when nobody has an item. */
  constructor(
    private readonly backend: Backend,
    private readonly model: PairModel,
    private readonly histories: Csr,
    private readonly options: FeedOptions,
  ) {
    const { rows, indptr, indices, columns } = histories;
    const interactions = indices.length;
    if (interactions === 0) {
      throw new FoldinError('SPLIT_EMPTY', 'no user of the training part has an item', {
        remedy: 'Use a longer log, another split, or a smaller --min-user and --min-item.',
      });
    }
    this.#userOf = new Uint32Array(interactions);
    let users = 0;
    for (let user = 0; user < rows; user++) {
      this.#userOf.fill(user, indptr[user], indptr[user + 1]);
      if (indptr[user + 1] > indptr[user]) users++;
    }
    this.users = users;
    this.#batch = Math.min(options.batch, interactions);
    this.steps = Math.ceil(interactions / this.#batch);
    this.mostParts = this.#batch * (1 + model.negatives);
    const startsAStep = rows + columns + 2;
    const most = Math.floor(MOST_NUMBERS / Math.max(4 * this.mostParts, startsAStep));
    this.#window = Math.max(1, Math.min(this.steps, most));
    this.#pairs = backend.zeros('u32', [4 * this.mostParts * this.#window]);
    this.#entries = backend.zeros('u32', [4 * this.mostParts * this.#window]);
    this.#starts = backend.zeros('u32', [startsAStep * this.#window]);
  }

  *epoch(epoch: number): Generator<FedStep> {
    const { model, histories } = this;
    const order = randomOrder(this.#userOf.length, this.options.seed, STREAM.order, epoch);
    const startsAStep = histories.rows + histories.columns + 2;
    for (let step = 0; step < this.steps; step += this.#window) {
      const places = this.#upload(order, epoch, step);
      for (const [i, place] of places.entries()) {
        yield ({ lossParts, step }) => {
          model.pairGradients({
            ...place,
            pairs: this.#pairs,
            capacity: this.mostParts,
            starts: this.#starts,
            entries: this.#entries,
            firstUserStart: i * startsAStep,
            firstItemStart: i * startsAStep + histories.rows + 1,
            lossParts,
            step,
          });
          return place.count;
        };
      }
    }
  }

  /** Works out and uploads the steps of a window; says where the pairs of each stand. */
  #upload(order: Uint32Array, epoch: number, firstStep: number) {
    const { backend, histories } = this;
    const { rows, columns } = histories;
    const batch = this.#batch;
    const interactions = order.subarray(firstStep * batch, (firstStep + this.#window) * batch);
    const list = new PairList(interactions.length * (1 + this.model.negatives));
    const places: { first: number; count: number; positives: number }[] = [];
    const starts = new Uint32Array((rows + columns + 2) * Math.ceil(interactions.length / batch));
    const entries = new Uint32Array(4 * list.capacity);
    let end = 0;
    for (let at = 0; at < interactions.length; at += batch) {
      const mine = interactions.subarray(at, at + batch);
      const first = list.length;
      for (const interaction of mine) this.#add(list, interaction, epoch);
      const place = { first, count: list.length - first, positives: mine.length };
      const begin = places.length * (rows + columns + 2);
      const ofUsers = starts.subarray(begin, begin + rows + 1);
      const ofItems = starts.subarray(begin + rows + 1, begin + rows + columns + 2);
      end = list.byRow(place, 0, ofUsers, entries, end);
      end = list.byRow(place, 1, ofItems, entries, end);
      places.push(place);
    }
    backend.write(this.#pairs, list.numbers.subarray(0, 4 * list.length));
    backend.write(this.#entries, entries.subarray(0, 2 * end));
    backend.write(this.#starts, starts);
    return places;
  }

  /** An interaction and its negatives; none for a user who has every item. */
  #add(list: PairList, interaction: number, epoch: number): void {
    const { histories, model, options } = this;
    const user = this.#userOf[interaction];
    const history = rowIndices(histories, user);
    const unseen = histories.columns - history.length;
    const seed = mix(mix(options.seed) ^ STREAM.negatives);
    list.add(user, histories.indices[interaction], 1, 1);
    for (let j = 0; j < model.negatives && unseen > 0; j++) {
      const place = Math.floor((randomBits(seed, epoch, interaction, j) / 2 ** 32) * unseen);
      list.add(user, unseenItem(history, place), 0, 1);
    }
  }

  dispose(): void {
    freeAll([this.#pairs, this.#starts, this.#entries]);
  }
}
