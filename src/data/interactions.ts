import type { Csr } from './csr.js';
import type { Vocabulary } from './vocabulary.js';
import type { CorpusWeight } from './weighing.js';

/** A cleaned log: who had how much to do with what. Every (user, item) pair stands once. */
export interface Interactions {
  readonly users: Vocabulary;
  readonly items: Vocabulary;
  /** users x items; `values` is the weight of a pair, absent when every weight is 1. */
  readonly matrix: Csr;
  /**
   * The values are still to be weighed, when it is known what is trained on: only that may be counted. See weighing.ts.
   */
  readonly corpusWeight?: CorpusWeight;
  /** f64[nnz], seconds since 1970 of the pair's last event; absent when the log has no times. */
  readonly timeSec?: Float64Array;
  /** `timeSec` holds the log's own order numbers: what came before what, but not when. */
  readonly timeIsOrder?: boolean;
  /** Titles by item index, where the log or an item file gave them. */
  readonly titles?: readonly (string | undefined)[];
}
