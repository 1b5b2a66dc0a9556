import type { Backend, Tensor } from '../backend/backend.js';
import { consecutive, uploadRows } from '../backend/sparse.js';
import { type Csr, selectRows } from '../data/csr.js';
import { throwIfAborted } from '../errors.js';
import type { Model } from '../model/model.js';

/** Users scored in one batch, and users whose histories are on the device at once. */
const BATCH = 128;
const CHUNK = 32 * BATCH;

export interface ListRequest {
  /** What goes into the model: one row a list. */
  readonly histories: Csr;
  /** What must not come out, row by row; the histories where absent. */
  readonly seen?: Csr;
  /** Bit i % 32 of word i / 32 for item i: the only items that may come out; all where absent. */
  readonly allowed?: Uint32Array;
  readonly k: number;
  /** The values of `histories` are the model's inputs as they are, not to be scaled again. */
  readonly asInputs?: boolean;
  readonly signal?: AbortSignal;
}

/** u32 and f32[rows, k], best first; NO_ITEM and MASKED beyond the last item, NOT_FINITE where scores are broken. */
export interface Lists {
  readonly items: Uint32Array;
  readonly scores: Float32Array | Float64Array;
}

/**
 * The k best items of every row, found on the backend; the scores themselves are never read back. Batches follow
 * each other without waiting for the lists of the one before.
 */
export async function topLists(backend: Backend, model: Model, request: ListRequest): Promise<Lists> {
  const { histories, k } = request;
  const lists = { items: new Uint32Array(histories.rows * k), scores: new Float32Array(histories.rows * k) };
  const batch = Math.min(BATCH, Math.max(1, histories.rows));
  const allowed = backend.tensor(request.allowed ?? allItems(model.items));
  const scores = backend.zeros('f32', [batch, model.items]);
  const topItems = backend.zeros('u32', [batch, k]);
  const topScores = backend.zeros('f32', [batch, k]);
  try {
    for (let first = 0; first < histories.rows; first += CHUNK) {
      const rows = Uint32Array.from({ length: Math.min(CHUNK, histories.rows - first) }, (_, i) => first + i);
      await chunk(backend, model, request, { rows, allowed, scores, topItems, topScores, lists });
    }
  } finally {
    for (const tensor of [allowed, scores, topItems, topScores]) tensor.free();
  }
  return lists;
}

interface Chunk {
  readonly rows: Uint32Array;
  readonly allowed: Tensor;
  readonly scores: Tensor;
  readonly topItems: Tensor;
  readonly topScores: Tensor;
  /** Where the lists go. */
  readonly lists: Lists;
}

async function chunk(
  backend: Backend,
  model: Model,
  { histories, k, signal, ...request }: ListRequest,
  into: Chunk,
) {
  const mine = selectRows(histories, into.rows);
  const input = uploadRows(backend, mine, request.asInputs ? mine.values : model.inputValues(mine));
  const seen = request.seen ? uploadRows(backend, selectRows(request.seen, into.rows)) : input;
  const rows = consecutive(backend, mine.rows);
  const { scores, allowed, topItems, topScores } = into;
  const reading: Promise<void>[] = [];
  try {
    for (let first = 0; first < mine.rows; first += scores.shape[0]) {
      throwIfAborted(signal);
      const count = Math.min(scores.shape[0], mine.rows - first);
      const batch = { rows, first, count, consecutive: true } as const;
      model.score(input, batch, scores);
      backend.topK({ scores, seen, batch, allowed, topItems, topScores });
      const at = k * (into.rows[0] + first);
      // A copy is taken in order with the launches, so the next batch may overwrite the tensors at once.
      const items = backend
        .read(topItems)
        .then((found) => into.lists.items.set(found.subarray(0, k * count), at));
      const best = backend
        .read(topScores)
        .then((found) => into.lists.scores.set(found.subarray(0, k * count), at));
      reading.push(items, best);
      await backend.throttle();
    }
    await Promise.all(reading);
  } finally {
    // Also those that an error has overtaken: none may fail with nobody listening.
    await Promise.allSettled(reading);
    input.free();
    if (seen !== input) seen.free();
    rows.free();
  }
}

/** Every bit set. */
const allItems = (items: number): Uint32Array => new Uint32Array(Math.ceil(items / 32)).fill(0xffffffff);

/** The bits of the given items. */
export function itemBits(chosen: Iterable<number>, items: number): Uint32Array {
  const bits = new Uint32Array(Math.ceil(items / 32));
  for (const item of chosen) bits[item >> 5] |= 1 << (item & 31);
  return bits;
}
