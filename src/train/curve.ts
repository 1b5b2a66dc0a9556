import type { EpochEvent } from '../events.js';

/** A point of the training curve, as checkpoints and model files keep it. */
export interface CurvePoint {
  readonly epoch: number;
  readonly loss: number;
  readonly validation?: Readonly<Record<string, number>>;
}

export const curvePoint = ({ epoch, loss, validation }: EpochEvent): CurvePoint => ({
  epoch,
  loss,
  ...(validation && { validation }),
});
