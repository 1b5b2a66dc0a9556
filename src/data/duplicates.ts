import type { LogRows, NumberColumn } from './logRows.js';

/** What the rows of one (user, item) pair become. */
export type DuplicatePolicy = 'sum' | 'last' | 'first' | 'max' | 'mean' | 'count' | 'binary';
export const DUPLICATE_POLICIES: readonly DuplicatePolicy[] = [
  'sum',
  'last',
  'first',
  'max',
  'mean',
  'count',
  'binary',
];

/**
 * The policy for a log that names none: `binary` without values; `last` for ratings, of which a later one
 * replaces an earlier; `sum` for amounts, which add up and net returns. The column's name tells which it is;
 * where it tells nothing, ratings are at most 20 distinct numbers, each a half or a whole from 0 to 10.
 */
export function defaultPolicy(rows: LogRows): DuplicatePolicy {
  if (!rows.value) return 'binary';
  const kind = rows.valueKind ?? (areRatings(rows.value) ? 'rating' : 'amount');
  return kind === 'rating' ? 'last' : 'sum';
}

function areRatings(values: NumberColumn): boolean {
  const distinct = new Set<number>();
  for (const value of values) {
    if (value < 0 || value > 10 || !Number.isInteger(2 * value)) return false;
    distinct.add(value);
    if (distinct.size > 20) return false;
  }
  return true;
}

/**
 * The number a pair gets from its rows (`order[from .. to]`, in the order of the file). Nothing here depends on
 * the order of lines, except `first` and `last` in a log without times. Rows of the same time: the larger
 * value wins. `sum` and `mean` add in the order of size, since float addition depends on order.
 * `count` and `binary` look only at rows with a positive value of at least `least`.
 */
export function mergePair(
  policy: DuplicatePolicy,
  rows: LogRows,
  order: Uint32Array,
  from: number,
  to: number,
  least = Number.NEGATIVE_INFINITY,
): number {
  const value = (e: number) => rows.value?.[order[e]] ?? 1;
  if (to - from === 1 && policy !== 'count' && policy !== 'binary') return value(from);
  switch (policy) {
    case 'sum':
      return sortedSum(value, from, to);
    case 'mean':
      return sortedSum(value, from, to) / (to - from);
    case 'max': {
      let max = value(from);
      for (let e = from + 1; e < to; e++) max = Math.max(max, value(e));
      return max;
    }
    case 'first':
    case 'last': {
      const direction = policy === 'last' ? 1 : -1;
      let best = from;
      for (let e = from + 1; e < to; e++) {
        const later = rows.timeSec
          ? direction * (rows.timeSec[order[e]] - rows.timeSec[order[best]]) || value(e) - value(best)
          : direction;
        if (later > 0) best = e;
      }
      return value(best);
    }
    case 'count':
    case 'binary': {
      let count = 0;
      for (let e = from; e < to; e++) if (value(e) > 0 && value(e) >= least) count++;
      return policy === 'count' ? count : Math.min(count, 1);
    }
  }
}

function sortedSum(value: (e: number) => number, from: number, to: number): number {
  const values = Float64Array.from({ length: to - from }, (_, n) => value(from + n)).sort();
  return values.reduce((sum, v) => sum + v, 0);
}
