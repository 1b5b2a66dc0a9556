import type { Backend, Tensor } from '../backend/backend.js';
import type { ItemBlock } from '../backend/blocks.js';
import type { Activation, BatchRows, Dropout, SparseRows } from '../backend/ops.js';

/** The sparse layer from items to the first units, its weights in blocks of items. */
export interface FirstLayer {
  readonly items: readonly ItemBlock[];
  /** f32[count, units] a block. */
  readonly weights: readonly Tensor[];
  /** f32[units] */
  readonly bias: Tensor;
}

/** out = activation(input W + bias); see Ops.bagForward. */
export function firstLayer(
  backend: Backend,
  { items, weights, bias }: FirstLayer,
  args: { input: SparseRows; batch: BatchRows; out: Tensor; activation: Activation; dropout: Dropout },
): void {
  if (weights.length === 1) {
    backend.bagForward({ ...args, weights: weights[0], bias });
    return;
  }
  items.forEach(({ first: firstItem }, b) => {
    const isLast = b === items.length - 1;
    backend.bagBlock({ ...args, weights: weights[b], bias, firstItem, isLast });
  });
}

/** The gradients of the layer, into tensors that lie as its own; see Ops.bagBackward. */
export function firstLayerGradients(
  backend: Backend,
  items: readonly ItemBlock[],
  grads: { readonly weights: readonly Tensor[]; readonly bias: Tensor },
  args: { starts: Tensor; entries: Tensor; firstStart: number; outGrad: Tensor; dropout: Dropout },
): void {
  items.forEach(({ first: firstItem }, b) => {
    backend.bagBackward({ ...args, out: grads.weights[b], sums: grads.bias, firstItem });
  });
}

/** The gradient of each input; see Ops.bagInputGrad. */
export function inputGradients(
  backend: Backend,
  { items, weights }: FirstLayer,
  args: { places: SparseRows; batch: BatchRows; outGrad: Tensor; out: Tensor },
): void {
  items.forEach(({ first: firstItem }, b) => {
    backend.bagInputGrad({ ...args, weights: weights[b], firstItem });
  });
}
