import { type Csr, columnCounts } from './csr.js';
import type { EvaluationSet, Split } from './splitTypes.js';

/** Weights that depend on how common an item is among the training users. */
export type CorpusWeight = 'tfidf' | 'bm25';
export const CORPUS_WEIGHTS: readonly CorpusWeight[] = ['tfidf', 'bm25'];

/** What weights need to know of the training part, and of nothing else. */
export interface Weighing {
  readonly rule: CorpusWeight;
  /** f32[items] */
  readonly idf: Float32Array;
  /** Mean over training users of the sum of a history's values. */
  readonly meanLength: number;
}

const K1 = 1.2;
const B = 0.75;

/**
 * N training users, n of them with the item. `tfidf`: idf = ln((1 + N) / (1 + n)) + 1, as scikit-learn smooths it; `bm25`:
 * idf = ln(1 + (N - n + 1/2) / (n + 1/2)) (Robertson & Zaragoza 2009, kept above 0 by the 1 as in Lucene).
 */
export function weighingOf(train: Csr, rule: CorpusWeight): Weighing {
  const users = train.rows;
  const idf = Float32Array.from(columnCounts(train), (n) =>
    rule === 'tfidf' ? Math.log((1 + users) / (1 + n)) + 1 : Math.log1p((users - n + 0.5) / (n + 0.5)),
  );
  let total = 0;
  for (let e = 0; e < train.indices.length; e++) total += train.values?.[e] ?? 1;
  return { rule, idf, meanLength: total / Math.max(1, users) };
}

/**
 * Histories whose values, the term frequencies tf, have become weights: `tfidf` tf idf; `bm25`
 * idf tf (k1 + 1) / (tf + k1 (1 - b + b length / mean length)), k1 = 1.2, b = 0.75.
 */
export function weighed(histories: Csr, { rule, idf, meanLength }: Weighing): Csr {
  const { indptr, indices, values } = histories;
  const weights = new Float32Array(indices.length);
  for (let row = 0; row < histories.rows; row++) {
    let length = 0;
    for (let e = indptr[row]; e < indptr[row + 1]; e++) length += values?.[e] ?? 1;
    for (let e = indptr[row]; e < indptr[row + 1]; e++) {
      const tf = values?.[e] ?? 1;
      const saturated =
        rule === 'tfidf' ? tf : (tf * (K1 + 1)) / (tf + K1 * (1 - B + (B * length) / meanLength));
      weights[e] = saturated * idf[indices[e]];
    }
  }
  return { ...histories, values: weights };
}

/** A split whose histories are weighed by its own training part. What is held out stays as it was. */
export function weighedSplit(split: Split, weighing: Weighing): Split {
  const part = (set: EvaluationSet): EvaluationSet => ({ ...set, history: weighed(set.history, weighing) });
  return {
    ...split,
    train: weighed(split.train, weighing),
    validation: part(split.validation),
    test: part(split.test),
  };
}
