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
 * From the gradient for a layer's sums: fills the gradients of its weights and bias, and returns that for the sums of the
 * layer before it, whose units are `input`.
 */
export function denseBackward(
  backend: Backend,
  layer: DenseLayer,
  grads: DenseLayer,
  input: Units,
  outGrad: Tensor,
  { out, parts }: InputGrad,
): Tensor {
  const into = { saved: input.saved, out, activation: input.activation };
  if (parts) {
    backend.matmulNT({ a: outGrad, b: layer.weights, out: parts });
    backend.reduceActivation({ parts, ...into });
  } else backend.matmulNTActivation({ a: outGrad, b: layer.weights, ...into });
  backend.matmulTN({ a: input.out, b: outGrad, out: grads.weights, sums: grads.bias });
  return out;
}

/** The gradient for the sums of the layer before, as denseBackward has it, in a new tensor and without those of the layer. */
export function denseInputGrad(
  backend: Backend,
  { weights }: DenseLayer,
  { saved, activation }: Units,
  outGrad: Tensor,
): Tensor {
  const out = backend.zeros('f32', saved.shape);
  backend.matmulNTActivation({ a: outGrad, b: weights, saved, out, activation });
  return out;
}
