import type { Ranks } from '../../src/evaluate/ties.js';

/**
 * A second, slow implementation for small cases: every order of the tied items is written out, plain
 * metrics are taken of each order and averaged. It shares nothing with src/evaluate.
 */
export function slowMetric(
  name: string,
  k: number,
  scores: readonly number[],
  heldOut: readonly number[],
): number {
  const values = orders(scores).map((order) =>
    PLAIN[name](
      order.map((item) => heldOut.includes(item)),
      k,
    ),
  );
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** The order under the rule `index`. */
export function indexMetric(
  name: string,
  k: number,
  scores: readonly number[],
  heldOut: readonly number[],
): number {
  const order = scores.map((_, item) => item).sort((a, b) => scores[b] - scores[a] || a - b);
  return PLAIN[name](
    order.map((item) => heldOut.includes(item)),
    k,
  );
}

/** Counts as rankOf defines them, for one user who has seen nothing. */
export function countedRanks(scores: readonly number[], heldOut: readonly number[]): Ranks {
  const counts = heldOut.flatMap((target) => [
    scores.filter((score) => score > scores[target]).length,
    scores.filter((score, item) => score === scores[target] && item < target).length,
    scores.filter((score, item) => score === scores[target] && item !== target).length,
  ]);
  return {
    indptr: Uint32Array.of(0, heldOut.length),
    counts: Uint32Array.from(counts),
    candidates: Uint32Array.of(scores.length),
  };
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [first, ...rest]),
  );
}

function orders(scores: readonly number[]): number[][] {
  const levels = [...new Set(scores)].sort((a, b) => b - a);
  let all: number[][] = [[]];
  for (const level of levels) {
    const tied = scores.flatMap((score, item) => (score === level ? [item] : []));
    const within = permutations(tied);
    all = all.flatMap((before) => within.map((order) => [...before, ...order]));
  }
  return all;
}

const count = (relevant: readonly boolean[]): number => relevant.filter(Boolean).length;

/** Metrics of one ranking given as "is the item at rank r + 1 held out". */
const PLAIN: Record<string, (relevant: boolean[], k: number) => number> = {
  precision: (relevant, k) => count(relevant.slice(0, k)) / k,
  recall: (relevant, k) => count(relevant.slice(0, k)) / count(relevant),
  cappedRecall: (relevant, k) => count(relevant.slice(0, k)) / Math.min(k, count(relevant)),
  f1: (relevant, k) => {
    const precision = PLAIN.precision(relevant, k);
    const recall = PLAIN.recall(relevant, k);
    return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  },
  hitRate: (relevant, k) => (relevant.slice(0, k).includes(true) ? 1 : 0),
  ndcg: (relevant, k) => {
    const dcg = (list: boolean[]) =>
      list.slice(0, k).reduce((gain, hit, i) => gain + (hit ? Math.LN2 / Math.log(i + 2) : 0), 0);
    return dcg(relevant) / dcg([...relevant].sort((a, b) => Number(b) - Number(a)));
  },
  map: (relevant, k) => {
    const at = relevant.slice(0, k).map((hit, i) => (hit ? count(relevant.slice(0, i + 1)) / (i + 1) : 0));
    return at.reduce((total, value) => total + value, 0) / Math.min(k, count(relevant));
  },
  mrr: (relevant) => 1 / (relevant.indexOf(true) + 1),
  auc: (relevant) => {
    let right = 0;
    let pairs = 0;
    relevant.forEach((hit, i) => {
      relevant.forEach((other, j) => {
        if (!hit || other) return;
        pairs++;
        if (i < j) right++;
      });
    });
    return pairs === 0 ? 0.5 : right / pairs;
  },
};
