import { SLICE } from '../backend/backend.js';
import { MASKED } from '../backend/ops.js';
import { type Csr, rowIndices } from '../data/csr.js';
import type { Proposal } from './proposal.js';
import { padded, StepItems, writeItems } from './stepItems.js';

export interface SampledSpec {
  /** Users x items, no row empty; values of its own do not count. */
  readonly histories: Csr;
  /** f32[nnz]; all 1 where absent. */
  readonly inputs: Float32Array | undefined;
  readonly targets: Float32Array | undefined;
  readonly batch: number;
  /** Draws of a step. */
  readonly samples: number;
  readonly proposal: Proposal;
}

/** Where the arrays of a batch begin in `numbers` and in `values`: multiples of SLICE. */
export interface Places {
  readonly indptr: number;
  readonly inputIndices: number;
  readonly targetIndices: number;
  readonly entries: number;
  readonly starts: number;
  readonly own: number;
  readonly items: number;
  readonly inputs: number;
  readonly targets: number;
  readonly corrections: number;
}

/** How much of each array a batch fills; lengths of padded arrays are rounded up so that few differ. */
export interface SampledSize {
  readonly users: number;
  readonly entries: number;
  /** Items that some user of the batch has, and these together with those that were drawn; both padded. */
  readonly own: number;
  readonly items: number;
}

/**
 * The small catalogue of a step: what the users of its batch have, and the items drawn for all of them. Histories are
 * renumbered to it. One object, filled again for every step.
 */
export class SampledBatch {
  readonly places: Places;
  readonly numbers: Uint32Array;
  readonly values: Float32Array;
  readonly #bits: Float32Array;
  readonly #items: StepItems;
  /** Of each item of the step: its place among the own and among all. */
  readonly #ownPlace: Uint32Array;
  readonly #place: Uint32Array;

  constructor(private readonly spec: SampledSpec) {
    const { histories, batch, samples } = spec;
    const entries = largestBatch(histories, batch);
    const own = padded(Math.min(entries, histories.columns));
    const items = padded(Math.min(entries + samples, histories.columns));
    const next = { numbers: 0, values: 0 };
    const take = (array: keyof typeof next, length: number): number => {
      const at = next[array];
      next[array] = SLICE * Math.ceil((at + length) / SLICE);
      return at;
    };
    this.places = {
      indptr: take('numbers', batch + 1),
      inputIndices: take('numbers', entries),
      targetIndices: take('numbers', entries),
      entries: take('numbers', 2 * entries),
      starts: take('numbers', own + 1),
      own: take('numbers', own),
      items: take('numbers', items),
      inputs: take('values', spec.inputs ? entries : 1),
      targets: take('values', spec.targets ? entries : 1),
      corrections: take('values', items),
    };
    this.numbers = new Uint32Array(next.numbers);
    this.values = new Float32Array(next.values).fill(1);
    this.#bits = new Float32Array(this.numbers.buffer);
    const { columns } = histories;
    this.#ownPlace = new Uint32Array(columns);
    this.#place = new Uint32Array(columns);
    this.#items = new StepItems(columns, samples, spec.proposal);
  }

  /** Whether entries have values of their own; one 1 stands for all where they have not. */
  get hasInputs(): boolean {
    return this.spec.inputs !== undefined;
  }

  get hasTargets(): boolean {
    return this.spec.targets !== undefined;
  }

  /** Batch `index` of an epoch whose users come in this order; a pure function of spec, order and `step`. */
  fill(order: Uint32Array, index: number, step: number): SampledSize {
    const { batch, histories } = this.spec;
    const { places, numbers, values } = this;
    const rows = order.subarray(index * batch, (index + 1) * batch);
    this.#items.begin();
    const mine = Uint32Array.from(
      Array.from(rows).flatMap((row) => this.#items.add(rowIndices(histories, row))),
    ).sort();
    const own = writeItems(mine, numbers, places.own, this.#ownPlace);
    const entries = this.#histories(rows, own);
    const all = Uint32Array.from([...mine, ...this.#items.draw(step)]).sort();
    const items = writeItems(all, numbers, places.items, this.#place);
    values.fill(MASKED, places.corrections + all.length, places.corrections + items);
    all.forEach((item, place) => {
      values[places.corrections + place] = this.#items.correction(item);
    });
    this.#targets(rows);
    return { users: rows.length, entries, own, items };
  }

  /** The batch by rows and by columns, as Ops.bagForward and bagBackward read it. */
  #histories(rows: Uint32Array, own: number): number {
    const { histories, inputs } = this.spec;
    const { indptr, indices } = histories;
    const { places, numbers, values } = this;
    const starts = numbers.subarray(places.starts, places.starts + own + 1).fill(0);
    let at = 0;
    rows.forEach((row, b) => {
      numbers[places.indptr + b] = at;
      for (let e = indptr[row]; e < indptr[row + 1]; e++, at++) {
        const place = this.#ownPlace[indices[e]];
        numbers[places.inputIndices + at] = place;
        if (inputs) values[places.inputs + at] = inputs[e];
        starts[place + 1]++;
      }
    });
    numbers.fill(at, places.indptr + rows.length, places.indptr + this.spec.batch + 1);
    for (let u = 0; u + 1 < starts.length; u++) starts[u + 1] += starts[u];
    const next = starts.slice();
    rows.forEach((row, b) => {
      for (let e = indptr[row]; e < indptr[row + 1]; e++) {
        const entry = places.entries + 2 * next[this.#ownPlace[indices[e]]]++;
        numbers[entry] = b;
        this.#bits[entry + 1] = inputs ? inputs[e] : 1;
      }
    });
    return at;
  }

  #targets(rows: Uint32Array): void {
    const { histories, targets } = this.spec;
    const { indptr, indices } = histories;
    const { places, numbers, values } = this;
    let at = 0;
    for (const row of rows) {
      for (let e = indptr[row]; e < indptr[row + 1]; e++, at++) {
        numbers[places.targetIndices + at] = this.#place[indices[e]];
        if (targets) values[places.targets + at] = targets[e];
      }
    }
  }
}

/** Entries of the batch that has the longest histories. */
function largestBatch({ rows, indptr }: Csr, batch: number): number {
  const lengths = Uint32Array.from({ length: rows }, (_, r) => indptr[r + 1] - indptr[r]).sort();
  return lengths.subarray(-batch).reduce((sum, n) => sum + n, 0);
}
