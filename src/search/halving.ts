/** Of the trials that reach a rung, one in so many goes on. */
const KEPT = 3;

/** A trial's best validation when it had trained so many epochs. */
export interface RungValue {
  readonly epoch: number;
  readonly value: number;
}

/**
 * Asynchronous successive halving (Li et al. 2020, "A system for massively parallel hyperparameter tuning"), the variant
 * that stops trials instead of pausing them: at epochs 4, 12, 36, ... a trial goes on if it is among the best third of
 * those that have been there before it. The first is always among them.
 */
export class Halving {
  readonly #rungs = new Map<number, number[]>();

  /** The epochs at which trials are compared. */
  static isRung(epoch: number): boolean {
    for (let rung = 4; rung <= epoch; rung *= KEPT) if (rung === epoch) return true;
    return false;
  }

  /** Notes a trial's value at a rung, and says whether it goes on. */
  goesOn({ epoch, value }: RungValue): boolean {
    const values = this.#rungs.get(epoch) ?? [];
    values.push(value);
    this.#rungs.set(epoch, values);
    const better = values.filter((other) => other > value).length;
    return better < Math.max(1, Math.floor(values.length / KEPT));
  }
}
