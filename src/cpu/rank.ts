import { mismatch } from '../backend/check.js';
import { MASKED, NO_ITEM, NOT_FINITE, type Ops, type SparseRows } from '../backend/ops.js';
import { type Floats, floats, integers } from './tensor.js';

export const topK: Ops['topK'] = (args) => {
  const scores = floats(args.scores);
  const allowed = integers(args.allowed);
  const topItems = integers(args.topItems);
  const topScores = floats(args.topScores);
  const rows = integers(args.batch.rows);
  const items = args.scores.shape[1];
  const k = args.topItems.shape[1];
  const { firstItem = 0 } = args;
  topItems.fill(NO_ITEM);
  topScores.fill(MASKED);

  for (let b = 0; b < args.batch.count; b++) {
    const row = scores.subarray(b * items, (b + 1) * items);
    maskSeen(row, args.seen, rows[args.batch.first + b], firstItem);
    for (let i = 0; i < items; i++) {
      const item = firstItem + i;
      if (((allowed[item >>> 5] >>> (item & 31)) & 1) === 0) row[i] = MASKED;
    }
    if (!row.every(Number.isFinite)) {
      topItems.fill(NOT_FINITE, b * k, (b + 1) * k);
      continue;
    }
    best(row, k).forEach((column, place) => {
      topItems[b * k + place] = firstItem + column;
      topScores[b * k + place] = row[column];
    });
  }
};

export const scoresOf: Ops['scoresOf'] = (args) => {
  const scores = floats(args.scores);
  const indptr = integers(args.heldOut.indptr);
  const indices = integers(args.heldOut.indices);
  const rows = integers(args.batch.rows);
  const out = floats(args.out);
  const items = args.scores.shape[1];
  const { firstItem = 0 } = args;

  for (let b = 0; b < args.batch.count; b++) {
    const user = rows[args.batch.first + b];
    for (let e = indptr[user]; e < indptr[user + 1]; e++) {
      const column = indices[e] - firstItem;
      if (column >= 0 && column < items) out[e - args.firstEntry] = scores[b * items + column];
    }
  }
};

export const rankOf: Ops['rankOf'] = (args) => {
  const scores = floats(args.scores);
  const heldOutScores = floats(args.heldOutScores);
  const indptr = integers(args.heldOut.indptr);
  const indices = integers(args.heldOut.indices);
  const ranks = integers(args.ranks);
  const rows = integers(args.batch.rows);
  const items = args.scores.shape[1];
  const { firstItem = 0 } = args;

  for (let b = 0; b < args.batch.count; b++) {
    const user = rows[args.batch.first + b];
    const row = scores.subarray(b * items, (b + 1) * items);
    maskSeen(row, args.seen, user, firstItem);
    const finite = row.every(Number.isFinite);
    for (let e = indptr[user]; e < indptr[user + 1]; e++) {
      const at = 3 * (e - args.firstEntry);
      if (!(at >= 0 && at + 3 <= ranks.length)) {
        throw mismatch('rankOf', 'ranks', 'u32[3 * held-out entries of the batch]', `u32[${ranks.length}]`);
      }
      const before = firstItem > 0 ? ranks.slice(at, at + 3) : [0, 0, 0];
      const isSound = finite && before[0] !== NO_ITEM;
      const counts = rankIn(row, heldOutScores[e - args.firstEntry], indices[e] - firstItem);
      ranks.set(isSound ? counts.map((count, i) => before[i] + count) : [NO_ITEM, NO_ITEM, NO_ITEM], at);
    }
  }
};

/**
 * How many columns score above, the same at a lower index than `item`, the same in all; `item` itself, which may be
 * beyond the row, does not count. Masked items are below all.
 */
function rankIn(row: Floats, score: number, item: number): [above: number, tiedBefore: number, tied: number] {
  let above = 0;
  let tiedBefore = 0;
  let tied = 0;
  for (let i = 0; i < row.length; i++) {
    if (row[i] > score) above++;
    else if (row[i] === score && i !== item) {
      tied++;
      if (i < item) tiedBefore++;
    }
  }
  return [above, tiedBefore, tied];
}

function maskSeen(row: Floats, seen: SparseRows, user: number, firstItem: number): void {
  const indptr = integers(seen.indptr);
  const indices = integers(seen.indices);
  for (let e = indptr[user]; e < indptr[user + 1]; e++) {
    const column = indices[e] - firstItem;
    if (column >= 0 && column < row.length) row[column] = MASKED;
  }
}

/** The k best unmasked items, best first, by a heap of at most k with the worst of them on top. */
function best(row: Floats, k: number): number[] {
  const worse = (a: number, b: number): boolean => row[a] < row[b] || (row[a] === row[b] && a > b);
  const heap: number[] = [];
  for (let item = 0; item < row.length; item++) {
    if (!(row[item] > MASKED)) continue;
    if (heap.length < k) {
      heap.push(item);
      siftUp(heap, worse);
    } else if (k > 0 && worse(heap[0], item)) {
      heap[0] = item;
      siftDown(heap, worse);
    }
  }
  return heap.sort((a, b) => (worse(a, b) ? 1 : -1));
}

function siftUp(heap: number[], before: (a: number, b: number) => boolean): void {
  for (let at = heap.length - 1; at > 0; ) {
    const parent = (at - 1) >> 1;
    if (!before(heap[at], heap[parent])) return;
    [heap[at], heap[parent]] = [heap[parent], heap[at]];
    at = parent;
  }
}

function siftDown(heap: number[], before: (a: number, b: number) => boolean): void {
  for (let at = 0; ; ) {
    let first = at;
    for (let child = 2 * at + 1; child <= 2 * at + 2; child++) {
      if (child < heap.length && before(heap[child], heap[first])) first = child;
    }
    if (first === at) return;
    [heap[at], heap[first]] = [heap[first], heap[at]];
    at = first;
  }
}
