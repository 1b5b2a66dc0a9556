import type { Backend, Tensor } from '../backend/backend.js';
import { consecutive, type DeviceRows, uploadRows } from '../backend/sparse.js';
import type { EvaluationSet } from '../data/splitTypes.js';
import { throwIfAborted } from '../errors.js';
import type { Model } from '../model/model.js';
import type { Ranks } from './ties.js';

/** Users scored in one batch: their scores take 4 * BATCH * items bytes. */
const BATCH = 128;

/**
 * Ranks the held-out items of an evaluation set among all items that their users have not seen, on the
 * backend: only the ranks are read back. Histories and held-out items stay resident for the next call.
 */
export class Ranker {
  readonly #history: DeviceRows;
  readonly #heldOut: DeviceRows;
  readonly #rows: Tensor;
  readonly #scores: Tensor;
  readonly #ranks: Tensor;
  readonly #candidates: Uint32Array;

  constructor(
    private readonly backend: Backend,
    private readonly model: Model,
    private readonly set: EvaluationSet,
    batch = BATCH,
  ) {
    const { history, heldOut } = set;
    this.#history = uploadRows(backend, history, model.inputValues(history));
    this.#heldOut = uploadRows(backend, heldOut);
    this.#rows = consecutive(backend, history.rows);
    this.#scores = backend.zeros('f32', [Math.min(batch, Math.max(1, history.rows)), model.items]);
    this.#ranks = backend.zeros('u32', [Math.max(1, 3 * heldOut.indices.length)]);
    this.#candidates = Uint32Array.from(
      { length: history.rows },
      (_, u) => history.columns - (history.indptr[u + 1] - history.indptr[u]),
    );
  }

  /** Exact ranks of every held-out item; ABORTED when the signal is raised. */
  async ranks(signal?: AbortSignal): Promise<Ranks> {
    const { backend, model, set } = this;
    const [capacity] = this.#scores.shape;
    for (let first = 0; first < set.history.rows; first += capacity) {
      throwIfAborted(signal);
      const count = Math.min(capacity, set.history.rows - first);
      const batch = { rows: this.#rows, first, count, consecutive: true } as const;
      model.score(this.#history, batch, this.#scores);
      backend.rankOf({
        scores: this.#scores,
        seen: this.#history,
        heldOut: this.#heldOut,
        batch,
        ranks: this.#ranks,
        firstEntry: 0,
      });
      await backend.throttle();
    }
    const counts = (await backend.read(this.#ranks)) as Uint32Array;
    return {
      indptr: set.heldOut.indptr,
      counts: counts.subarray(0, 3 * set.heldOut.indices.length),
      candidates: this.#candidates,
    };
  }

  dispose(): void {
    this.#history.free();
    this.#heldOut.free();
    for (const tensor of [this.#rows, this.#scores, this.#ranks]) tensor.free();
  }
}
