import { type DuplicatePolicy, mergePair } from './duplicates.js';
import type { LogRows } from './logRows.js';

/** The distinct (user, item) pairs of a log, in the log's own numbers. Every array has `count` entries. */
export interface Pairs {
  readonly count: number;
  readonly user: Uint32Array;
  readonly item: Uint32Array;
  readonly value: Float64Array;
  /** Time of the pair's last row. */
  readonly timeSec?: Float64Array;
}

/** Merges the rows of each pair. `least`: under `count` and `binary`, rows of a smaller value do not count. */
export function mergeRows(rows: LogRows, policy: DuplicatePolicy, least: number): Pairs {
  const { user, item, count } = rows;
  const order = orderBy(user, rows.userIds.length, orderBy(item, rows.itemIds.length, indices(count)));
  const pairs = {
    user: new Uint32Array(count),
    item: new Uint32Array(count),
    value: new Float64Array(count),
    timeSec: rows.timeSec && new Float64Array(count),
  };
  let n = 0;
  for (let from = 0; from < count; n++) {
    const row = order[from];
    let to = from + 1;
    while (to < count && user[order[to]] === user[row] && item[order[to]] === item[row]) to++;
    pairs.user[n] = user[row];
    pairs.item[n] = item[row];
    pairs.value[n] = mergePair(policy, rows, order, from, to, least);
    if (rows.timeSec && pairs.timeSec) {
      let last = rows.timeSec[row];
      for (let e = from + 1; e < to; e++) last = Math.max(last, rows.timeSec[order[e]]);
      pairs.timeSec[n] = last;
    }
    from = to;
  }
  return {
    count: n,
    user: pairs.user.slice(0, n),
    item: pairs.item.slice(0, n),
    value: pairs.value.slice(0, n),
    timeSec: pairs.timeSec?.slice(0, n),
  };
}

/** `order` sorted by keys[order[e]] < size; equal keys stay as they were. A counting sort. */
export function orderBy(keys: ArrayLike<number>, size: number, order: Uint32Array): Uint32Array {
  const starts = new Uint32Array(size + 1);
  for (const e of order) starts[keys[e] + 1]++;
  for (let k = 0; k < size; k++) starts[k + 1] += starts[k];
  const sorted = new Uint32Array(order.length);
  for (const e of order) sorted[starts[keys[e]]++] = e;
  return sorted;
}

/** 0 .. count - 1 */
export function indices(count: number): Uint32Array {
  const all = new Uint32Array(count);
  for (let i = 0; i < count; i++) all[i] = i;
  return all;
}
