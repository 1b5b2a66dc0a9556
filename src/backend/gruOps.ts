import type { Tensor } from './backend.js';
import type { Dropout } from './ops.js';

/** The kernels of recurrent models; part of Ops. */
export interface GruOps {
  /**
   * Dropout of single numbers, in place: values[i, j] <- 0 where randomBits(seed, step, i, j) < dropThreshold(rate), else
   * values[i, j] / (1 - rate). Called on a gradient with the same numbers it is its own backward pass.
   * values f32[m, n]; of a slice, rows count from its first.
   */
  dropout(args: { values: Tensor; dropout: Dropout }): void;

  /**
   * One time step of gated recurrent units (Cho et al. 2014), gates in the order r, z, n:
   * r = sigmoid(x_r + h U_r + b_r), z = sigmoid(x_z + h U_z + b_z), n = tanh(x_n + r (h U_n + b_n)),
   * h' = (1 - z) n + z h. x is `inputGates` (input times weights, with its own biases, of which the n-gate's stays
   * outside the brackets), U `weights`, b `bias`, h the state before the step.
   * Positions of all steps lie in the same tensors. This step works on rows first .. first + count of them; row
   * first + i goes on from row previousFirst + i of `states` where i < previousCount, from zeros otherwise.
   * Other rows keep their values.
   */
  gruGatesForward(args: {
    /** f32[positions, 3 hidden] */
    inputGates: Tensor;
    /** f32[hidden, 3 hidden] */
    weights: Tensor;
    /** f32[3 hidden] */
    bias: Tensor;
    /** f32[positions, hidden]: h of the steps before is read, h' written */
    states: Tensor;
    /** f32[positions, 3 hidden]: r, z, n, for the backward pass */
    gates: Tensor;
    /** f32[positions, hidden]: h U_n + b_n, likewise */
    recurrent: Tensor;
    /** f32[positions, hidden]: h, likewise */
    previous: Tensor;
    first: number;
    count: number;
    previousFirst: number;
    previousCount: number;
  }): void;

  /**
   * Gradients of gruGatesForward, to be called from the last step to the first. Row first + i is gone on from in row
   * nextFirst + i where i < nextCount. With dh = outGrad + (next row's dh z + recurrentGrad UT):
   * dn = dh (1 - z) (1 - n²), dz = dh (h - n) z (1 - z), dr = dn (h U_n + b_n) r (1 - r);
   * inputGrad <- (dr, dz, dn), recurrentGrad <- (dr, dz, dn r), carried <- dh z.
   * Weights and biases have their gradients from matmulTN, of all steps at once: `previous` and recurrentGrad give U and
   * b, the inputs and inputGrad those of the inputs.
   */
  gruGatesBackward(args: {
    /** As gruGatesForward left them: f32[positions, 3 hidden], f32[positions, hidden] twice */
    gates: Tensor;
    recurrent: Tensor;
    previous: Tensor;
    /** f32[positions, hidden]: the gradient for h', but for what comes through the next step */
    outGrad: Tensor;
    /** f32[3 hidden, hidden]: UT */
    weightsT: Tensor;
    /** f32[positions, 3 hidden] */
    inputGrad: Tensor;
    /** f32[positions, 3 hidden]: that of the next step is read */
    recurrentGrad: Tensor;
    /** f32[positions, hidden]: likewise */
    carried: Tensor;
    first: number;
    count: number;
    nextFirst: number;
    nextCount: number;
  }): void;
}
