import type { Backend, Tensor } from '../backend/backend.js';
import {
  type ConsecutiveRows,
  consecutive,
  type DeviceRows,
  freeAll,
  uploadRows,
} from '../backend/sparse.js';
import type { EvaluationSet } from '../data/splitTypes.js';
import { throwIfAborted } from '../errors.js';
import type { Model } from '../model/model.js';
import { Scores } from './scores.js';
import type { Ranks } from './ties.js';

/**
 * Ranks the held-out items of an evaluation set among all items that their users have not seen, on the
 * backend: only the ranks are read back. Histories and held-out items stay resident for the next call.
 */
export class Ranker {
  readonly #history: DeviceRows;
  readonly #seen: DeviceRows;
  readonly #heldOut: DeviceRows;
  readonly #rows: Tensor;
  readonly #scores: Scores;
  readonly #heldOutScores: Tensor;
  readonly #ranks: Tensor;
  readonly #candidates: Uint32Array;

  constructor(
    private readonly backend: Backend,
    model: Model,
    private readonly set: EvaluationSet,
  ) {
    const { history, heldOut, seen = history } = set;
    this.#history = uploadRows(backend, history, model.inputValues(history));
    this.#seen = seen === history ? this.#history : uploadRows(backend, seen);
    this.#heldOut = uploadRows(backend, heldOut);
    this.#rows = consecutive(backend, history.rows);
    this.#scores = new Scores(backend, model, history.rows, { together: true });
    this.#heldOutScores = backend.zeros('f32', [Math.max(1, heldOut.indices.length)]);
    this.#ranks = backend.zeros('u32', [Math.max(1, 3 * heldOut.indices.length)]);
    this.#candidates = Uint32Array.from(
      { length: seen.rows },
      (_, u) => seen.columns - (seen.indptr[u + 1] - seen.indptr[u]),
    );
  }

  /** Exact ranks of every held-out item; ABORTED when the signal is raised. */
  async ranks(signal?: AbortSignal): Promise<Ranks> {
    const { backend, set } = this;
    await this.#score(signal, (batch) => {
      const heldOut = { heldOut: this.#heldOut, batch, firstEntry: 0 };
      for (const { scores, first: firstItem } of this.#scores.blocks) {
        const [seen, heldOutScores] = [this.#seen, this.#heldOutScores];
        backend.rankOf({ ...heldOut, scores, firstItem, seen, heldOutScores, ranks: this.#ranks });
      }
    });
    const counts = (await backend.read(this.#ranks)) as Uint32Array;
    return {
      indptr: set.heldOut.indptr,
      counts: counts.subarray(0, 3 * set.heldOut.indices.length),
      candidates: this.#candidates,
    };
  }

  /** f64[entries]: the scores of the held-out items, in the order of their matrix. ABORTED. */
  async heldOutScores(signal?: AbortSignal): Promise<Float64Array> {
    await this.#score(signal);
    const scores = await this.backend.read(this.#heldOutScores);
    return Float64Array.from(scores.subarray(0, this.set.heldOut.indices.length));
  }

  /** Scores all rows, batch by batch, and keeps the scores of the held-out items; `then` sees each batch. */
  async #score(signal: AbortSignal | undefined, then?: (batch: ConsecutiveRows) => void): Promise<void> {
    const { backend, set } = this;
    const capacity = this.#scores.batch;
    for (let first = 0; first < set.history.rows; first += capacity) {
      throwIfAborted(signal);
      const count = Math.min(capacity, set.history.rows - first);
      const batch = { rows: this.#rows, first, count, consecutive: true } as const;
      const heldOut = { heldOut: this.#heldOut, batch, firstEntry: 0 };
      // A held-out item is compared with every block, so all of them are scored first.
      for (const { scores, first: firstItem } of this.#scores.of(this.#history, batch)) {
        backend.scoresOf({ ...heldOut, scores, firstItem, out: this.#heldOutScores });
      }
      then?.(batch);
      await backend.throttle();
    }
  }

  dispose(): void {
    this.#history.free();
    if (this.#seen !== this.#history) this.#seen.free();
    this.#heldOut.free();
    this.#scores.free();
    freeAll([this.#rows, this.#heldOutScores, this.#ranks]);
  }
}
