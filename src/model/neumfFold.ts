import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import { SLICE } from '../backend/backend.js';
import { freeAll } from '../backend/sparse.js';
import type { Csr } from '../data/csr.js';
import { rowIndices } from '../data/csr.js';
import type { DenseLayer } from './dense.js';
import type { NeumfConfig } from './neumfConfig.js';
import { PairList, unseenItem } from './pairs.js';
import { Tower } from './tower.js';

/** What of a neural matrix factorisation does not belong to a user. */
export interface ItemSide {
  /** f32[items, factors] */
  readonly factors: Tensor;
  /** f32[items, units] */
  readonly units: Tensor;
  readonly layers: readonly DenseLayer[];
}

/** Users that are folded in together. */
export const FOLDED = SLICE;
/** Items a user does not have that one step goes by: at least and at most, where there are as many. */
const FEWEST_NEGATIVES = 128;
const MOST_NEGATIVES = 512;
/**
 * Samples of these items that the steps go by in turn. One for all of them would be learned by heart: on the split of
 * He et al. 2017 that costs a fiftieth of HR@10, while eight give what the training itself learns of a user.
 */
export const SAMPLES = 8;
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Room for so many pairs a step. */
interface Space {
  readonly tower: Tower;
  readonly pairs: Tensor;
  readonly entries: Tensor;
  readonly loss: Tensor;
}

/** The pairs of all samples, one after the other; of each as many. */
interface Told {
  readonly list: PairList;
  /** Pairs of a sample. */
  readonly count: number;
}

/**
 * The samples that so many rows of histories are told from: in each, every item of a history as a positive, and items it
 * lacks that together count `negatives` times as much.
 */
export function pairsToFold(histories: Csr, first: number, count: number, negatives: number): Told {
  const rows = Array.from({ length: count }, (_, row) => rowIndices(histories, first + row));
  const drawn = rows.map(({ length }) => {
    const wanted = Math.min(MOST_NEGATIVES, Math.max(FEWEST_NEGATIVES, negatives * length));
    return length === 0 ? 0 : Math.min(wanted, histories.columns - length);
  });
  const ofSample = rows.reduce((sum, { length }, row) => sum + length + drawn[row], 0);
  const list = new PairList(SAMPLES * ofSample);
  for (let sample = 0; sample < SAMPLES; sample++) {
    rows.forEach((history, row) => {
      for (const item of history) list.add(row, item, 1, 1);
      const unseen = histories.columns - history.length;
      const weight = (negatives * history.length) / drawn[row];
      // One of each of as many equal parts of what they lack, in every sample another.
      const place = (j: number) => Math.floor(((j + (sample + 0.5) / SAMPLES) * unseen) / drawn[row]);
      for (let j = 0; j < drawn[row]; j++) list.add(row, unseenItem(history, place(j)), 0, weight);
    });
  }
  return { list, count: ofSample };
}

/** The least of 256, 384, 512, 768, 1024 and so on that so many pairs fit into: few spaces, little of them empty. */
function roomFor(pairs: number): number {
  const room = 2 ** Math.ceil(Math.log2(Math.max(256, pairs)));
  return pairs <= 0.75 * room && room > 256 ? 0.75 * room : room;
}

/**
 * Folds histories in: with the items as they are, finds the numbers of a user that the training would find, by steps of
 * Adam on their part of its loss, from zeros. A history is told from fixed samples of the items it lacks, so that the
 * same history always gives the same numbers, alone and among others.
 */
export class FoldIn {
  /** f32[FOLDED, factors] and f32[FOLDED, units]: the users of the last call. */
  readonly #users: TensorGroup;
  readonly #grads: TensorGroup;
  readonly #moments: readonly TensorGroup[];
  readonly #zeros: TensorGroup;
  readonly #starts: Tensor;
  readonly #spaces = new Map<number, Space>();

  constructor(
    private readonly backend: Backend,
    private readonly items: ItemSide,
    private readonly config: NeumfConfig,
  ) {
    const { factors, hidden } = config;
    const group = () =>
      backend.group([
        [FOLDED, factors],
        [FOLDED, hidden[0]],
      ]);
    this.#users = group();
    this.#grads = group();
    this.#moments = [group(), group()];
    this.#zeros = group();
    this.#starts = backend.zeros('u32', [SAMPLES * (FOLDED + 1)]);
  }

  /** Rows 0 .. count of the tensors: the users of so many rows of `histories`, at most FOLDED; zeros beyond them. */
  users(histories: Csr, first: number, count: number): { factors: Tensor; units: Tensor } {
    const { backend, items, config } = this;
    const [factors, units] = this.#users.parts;
    for (const group of [this.#users, ...this.#moments]) backend.copy(this.#zeros.whole, group.whole);
    const told = pairsToFold(histories, first, count, config.negatives);
    if (told.count > 0) {
      const { tower, pairs, entries, loss } = this.#upload(told);
      const [outDot, outSum] = this.#grads.parts;
      const logits = tower.logits.out;
      for (let step = 1; step <= config.foldSteps; step++) {
        const sample = (step - 1) % SAMPLES;
        const batch = { pairs, first: sample * told.count, count: told.count };
        const { out, activation } = tower.units[0];
        backend.pairSum({ ...batch, users: units, items: items.units, out, activation });
        tower.forward();
        backend.pairLoss({ ...batch, users: factors, items: items.factors, logits, loss, scale: 1 });
        const sumGrad = tower.backward();
        backend.pairBackward({
          starts: this.#starts,
          entries,
          firstStart: sample * (FOLDED + 1),
          logitGrad: logits,
          sumGrad,
          others: items.factors,
          outDot,
          outSum,
        });
        backend.adam({
          param: this.#users.whole,
          grad: this.#grads.whole,
          moment1: this.#moments[0].whole,
          moment2: this.#moments[1].whole,
          step,
          learningRate: config.foldRate * (1 - (step - 1) / config.foldSteps),
          beta1: BETA1,
          beta2: BETA2,
          epsilon: EPSILON,
          l2: config.foldL2,
          weightDecay: 0,
        });
      }
    }
    return { factors, units };
  }

  #upload({ list, count }: Told): Space {
    const { backend } = this;
    const capacity = roomFor(count);
    let space = this.#spaces.get(capacity);
    if (!space) {
      space = {
        tower: new Tower(backend, capacity, this.items.layers, 'relu'),
        pairs: backend.zeros('u32', [4 * SAMPLES * capacity]),
        entries: backend.zeros('u32', [2 * SAMPLES * capacity]),
        loss: backend.zeros('f32', [capacity]),
      };
      this.#spaces.set(capacity, space);
    }
    const starts = new Uint32Array(SAMPLES * (FOLDED + 1));
    const entries = new Uint32Array(2 * list.length);
    let end = 0;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const ofSample = starts.subarray(sample * (FOLDED + 1), (sample + 1) * (FOLDED + 1));
      end = list.byRow({ first: sample * count, count }, 0, ofSample, entries, end);
    }
    backend.write(space.pairs, list.numbers);
    backend.write(space.entries, entries);
    backend.write(this.#starts, starts);
    return space;
  }

  dispose(): void {
    for (const group of [this.#users, this.#grads, ...this.#moments, this.#zeros]) group.whole.free();
    this.#starts.free();
    for (const { tower, pairs, entries, loss } of this.#spaces.values()) {
      tower.dispose();
      freeAll([pairs, entries, loss]);
    }
    this.#spaces.clear();
  }
}
