import { columnCounts } from '../csr.js';
import type { Interactions } from '../interactions.js';
import type { Split } from '../splitTypes.js';
import { type Leak, quoted } from './leak.js';

/**
 * Partial correlation from which a column knows more of what comes than anything known before does. On public logs
 * (test/data/leaks.test.ts) counts over the whole log reach .9 to 1, dates of release and prices stay below .4.
 */
const SUSPICIOUS = 0.6;
/** With fewer items it may be chance. */
const FEWEST_ITEMS = 30;

/** Numbers that describe items, by index of the interactions' items; NaN where the column says nothing. */
export interface ItemColumn {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

/**
 * Columns of item attributes that predict how often an item occurs outside the training part better than its popularity in
 * training explains. So are sales, ratings or dates that were counted up after the cut.
 */
export function columnLeaks(split: Split, { matrix }: Interactions, columns: readonly ItemColumn[]): Leak[] {
  const trained = columnCounts(split.train);
  const inAll = columnCounts(matrix);
  return columns.flatMap(({ name, values }) => {
    const known = Array.from(split.itemIndices.keys()).filter((item) =>
      Number.isFinite(values[split.itemIndices[item]]),
    );
    if (known.length < FEWEST_ITEMS) return [];
    const of = (value: (item: number) => number) => Float64Array.from(known, value);
    const correlation = knowledge(
      of((item) => values[split.itemIndices[item]]),
      of((item) => inAll[split.itemIndices[item]] - trained[item]),
      of((item) => trained[item]),
    );
    if (correlation < SUSPICIOUS) return [];
    return [
      {
        kind: 'column' as const,
        message:
          `${split.name} split: the item column ${quoted(name)} knows what is not in the training part (partial correlation ` +
          `${correlation.toFixed(2)} with how often an item occurs there, given its popularity in training)`,
        remedy: `Leave the column out (--attribute ${name}=unused), or compute it from what was known before the cut.`,
        details: { column: name, correlation },
      },
    ];
  });
}

/**
 * The largest absolute partial correlation of x and y given z: of the numbers, of their logarithms, of their ranks, and of x
 * with whether y is above 0.
 */
function knowledge(x: Float64Array, y: Float64Array, z: Float64Array): number {
  const log = (values: Float64Array) => values.map((value) => Math.sign(value) * Math.log1p(Math.abs(value)));
  const found = y.map((count) => Math.min(count, 1));
  return Math.max(
    partial(x, y, z),
    partial(log(x), log(y), log(z)),
    partial(ranks(x), ranks(y), ranks(z)),
    partial(x, found, log(z)),
  );
}

function partial(x: Float64Array, y: Float64Array, z: Float64Array): number {
  const [xy, xz, yz] = [correlationOf(x, y), correlationOf(x, z), correlationOf(y, z)];
  const left = (1 - xz * xz) * (1 - yz * yz);
  // A column that is the popularity itself, or says nothing, knows nothing more.
  return left > 1e-9 ? Math.abs((xy - xz * yz) / Math.sqrt(left)) : 0;
}

function correlationOf(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/** Ranks from 0, equal values sharing their mean. */
function ranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  const ranked = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let i = start; i < end; i++) ranked[order[i]] = (start + end - 1) / 2;
    start = end;
  }
  return ranked;
}
