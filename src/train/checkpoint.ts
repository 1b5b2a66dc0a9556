import type { Stored } from '../backend/stored.js';
import type { Tuning } from '../backend/tuning.js';
import type { CurvePoint } from './curve.js';

/** All that training needs to go on as if it had never stopped. Taken between epochs. */
export interface Checkpoint {
  /** Epochs done. */
  readonly epoch: number;
  /** Steps done. */
  readonly step: number;
  readonly bestEpoch: number;
  /** ndcg@100 of the best epoch; -1 before the first validation. */
  readonly bestScore: number;
  /** What was measured at the best epoch. */
  readonly bestValidation: Record<string, number> | undefined;
  /** Validations since the best epoch. */
  readonly stale: number;
  /** Losses and validations of all epochs so far. */
  readonly curve: readonly CurvePoint[];
  /** The adapter it was made on, and how that computed products: the same again gives the same bytes. */
  readonly madeOn?: { readonly adapter: string; readonly tuning: Tuning };
  /** Weights, optimiser state ("optimiser.NAME") and best weights ("best.NAME"), by name. */
  readonly tensors: ReadonlyMap<string, { shape: readonly number[]; values: Float32Array }>;
}

/** The tensors a checkpoint holds, under its names. */
export function checkpointTensors(
  weights: ReadonlyMap<string, Stored>,
  optimiser: ReadonlyMap<string, Stored>,
  best: ReadonlyMap<string, Stored>,
): Map<string, Stored> {
  const prefixed = (prefix: string, tensors: ReadonlyMap<string, Stored>) =>
    [...tensors].map(([name, tensor]): [string, Stored] => [`${prefix}${name}`, tensor]);
  return new Map([...weights, ...prefixed('optimiser.', optimiser), ...prefixed('best.', best)]);
}
