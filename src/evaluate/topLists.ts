import type { Backend } from '../backend/backend.js';
import { consecutive, uploadRows } from '../backend/sparse.js';
import { type Csr, selectRows } from '../data/csr.js';
import { throwIfAborted } from '../errors.js';
import type { Model } from '../model/model.js';

/** Users scored in one batch. */
const BATCH = 128;

export interface ListRequest {
  /** What goes into the model: one row a list. */
  readonly histories: Csr;
  /** What must not come out, row by row; the histories where absent. */
  readonly seen?: Csr;
  /** Bit i % 32 of word i / 32 for item i: the only items that may come out; all where absent. */
  readonly allowed?: Uint32Array;
  readonly k: number;
  readonly signal?: AbortSignal;
}

/** u32 and f32[rows, k], best first; NO_ITEM and MASKED beyond the last item, NOT_FINITE where scores are broken. */
export interface Lists {
  readonly items: Uint32Array;
  readonly scores: Float32Array | Float64Array;
}

/** The k best items of every row, found on the backend; the scores themselves are never read back. */
export async function topLists(backend: Backend, model: Model, request: ListRequest): Promise<Lists> {
  const { histories, k, signal } = request;
  const items = new Uint32Array(histories.rows * k);
  const scores = new Float32Array(histories.rows * k);
  const allowed = backend.tensor(request.allowed ?? allItems(model.items));
  try {
    for (let first = 0; first < histories.rows; first += BATCH) {
      throwIfAborted(signal);
      const count = Math.min(BATCH, histories.rows - first);
      const rows = Uint32Array.from({ length: count }, (_, i) => first + i);
      const mine = selectRows(histories, rows);
      const input = uploadRows(backend, mine, model.inputValues(mine));
      const seen = request.seen ? uploadRows(backend, selectRows(request.seen, rows)) : input;
      const batch = { rows: consecutive(backend, count), first: 0, count };
      const all = backend.zeros('f32', [count, model.items]);
      const topItems = backend.zeros('u32', [count, k]);
      const topScores = backend.zeros('f32', [count, k]);
      try {
        model.score(input, batch, all);
        backend.topK({ scores: all, seen, batch, allowed, topItems, topScores });
        items.set((await backend.read(topItems)) as Uint32Array, first * k);
        scores.set(await backend.read(topScores), first * k);
      } finally {
        input.free();
        if (seen !== input) seen.free();
        for (const tensor of [batch.rows, all, topItems, topScores]) tensor.free();
      }
    }
  } finally {
    allowed.free();
  }
  return { items, scores };
}

/** Every bit set. */
const allItems = (items: number): Uint32Array => new Uint32Array(Math.ceil(items / 32)).fill(0xffffffff);

/** The bits of the given items. */
export function itemBits(chosen: Iterable<number>, items: number): Uint32Array {
  const bits = new Uint32Array(Math.ceil(items / 32));
  for (const item of chosen) bits[item >> 5] |= 1 << (item & 31);
  return bits;
}
