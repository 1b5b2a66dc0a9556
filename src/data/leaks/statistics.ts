import { type Csr, columnCounts } from '../csr.js';
import { type Leak, quoted } from './leak.js';

/** Items that nobody trains on: then the vocabulary was made from more than the training part. */
export function vocabularyLeaks(train: Csr, items: readonly string[], place: string): Leak[] {
  const counts = columnCounts(train);
  const untrained = Array.from(counts.keys()).filter((item) => counts[item] === 0);
  if (untrained.length === 0) return [];
  return [
    {
      kind: 'statistics',
      message: `${place}: ${untrained.length} items of the vocabulary are in no training row, such as ${quoted(items[untrained[0]])}`,
      remedy: 'Make the vocabulary from the training part only.',
      details: { items: untrained.length, item: items[untrained[0]] },
    },
  ];
}

/** Popularity, u32 or f32[items], that is not that of the training part. */
export function popularityLeaks(
  popularity: ArrayLike<number>,
  train: Csr,
  items: readonly string[],
  place: string,
): Leak[] {
  const counts = columnCounts(train);
  const wrong = counts.findIndex((count, item) => Math.fround(count) !== Math.fround(popularity[item]));
  if (wrong < 0) return [];
  return [
    {
      kind: 'statistics',
      message:
        `${place}: the popularity of item ${quoted(items[wrong])} is ${popularity[wrong]}, ` +
        `but ${counts[wrong]} training users have it`,
      remedy: 'Count what is popular in the training part only.',
      details: { item: items[wrong], popularity: popularity[wrong], trained: counts[wrong] },
    },
  ];
}
