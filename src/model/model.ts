import type { Tensor, TensorGroup } from '../backend/backend.js';
import type { BatchRows, SparseRows } from '../backend/ops.js';
import type { Csr } from '../data/csr.js';

/** A function of histories: rows of what users did go in, a score for every item comes out. */
export interface Model {
  /** Its name in the registry, in files and on the command line. */
  readonly name: string;
  readonly items: number;
  /** Everything needed to make it again, but for the numbers in `tensors`. JSON. */
  readonly config: unknown;
  /** What it has learned, by plain names. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** f32[nnz]: the input values of these histories, or undefined when all are 1. */
  inputValues(histories: Csr): Float32Array | undefined;
  /** scores f32[batch, items] of the batch's rows of `histories`, whose values are this model's inputValues. */
  score(histories: SparseRows, batch: BatchRows, scores: Tensor): void;
  dispose(): void;
}

/** A model that learns by gradient descent, one batch a step. */
export interface TrainableModel extends Model {
  readonly parameters: Parameters;
  /** The sizes of its layers whose products may be tuned: those that take dense rows. */
  readonly denseLayers?: readonly { readonly inputs: number; readonly outputs: number }[];
  /** f32[nnz]: the target values of these histories, or undefined when all are 1. */
  targetValues(histories: Csr): Float32Array | undefined;
  /**
   * The loss of a batch and its gradient: fills `lossParts` (f32, one a row of the batch) and all of
   * `parameters.grads`.
   */
  gradients(step: StepInputs): void;
}

/** What is learned, in one piece of memory, weights first; and the gradients, laid out alike. */
export interface Parameters {
  readonly names: readonly string[];
  readonly values: TensorGroup;
  readonly grads: TensorGroup;
  /** How many leading numbers of `values.whole` L2 and weight decay apply to: the weights, not the biases. */
  readonly decayed: number;
}

export interface StepInputs {
  readonly inputs: SparseRows;
  readonly targets: SparseRows;
  readonly batch: BatchRows;
  /** Rows a batch can hold. */
  readonly capacity: number;
  /** The batch by columns; see Ops.bagBackward. */
  readonly starts: Tensor;
  readonly entries: Tensor;
  readonly firstStart: number;
  readonly lossParts: Tensor;
  /** Counts from 1 over the whole training; the place of its random numbers. */
  readonly step: number;
  readonly seed: number;
}
