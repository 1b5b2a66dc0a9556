import { randomOrder, STREAM } from '../backend/random.js';
import type { Csr } from '../data/csr.js';
import {
  type BatchColumns,
  batchColumns,
  type ColumnMemory,
  type Window,
  type WindowCapacity,
  windows,
} from './batches.js';

/** All that the batches of a training follow from. */
export interface PlanSpec {
  /** Users x items; values of its own do not count. */
  readonly histories: Csr;
  /** f32[nnz], the inputs; all 1 where absent. */
  readonly values: Float32Array | undefined;
  /** Users a step, at most `histories.rows`. */
  readonly batch: number;
  readonly seed: number;
  readonly capacity: WindowCapacity;
}

/** A window of an epoch, ready to be uploaded. */
export interface PlannedWindow extends Window, BatchColumns {
  /** u32[users]: who comes when in the whole epoch. */
  readonly order: Uint32Array;
  /** Whether the epoch ends with this window. */
  readonly last: boolean;
}

/** Hands out the windows of a training, in order or starting again at any epoch. */
export interface Planner {
  /** Window `index` of an epoch, both from 0; its arrays are the caller's until the next call. One call at a time. */
  window(epoch: number, index: number): Promise<PlannedWindow>;
  dispose(): void;
}

/** The windows of a training: a pure function of the spec, the epoch and the index, on whatever thread. */
export class Plan {
  #epoch = -1;
  #order: Uint32Array = new Uint32Array();
  #windows: Window[] = [];

  constructor(private readonly spec: PlanSpec) {}

  /** Window `index` of an epoch, its columns written into `memory`. */
  window(epoch: number, index: number, memory: ColumnMemory): PlannedWindow {
    const { histories, values, batch, seed, capacity } = this.spec;
    if (epoch !== this.#epoch) {
      this.#order = randomOrder(histories.rows, seed, STREAM.order, epoch);
      this.#windows = windows(histories, this.#order, batch, capacity);
      this.#epoch = epoch;
    }
    const window = this.#windows[index];
    return {
      ...window,
      ...batchColumns(histories, values, this.#order, batch, window, memory),
      order: this.#order,
      last: index === this.#windows.length - 1,
    };
  }
}

/** Room for the columns of any window. */
export const columnMemory = ({ starts, entries }: WindowCapacity): ColumnMemory => ({
  starts: new Uint32Array(starts),
  entries: new Uint32Array(entries),
});

/** Plans on the thread of the caller, when it asks. */
export function inlinePlanner(spec: PlanSpec): Planner {
  const plan = new Plan(spec);
  const memory = columnMemory(spec.capacity);
  return {
    window: async (epoch, index) => plan.window(epoch, index, memory),
    dispose: () => {},
  };
}
