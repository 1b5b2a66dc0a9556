import { type Backend, derivativeFromOutput, type Tensor } from '../backend/backend.js';
import type { Activation } from '../backend/ops.js';

/** Weights f32[inputs, outputs] and bias f32[outputs] of a layer, or their gradients. */
export interface DenseLayer {
  readonly weights: Tensor;
  readonly bias: Tensor;
}

/** What a layer puts out for a batch, f32[batch, outputs], and what its activation's derivative is taken from. */
export interface Units {
  readonly out: Tensor;
  /** The same tensor but for gelu, whose derivative needs its input. */
  readonly saved: Tensor;
  readonly activation: Activation;
}

/** Where the gradient for a layer's inputs goes, f32[batch, inputs], and its parts where the sum is cut. */
export interface InputGrad {
  readonly out: Tensor;
  readonly parts: Tensor | undefined;
}

export function makeUnits(backend: Backend, batch: number, units: number, activation: Activation): Units {
  const out = backend.zeros('f32', [batch, units]);
  const saved = derivativeFromOutput(activation) ? out : backend.zeros('f32', [batch, units]);
  return { out, saved, activation };
}

export function makeInputGrad(backend: Backend, batch: number, inputs: number, outputs: number): InputGrad {
  const splits = backend.splits(batch, inputs, outputs);
  return {
    out: backend.zeros('f32', [batch, inputs]),
    parts: splits > 1 ? backend.zeros('f32', [batch * splits, inputs]) : undefined,
  };
}

export const tensorsOfUnits = ({ out, saved }: Units): Tensor[] => (out === saved ? [out] : [out, saved]);
export const tensorsOfInputGrad = ({ out, parts }: InputGrad): Tensor[] => (parts ? [out, parts] : [out]);

/**
 * `run` is to put activation(z) into a tensor: into the units' own, or z itself where the derivative needs it.
 */
export function fillUnits(
  backend: Backend,
  { out, saved, activation }: Units,
  run: (out: Tensor, activation: Activation) => void,
): void {
  if (out === saved) run(out, activation);
  else {
    run(saved, 'linear');
    backend.activate({ input: saved, out, activation });
  }
}

export const denseForward = (backend: Backend, layer: DenseLayer, input: Tensor, into: Units): void =>
  fillUnits(backend, into, (out, activation) => {
    backend.matmulNN({ a: input, b: layer.weights, bias: layer.bias, out, activation });
  });

/**
 * From the gradient for a layer's sums, that for the sums of the layer before it, whose units are `input`; in a new tensor
 * unless said otherwise.
 */
export function denseInputGrad(
  backend: Backend,
  { weights }: DenseLayer,
  { saved, activation }: Units,
  outGrad: Tensor,
  { out, parts }: InputGrad = { out: backend.zeros('f32', saved.shape), parts: undefined },
): Tensor {
  if (parts) {
    backend.matmulNT({ a: outGrad, b: weights, out: parts });
    backend.reduceActivation({ parts, saved, out, activation });
  } else backend.matmulNTActivation({ a: outGrad, b: weights, saved, out, activation });
  return out;
}

/** The same, and the gradients of the layer's weights and bias. */
export function denseBackward(
  backend: Backend,
  layer: DenseLayer,
  grads: DenseLayer,
  input: Units,
  outGrad: Tensor,
  into: InputGrad,
): Tensor {
  const inGrad = denseInputGrad(backend, layer, input, outGrad, into);
  backend.matmulTN({ a: input.out, b: outGrad, out: grads.weights, sums: grads.bias });
  return inGrad;
}
