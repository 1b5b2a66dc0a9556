import type { Backend, Tensor } from '../backend/backend.js';
import { freeAll } from '../backend/sparse.js';
import type { GruConfig } from './gruConfig.js';

/** What running the units over so many positions takes. */
export interface GruSpace {
  readonly positions: number;
  /** f32[positions, embedding]: the embeddings of the items. */
  readonly x: Tensor;
  /** f32[positions, 3 hidden]: what they say to the gates. */
  readonly inputGates: Tensor;
  /** f32[positions, hidden] */
  readonly states: Tensor;
  /** As Ops.gruGatesForward leaves them for the backward pass. */
  readonly gates: Tensor;
  readonly recurrent: Tensor;
  readonly previous: Tensor;
}

export function gruSpace(backend: Backend, { hidden, embedding }: GruConfig, positions: number): GruSpace {
  const zeros = (columns: number) => backend.zeros('f32', [positions, columns]);
  return {
    positions,
    x: zeros(embedding),
    inputGates: zeros(3 * hidden),
    states: zeros(hidden),
    gates: zeros(3 * hidden),
    recurrent: zeros(hidden),
    previous: zeros(hidden),
  };
}

/** What the gradients of so many positions take besides. */
export interface GruBackSpace {
  readonly positions: number;
  /** f32[positions, hidden]: the gradient of the states, as the output sees it. */
  readonly outGrad: Tensor;
  readonly carried: Tensor;
  /** f32[positions, 3 hidden] */
  readonly inputGrad: Tensor;
  readonly recurrentGrad: Tensor;
  /** f32[positions, embedding] */
  readonly xGrad: Tensor;
  /** f32[3 hidden, hidden] */
  readonly weightsT: Tensor;
  /** f32[embedding]: column sums that nobody wants. */
  readonly unused: Tensor;
}

export function gruBackSpace(
  backend: Backend,
  { hidden, embedding }: GruConfig,
  positions: number,
): GruBackSpace {
  const zeros = (rows: number, columns: number) => backend.zeros('f32', [rows, columns]);
  return {
    positions,
    outGrad: zeros(positions, hidden),
    carried: zeros(positions, hidden),
    inputGrad: zeros(positions, 3 * hidden),
    recurrentGrad: zeros(positions, 3 * hidden),
    xGrad: zeros(positions, embedding),
    weightsT: zeros(3 * hidden, hidden),
    unused: backend.zeros('f32', [embedding]),
  };
}

/** Frees every tensor of a space. */
export function freeSpace(space: object | undefined): void {
  freeAll(Object.values(space ?? {}).filter((part): part is Tensor => typeof part === 'object'));
}
