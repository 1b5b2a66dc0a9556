import type { Backend, Tensor } from '../backend/backend.js';
import { consecutive, freeAll, uploadRows } from '../backend/sparse.js';
import { type Csr, selectRows } from '../data/csr.js';
import { throwIfAborted } from '../errors.js';
import type { Model } from '../model/model.js';
import { type BlockLists, mergeLists } from './mergeLists.js';
import { Scores } from './scores.js';

/** Users whose histories are on the device at once. */
const CHUNK = 4096;

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

/** Room for the lists of a batch among one block of items. */
interface BlockTop {
  readonly topItems: Tensor;
  readonly topScores: Tensor;
}

/**
 * The k best items of every row, found on the backend, block by block where the model has several; the scores
 * themselves are never read back. Batches follow each other without waiting for the lists of the one before.
 */
export async function topLists(backend: Backend, model: Model, request: ListRequest): Promise<Lists> {
  const { histories, k } = request;
  const lists = { items: new Uint32Array(histories.rows * k), scores: new Float32Array(histories.rows * k) };
  const scores = new Scores(backend, model, Math.max(1, histories.rows));
  const allowed = backend.tensor(request.allowed ?? allItems(model.items));
  const tops = scores.blocks.map(({ count }): BlockTop => {
    const shape = [scores.batch, Math.min(k, count)];
    return { topItems: backend.zeros('u32', shape), topScores: backend.zeros('f32', shape) };
  });
  try {
    for (let first = 0; first < histories.rows; first += CHUNK) {
      const rows = Uint32Array.from({ length: Math.min(CHUNK, histories.rows - first) }, (_, i) => first + i);
      await chunk(backend, model, request, { rows, allowed, scores, tops, lists });
    }
  } finally {
    scores.free();
    freeAll([allowed, ...tops.flatMap(({ topItems, topScores }) => [topItems, topScores])]);
  }
  return lists;
}

interface Chunk {
  readonly rows: Uint32Array;
  readonly allowed: Tensor;
  readonly scores: Scores;
  /** One a block of `scores`. */
  readonly tops: readonly BlockTop[];
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
  const { scores, allowed, tops } = into;
  const reading: Promise<unknown>[] = [];
  try {
    for (let first = 0; first < mine.rows; first += scores.batch) {
      throwIfAborted(signal);
      const count = Math.min(scores.batch, mine.rows - first);
      const batch = { rows, first, count, consecutive: true } as const;
      const found = scores.fill(input, batch).map((block, b) => {
        backend.topK({ scores: block.scores, firstItem: block.first, seen, batch, allowed, ...tops[b] });
        return readTop(backend, tops[b]);
      });
      const at = k * (into.rows[0] + first);
      const merged = Promise.all(found).then((blocks) => mergeLists(blocks, count, k, into.lists, at));
      reading.push(merged, ...found);
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

/** A copy is taken in order with the launches, so the next batch may overwrite the tensors at once. */
async function readTop(backend: Backend, { topItems, topScores }: BlockTop): Promise<BlockLists> {
  const [items, scores] = await Promise.all([backend.read(topItems), backend.read(topScores)]);
  return { width: topItems.shape[1], items, scores };
}

/** Every bit set. */
const allItems = (items: number): Uint32Array => new Uint32Array(Math.ceil(items / 32)).fill(0xffffffff);

/** The bits of the given items. */
export function itemBits(chosen: Iterable<number>, items: number): Uint32Array {
  const bits = new Uint32Array(Math.ceil(items / 32));
  for (const item of chosen) bits[item >> 5] |= 1 << (item & 31);
  return bits;
}
