import { mix, randomBits, STREAM } from '../backend/random.js';

/**
 * The distribution that a sampled softmax draws its items from: an item's share is one more than how many training users
 * have it, so that it follows popularity, as Bengio & Senécal (2008) advise, and misses nothing.
 */
export class Proposal {
  /** cumulative[i]: the counts of all items before i. Exact: whole numbers below 2^53. */
  readonly #cumulative: Float64Array;
  readonly #key: number;

  constructor(popularity: ArrayLike<number>, seed: number) {
    this.#cumulative = new Float64Array(popularity.length + 1);
    for (let i = 0; i < popularity.length; i++) {
      this.#cumulative[i + 1] = this.#cumulative[i] + popularity[i] + 1;
    }
    this.#key = mix(mix(seed) ^ STREAM.softmaxSamples);
  }

  get #total(): number {
    return this.#cumulative[this.#cumulative.length - 1];
  }

  probability(item: number): number {
    return (this.#cumulative[item + 1] - this.#cumulative[item]) / this.#total;
  }

  /** The item at a place: draw `draw` of a step, counted over the whole training. */
  item(step: number, draw: number): number {
    const high = randomBits(this.#key, step, draw, 0);
    const low = randomBits(this.#key, step, draw, 1);
    // 53 bits, as many as a double has.
    const at = Math.floor(((high * 2 ** 21 + (low >>> 11)) / 2 ** 53) * this.#total);
    let [first, end] = [0, this.#cumulative.length - 1];
    while (end - first > 1) {
      const middle = (first + end) >>> 1;
      if (this.#cumulative[middle] <= at) first = middle;
      else end = middle;
    }
    return first;
  }
}
