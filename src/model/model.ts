import type { Tensor, TensorGroup } from '../backend/backend.js';
import type { ItemBlock } from '../backend/blocks.js';
import type { BatchRows, SparseRows } from '../backend/ops.js';
import type { ConsecutiveRows, DeviceRows } from '../backend/sparse.js';
import type { Stored } from '../backend/stored.js';
import type { Csr } from '../data/csr.js';
import type { PartNames } from './blockedParameters.js';
import type { Packing } from './packing.js';

/** A function of histories: rows of what users did go in, a score for every item comes out. */
export interface Model {
  /** Its name in the registry, in files and on the command line. */
  readonly name: string;
  readonly items: number;
  /** Everything needed to make it again, but for the numbers in `tensors`. JSON. */
  readonly config: unknown;
  /** What it has learned, by plain names. */
  readonly tensors: ReadonlyMap<string, Stored>;
  /**
   * f32[nnz]: the input values of these histories, or undefined when all are 1. COLUMN_MISSING when the model goes by an
   * order that they do not know.
   */
  inputValues(histories: Csr): Float32Array | undefined;
  /** Whether every score is a constant plus one term for each entry of the history, in its input value. */
  readonly isAdditive: boolean;
  /** Of a model whose score is the weighted sum of what others say, each in its own standard deviations: these. */
  readonly mixture?: readonly Weighted[];
  /** The blocks of items that `score` is asked for, where all of them do not fit one tensor. */
  readonly blocks?: readonly ItemBlock[];
  /**
   * scores f32[batch, items] of the batch's rows of `histories`, whose values are this model's inputValues; of a model
   * with `blocks` f32[batch, count] of the block that begins with `firstItem`.
   */
  score(histories: DeviceRows, batch: ConsecutiveRows, scores: Tensor, firstItem?: number): void;
  /**
   * How the score of one item changes with each input: fills those of `out` f32[nnz] that belong to the batch's rows.
   * Absent where the model is not a smooth function of its inputs.
   */
  inputGradients?(histories: SparseRows, batch: BatchRows, item: number, out: Tensor): void;
  /** How many numbers `represent` gives a history; absent in models without a layer of units between input and score. */
  readonly units?: number;
  /** out f32[batch, units]: the outputs of the last layer before the scores. */
  represent?(histories: DeviceRows, batch: ConsecutiveRows, out: Tensor): void;
  /** f32[units, items]: what each of these units adds to each score. */
  readonly unitWeights?: Stored;
  dispose(): void;
}

/** A model and what it counts for. */
export interface Weighted {
  readonly model: Model;
  readonly weight: number;
}

/** A model that learns by gradient descent, one batch a step. */
export type TrainableModel = HistoryModel | SequenceModel;

interface LearningModel extends Model {
  readonly parameters: Parameters;
  /** The sizes of its layers whose products may be tuned: those that take dense rows. */
  readonly denseLayers?: readonly { readonly inputs: number; readonly outputs: number }[];
  /** Frees what only training needs. */
  endTraining(): void;
}

/** A model that learns from whole histories. */
export interface HistoryModel extends LearningModel {
  readonly learnsFrom: 'histories';
  /** f32[nnz]: the target values of these histories, or undefined when all are 1. */
  targetValues(histories: Csr): Float32Array | undefined;
  /**
   * The loss of a batch and its gradient: fills `lossParts` (f32, one a row of the batch) and all of
   * `parameters.grads`.
   */
  gradients(step: StepInputs): void;
}

/** A model that learns from the order of histories: what comes next, after every item. */
export interface SequenceModel extends LearningModel {
  readonly learnsFrom: 'sequences';
  /** Histories are cut from the end into windows of at most so many targets. */
  readonly window: number;
  /** The loss of a batch and its gradient: fills `lossParts` (f32, one a position) and all of `parameters.grads`. */
  sequenceGradients(step: SequenceInputs): void;
}

/** What is learned, in one piece of memory, weights first; and the gradients, laid out alike. */
export interface Parameters extends PartNames {
  readonly values: TensorGroup;
  readonly grads: TensorGroup;
  /** How many leading numbers of `values.whole` L2 and weight decay apply to: the weights, not the biases. */
  readonly decayed: number;
}

/** What both kinds of step have. */
interface StepPlace {
  /** A batch by columns; see Ops.bagBackward. */
  readonly starts: Tensor;
  readonly entries: Tensor;
  readonly firstStart: number;
  readonly lossParts: Tensor;
  /** Counts from 1 over the whole training; the place of its random numbers. */
  readonly step: number;
  readonly seed: number;
}

export interface StepInputs extends StepPlace {
  /** Steps of the whole training, unless it stops early. */
  readonly steps: number;
  readonly inputs: SparseRows;
  readonly targets: SparseRows;
  readonly batch: BatchRows;
  /** Rows a batch can hold. */
  readonly capacity: number;
}

/** A batch of packed sequences: position p of it is row `first + p` of `inputs` and `targets`, which hold one item each. */
export interface SequenceInputs extends StepPlace {
  readonly packing: Packing;
  readonly inputs: SparseRows;
  readonly targets: SparseRows;
  /** u32[any]: 0, 1, 2, ... */
  readonly numbers: Tensor;
  readonly first: number;
  /** Positions a batch can have. */
  readonly capacity: number;
}
