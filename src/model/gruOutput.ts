import { type Backend, SLICE, type Tensor } from '../backend/backend.js';
import type { DenseLayer } from './dense.js';
import type { SequenceInputs } from './model.js';

/** Logits of a chunk of positions take at most this many bytes: what software adapters keep in cache, and every adapter binds. */
const CHUNK_BYTES = 2 ** 24;

/** What the softmax over so many items takes. */
export interface OutputSpace {
  /** Positions whose logits are there at once. */
  readonly chunk: number;
  /** f32[chunk, items] */
  readonly logits: Tensor;
  /** Into how many parts the product over the items is cut; f32[splits * chunk, hidden]. */
  readonly splits: number;
  readonly parts: Tensor;
}

/** The most positions whose logits are there at once. */
export const largestChunk = (items: number): number =>
  SLICE * Math.max(1, Math.floor(CHUNK_BYTES / (4 * items * SLICE)));

export function outputSpace(backend: Backend, hidden: number, items: number, positions: number): OutputSpace {
  const chunk = Math.min(positions, largestChunk(items));
  const splits = backend.splits(chunk, hidden, items);
  return {
    chunk,
    logits: backend.zeros('f32', [chunk, items]),
    splits,
    parts: backend.zeros('f32', [splits * chunk, hidden]),
  };
}

/**
 * The softmax over the items of a layer and its gradients, chunk by chunk of positions: the mean over the positions.
 * `corrections` f32[items]: what is added to the logits of all but the target, see Ops.correctLogits.
 */
export function softmaxOutput(
  backend: Backend,
  { packing: { positions }, targets, numbers, first: firstRow, lossParts }: SequenceInputs,
  layer: DenseLayer,
  grads: DenseLayer,
  { states, stateGrad }: { readonly states: Tensor; readonly stateGrad: Tensor },
  space: OutputSpace,
  corrections?: Tensor,
): void {
  const { weights, bias } = layer;
  for (let first = 0; first < positions; first += space.chunk) {
    const count = Math.min(space.chunk, positions - first);
    const a = backend.slice(states, first, count);
    const logits = backend.slice(space.logits, 0, count);
    const parts = backend.slice(space.parts, 0, space.splits * count);
    const batch = { rows: numbers, first: firstRow + first, count };
    backend.matmulNN({ a, b: weights, bias, out: logits, activation: 'linear' });
    if (corrections) backend.correctLogits({ logits, positives: targets, batch, corrections });
    const loss = backend.slice(lossParts, first, count);
    backend.softmaxNll({ logits, targets, batch, loss, scale: 1 / positions });
    backend.matmulNT({ a: logits, b: weights, out: parts });
    const out = backend.slice(stateGrad, first, count);
    backend.reduceActivation({ parts, saved: a, out, activation: 'linear' });
    backend.matmulTN({ a, b: logits, out: grads.weights, sums: grads.bias, accumulate: first > 0 });
  }
}
