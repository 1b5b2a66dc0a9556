import { SLICE } from '../backend/backend.js';
import { MASKED } from '../backend/ops.js';
import type { Proposal } from './proposal.js';
import { padded, StepItems, writeItems } from './stepItems.js';

export interface SampledSequencesSpec {
  readonly items: number;
  /** The most positions of a batch. */
  readonly positions: number;
  /** Draws of a step. */
  readonly samples: number;
  readonly proposal: Proposal;
  /** Whether what goes in is numbered as what comes out. */
  readonly sharesRows: boolean;
}

/** A batch of packed sequences renumbered to the items of its step; see SampledSequenceInputs. Filled again for every step. */
export class SampledSequences {
  /** Where its arrays begin in `numbers`: multiples of SLICE. Corrections are by themselves. */
  readonly places: Readonly<Record<'inputs' | 'targets' | 'entries' | 'starts' | 'own' | 'items', number>>;
  readonly numbers: Uint32Array;
  readonly corrections: Float32Array;
  readonly #ownPlace: Uint32Array;
  readonly #place: Uint32Array;
  readonly #items: StepItems;

  constructor({ items, positions, samples, sharesRows, proposal }: SampledSequencesSpec) {
    const all = padded(Math.min((sharesRows ? 2 : 1) * positions + samples, items));
    const own = sharesRows ? all : padded(Math.min(positions, items));
    let next = 0;
    const take = (length: number): number => {
      const at = next;
      next = SLICE * Math.ceil((at + length) / SLICE);
      return at;
    };
    this.places = {
      inputs: take(positions),
      targets: take(positions),
      entries: take(2 * positions),
      starts: take(own + 1),
      own: take(own),
      items: take(all),
    };
    this.numbers = new Uint32Array(next);
    this.corrections = new Float32Array(all);
    this.#place = new Uint32Array(items);
    this.#ownPlace = sharesRows ? this.#place : new Uint32Array(items);
    this.#items = new StepItems(items, samples, proposal);
  }

  /** What goes in and what comes next at every position of a batch; how many items there are of either kind, padded. */
  fill(
    inputs: Uint32Array,
    targets: Uint32Array,
    step: number,
  ): { readonly own: number; readonly items: number } {
    const { places, numbers } = this;
    const sharesRows = this.#ownPlace === this.#place;
    this.#items.begin();
    const first = this.#items.add(inputs);
    if (!sharesRows) this.#items.begin();
    const rest = [...this.#items.add(targets), ...this.#items.draw(step)];
    const all = Uint32Array.from(sharesRows ? [...first, ...rest] : rest).sort();
    const items = writeItems(all, numbers, places.items, this.#place);
    const mine = sharesRows ? all : Uint32Array.from(first).sort();
    const own = writeItems(mine, numbers, places.own, this.#ownPlace);
    this.corrections.fill(MASKED, all.length, items);
    all.forEach((item, place) => {
      this.corrections[place] = this.#items.correction(item);
    });
    inputs.forEach((item, position) => {
      numbers[places.inputs + position] = this.#ownPlace[item];
      numbers[places.targets + position] = this.#place[targets[position]];
    });
    this.#byItems(inputs, own);
    return { own, items };
  }

  /** Which positions each item goes in at, as Ops.bagBackward reads it. */
  #byItems(inputs: Uint32Array, own: number): void {
    const { places, numbers } = this;
    const starts = numbers.subarray(places.starts, places.starts + own + 1).fill(0);
    for (const item of inputs) starts[this.#ownPlace[item] + 1]++;
    for (let i = 0; i < own; i++) starts[i + 1] += starts[i];
    const next = starts.slice();
    inputs.forEach((item, position) => {
      const entry = places.entries + 2 * next[this.#ownPlace[item]]++;
      numbers[entry] = position;
      numbers[entry + 1] = ONE;
    });
  }
}

/** The bits of 1. */
const ONE = new Uint32Array(Float32Array.of(1).buffer)[0];
