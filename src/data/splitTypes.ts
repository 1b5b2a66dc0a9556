import type { Csr } from './csr.js';
import type { Leak } from './leaks/leak.js';

/** Users to score: what the model sees of each (`history`) and what it must find (`heldOut`). Same rows, same columns. */
export interface EvaluationSet {
  readonly history: Csr;
  readonly heldOut: Csr;
  /** What is not ranked, as the user has had it; the history where absent. */
  readonly seen?: Csr;
  /** u32[rows], the user of each row as an index of the interactions the set was cut from. */
  readonly users?: Uint32Array;
  /** Users left out because nothing in their history is known, and because nothing known is held out. */
  readonly cold?: number;
  readonly skipped?: number;
}

/** What a protocol had to leave out; printed with every figure. */
export interface Dropped {
  /** Users of the validation or test part that cannot be scored (cold or skipped); each once. */
  readonly users: number;
  /** Interactions that ended up in no part. */
  readonly interactions: number;
  /** Items that do not occur in the training part. */
  readonly coldItems: number;
}

/** One protocol's parts, all over the item indices of `items` (a sorted vocabulary of the training part). */
export interface Split {
  readonly name: 'heldOutUsers' | 'globalTime' | 'leaveLastOut' | 'random' | 'given';
  readonly seed: number;
  /** Vocabulary index (in the interactions' items) of each item of the training part. */
  readonly itemIndices: Uint32Array;
  readonly train: Csr;
  /** u32[train.rows], the user of each row of `train`, likewise. */
  readonly trainUsers?: Uint32Array;
  readonly validation: EvaluationSet;
  readonly test: EvaluationSet;
  readonly dropped: Dropped;
  /** Leaks that were allowed; figures of such a split are worth nothing. */
  readonly leaks?: readonly Leak[];
}
