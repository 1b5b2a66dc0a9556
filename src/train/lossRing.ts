import type { Backend, Tensor } from '../backend/backend.js';
import { FoldinError } from '../errors.js';

const SLOTS = 64;

/**
 * The losses of the steps, kept on the device and read back every 64 steps while the next ones run: the
 * host learns of a loss without ever waiting for the step that made it.
 */
export class LossRing {
  readonly tensor: Tensor;
  #firstStep = 0;
  #filled = 0;
  #reading: Promise<void> | undefined;
  #sum = 0;

  constructor(
    private readonly backend: Backend,
    /** Says where a step is, for the error of one whose loss is not finite. */
    private readonly place: (step: number) => string,
  ) {
    this.tensor = backend.zeros('f32', [SLOTS]);
  }

  /** Where the next step's loss goes. */
  get slot(): number {
    return this.#filled;
  }

  /** To be called after each step that wrote to `slot`; waits only for the reading before the last. */
  async recorded(): Promise<void> {
    if (++this.#filled === SLOTS) await this.#read();
  }

  async #read(): Promise<void> {
    await this.#reading;
    const count = this.#filled;
    const firstStep = this.#firstStep;
    this.#firstStep += count;
    this.#filled = 0;
    if (count === 0) return;
    this.#reading = this.backend.read(this.tensor).then((losses) => {
      for (let i = 0; i < count; i++) {
        if (!Number.isFinite(losses[i])) throw diverged(this.place(firstStep + i));
        this.#sum += losses[i];
      }
    });
    // An error is thrown where the reading is awaited; until then nobody else is to hear of it.
    this.#reading.catch(() => {});
  }

  /** Ends an epoch: the sum of its losses. DIVERGED when one was not finite. */
  async drain(): Promise<number> {
    await this.#read();
    await this.#reading;
    const sum = this.#sum;
    this.#sum = 0;
    return sum;
  }

  /** Numbers the next step. */
  startAt(step: number): void {
    this.#firstStep = step;
  }

  dispose(): void {
    this.tensor.free();
  }
}

const diverged = (place: string): FoldinError =>
  new FoldinError('DIVERGED', `the loss stopped being a finite number ${place}`, {
    remedy:
      'Train again with a lower learning rate (--lr), or resume from the last checkpoint with a lower one.',
  });
