import { type DuplicatePolicy, mergePair } from './duplicates.js';
import type { LogRows, NumberColumn } from './logRows.js';
import { sortedPlaces } from './vocabulary.js';

/**
 * The distinct (user, item) pairs of a log, in the log's own numbers, by user and then by item in the order of
 * `sortedPlaces`. Every array has `count` entries.
 */
export interface Pairs {
  readonly count: number;
  readonly user: Uint32Array;
  readonly item: Uint32Array;
  readonly value: NumberColumn;
  /** Time of the pair's last row. */
  readonly timeSec?: NumberColumn;
}

/** Merges the rows of each pair. `least`: under `count` and `binary`, rows of a smaller value do not count. */
export function mergeRows(rows: LogRows, policy: DuplicatePolicy, least: number): Pairs {
  const { count, value, timeSec, item } = rows;
  const pairs = {
    user: new Uint32Array(count),
    item: new Uint32Array(count),
    // Sums and means may need more digits than what they are of.
    value: policy === 'sum' || policy === 'mean' || !value ? new Float64Array(count) : like(value, count),
    timeSec: timeSec && like(timeSec, count),
  };
  const takesOne = policy !== 'count' && policy !== 'binary';
  const users = sortedPlaces(rows.userIds);
  const items = sortedPlaces(rows.itemIds);
  const itemRank = inverse(items);
  const { order, starts } = byRank(rows.user, inverse(users));
  const longest = starts.reduce((most, start, u) => Math.max(most, start - (starts[u - 1] ?? 0)), 0);
  const keys = new Float64Array(longest);
  const rowsOfUser = new Uint32Array(longest);
  let pair = 0;
  // Everything of a user is fetched once: rows in the order of a file lie far apart in memory.
  for (let u = 0; u < users.length; u++) {
    const start = starts[u];
    const length = starts[u + 1] - start;
    // Rank of the item and place of the row in one number, which sorts fast and keeps the order of equal ranks.
    for (let n = 0; n < length; n++) {
      const row = order[start + n];
      rowsOfUser[n] = row;
      keys[n] = itemRank[item[row]] * length + n;
    }
    const sorted = keys.subarray(0, length).sort();
    for (let n = 0; n < length; n++) order[start + n] = rowsOfUser[sorted[n] % length];
    for (let from = 0; from < length; pair++) {
      const rankOfItem = Math.floor(sorted[from] / length);
      let to = from + 1;
      while (to < length && sorted[to] < (rankOfItem + 1) * length) to++;
      const row = order[start + from];
      pairs.user[pair] = users[u];
      pairs.item[pair] = items[rankOfItem];
      if (takesOne && to === from + 1) pairs.value[pair] = value ? value[row] : 1;
      else pairs.value[pair] = mergePair(policy, rows, order, start + from, start + to, least);
      if (timeSec) {
        let last = timeSec[row];
        for (let n = from + 1; n < to; n++) last = Math.max(last, timeSec[order[start + n]]);
        pairs.timeSec![pair] = last;
      }
      from = to;
    }
  }
  return first(pairs, pair);
}

/** How many ids each one stands behind in sorted order: u32[ids]. */
function inverse(places: Uint32Array): Uint32Array {
  const ranks = new Uint32Array(places.length);
  for (let place = 0; place < places.length; place++) ranks[places[place]] = place;
  return ranks;
}

/** Rows by the rank of their number, equal ones as they were, and where the rows of each rank start: u32[ranks + 1]. */
function byRank(numbers: Uint32Array, rank: Uint32Array): { order: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(rank.length + 1);
  for (let row = 0; row < numbers.length; row++) starts[rank[numbers[row]] + 1]++;
  for (let r = 0; r < rank.length; r++) starts[r + 1] += starts[r];
  const next = starts.slice();
  const order = new Uint32Array(numbers.length);
  for (let row = 0; row < numbers.length; row++) order[next[rank[numbers[row]]]++] = row;
  return { order, starts };
}

const like = (column: NumberColumn, count: number): NumberColumn =>
  column instanceof Float64Array
    ? new Float64Array(count)
    : column instanceof Float32Array
      ? new Float32Array(count)
      : new Uint32Array(count);

/** The pairs whose `keep` is 1, in the memory of all of them, which are lost. */
export function compact(pairs: Pairs, keep: Uint8Array): Pairs {
  const { user, item, value, timeSec } = pairs;
  let n = 0;
  for (let p = 0; p < pairs.count; p++) {
    if (keep[p] === 0) continue;
    user[n] = user[p];
    item[n] = item[p];
    value[n] = value[p];
    if (timeSec) timeSec[n] = timeSec[p];
    n++;
  }
  return first(pairs, n);
}

function first({ user, item, value, timeSec }: Omit<Pairs, 'count'>, count: number): Pairs {
  return {
    count,
    user: user.subarray(0, count),
    item: item.subarray(0, count),
    value: value.subarray(0, count),
    timeSec: timeSec?.subarray(0, count),
  };
}

/**
 * `order` sorted by keys[order[e]] < size, or by the ranks of these; equal ones stay as they were. A counting sort.
 */
export function orderBy(
  keys: ArrayLike<number>,
  size: number,
  order: Uint32Array,
  ranks?: Uint32Array,
): Uint32Array {
  const starts = new Uint32Array(size + 1);
  const keyOf = (e: number) => (ranks ? ranks[keys[e]] : keys[e]);
  for (let n = 0; n < order.length; n++) starts[keyOf(order[n]) + 1]++;
  for (let k = 0; k < size; k++) starts[k + 1] += starts[k];
  const sorted = new Uint32Array(order.length);
  for (let n = 0; n < order.length; n++) sorted[starts[keyOf(order[n])]++] = order[n];
  return sorted;
}

/** 0 .. count - 1 */
export function indices(count: number): Uint32Array<ArrayBuffer> {
  const all = new Uint32Array(count);
  for (let i = 0; i < count; i++) all[i] = i;
  return all;
}
