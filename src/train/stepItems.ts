import { MASKED, NO_ITEM } from '../backend/ops.js';
import type { Proposal } from './proposal.js';

/**
 * The small catalogue of a step of a sampled softmax: what its batch has, and what is drawn for all of it. One object,
 * begun again for every step.
 */
export class StepItems {
  /** How often each item was drawn. Valid where `#stamp` is the step's. */
  readonly #drawn: Uint32Array;
  readonly #stamp: Uint32Array;
  #stamps = 0;

  constructor(
    items: number,
    private readonly samples: number,
    private readonly proposal: Proposal,
  ) {
    this.#drawn = new Uint32Array(items);
    this.#stamp = new Uint32Array(items);
  }

  begin(): void {
    this.#stamps++;
  }

  /** Those of the items that are seen for the first time since `begin`. */
  add(items: Iterable<number>): number[] {
    const found: number[] = [];
    for (const item of items) if (this.#isNew(item)) found.push(item);
    return found;
  }

  /** Draws for a step, counted over the whole training; the items that are seen for the first time. */
  draw(step: number): number[] {
    const found: number[] = [];
    for (let draw = 0; draw < this.samples; draw++) {
      const item = this.proposal.item(step, draw);
      if (this.#isNew(item)) found.push(item);
      this.#drawn[item]++;
    }
    return found;
  }

  /** What is added to the logit of an item where it is no target: the logarithm of its weight, none if it was not drawn. */
  correction(item: number): number {
    const drawn = this.#drawn[item];
    return drawn > 0 ? Math.log(drawn / (this.samples * this.proposal.probability(item))) : MASKED;
  }

  #isNew(item: number): boolean {
    if (this.#stamp[item] === this.#stamps) return false;
    this.#stamp[item] = this.#stamps;
    this.#drawn[item] = 0;
    return true;
  }
}

/** Writes items, in ascending order, to `numbers` from `at` on, and to `places` where each is; the padded length. */
export function writeItems(
  items: Uint32Array,
  numbers: Uint32Array,
  at: number,
  places: Uint32Array,
): number {
  items.forEach((item, place) => {
    places[item] = place;
  });
  const length = padded(items.length);
  numbers.set(items, at);
  numbers.fill(NO_ITEM, at + items.length, at + length);
  return length;
}

/** At most a quarter more, in few different sizes, each a multiple of 64. */
export function padded(n: number): number {
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(Math.max(1, n - 1))) - 2));
  return step * Math.ceil(n / step);
}
