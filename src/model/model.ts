import type { Tensor, TensorGroup } from '../backend/backend.js';
import type { ItemBlock } from '../backend/blocks.js';
import type { BatchRows, SparseRows } from '../backend/ops.js';
import type { ConsecutiveRows, DeviceRows, InputRows } from '../backend/sparse.js';
import type { Stored } from '../backend/stored.js';
import type { DenseShape } from '../backend/tuning.js';
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
  /** The probability that a score stands for; absent in models whose scores stand for none. */
  probability?(score: number): number;
  /**
   * How the score of one item changes with each input value: fills those of `out` f32[nnz] that belong to the batch's
   * rows; an entry that the model does not look at keeps what is there. Absent where the model is not a smooth function
   * of its inputs.
   */
  inputGradients?(histories: DeviceRows, batch: ConsecutiveRows, item: number, out: Tensor): void;
  /** How many numbers `represent` gives a history; absent in models without a layer of units between input and score. */
  readonly units?: number;
  /** out f32[batch, units]: the outputs of the last layer before the scores. */
  represent?(histories: DeviceRows, batch: ConsecutiveRows, out: Tensor): void;
  /** f32[units, items]: what each of these units adds to each score. */
  readonly unitWeights?: Stored;
  /** Of a model that goes by what items are like: all that it knows of them, and what it makes of it. */
  readonly knowledge?: Knowledge;
  dispose(): void;
}

/** A model's features of items. */
export interface Knowledge {
  /** items x features */
  readonly features: Csr;
  /**
   * f64[features]: what each feature of an item in the history adds to the score of the item asked for, times its value and
   * that item's input value. These terms add up to the item's own.
   */
  weightsFor(item: number): Promise<Float64Array>;
}

/** A model and what it counts for. */
export interface Weighted {
  readonly model: Model;
  readonly weight: number;
}

/** A model that learns by gradient descent, one batch a step. */
export type TrainableModel = HistoryModel | SequenceModel | PairModel | SampleModel | SampledSequenceModel;

interface LearningModel<P = Parameters> extends Model {
  readonly parameters: P;
  /** Shapes of the layers that take dense rows, where a batch has so many: what a backend may tune its products for. */
  denseShapes?(batch: number): readonly DenseShape[];
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

/** A model that learns from pairs of users and items: those in the histories, and others drawn beside them. */
export interface PairModel extends LearningModel {
  readonly learnsFrom: 'pairs';
  /** Items the user does not have that are drawn for each one they have. */
  readonly negatives: number;
  /** The loss of a batch and its gradient: fills `lossParts` (f32, one a pair) and all of `parameters.grads`. */
  pairGradients(step: PairInputs): void;
}

/** A model of whole histories that learns from some of the items at a time: those of the batch, and samples. */
export interface SampleModel extends LearningModel<LazyParameters> {
  readonly learnsFrom: 'samples';
  /** Items that are drawn for a step. */
  readonly samples: number;
  targetValues(histories: Csr): Float32Array | undefined;
  /** The estimated loss of a batch and its gradient: fills `lossParts` and the gradients of `parameters`. */
  sampledGradients(step: SampledInputs): void;
}

/** A model of sequences that learns from some of the items at a time: those of the batch, and samples. */
export interface SampledSequenceModel extends LearningModel<LazyParameters> {
  readonly learnsFrom: 'sampledSequences';
  readonly window: number;
  readonly samples: number;
  /** Whether items go in by the same rows that they are scored by. */
  readonly sharesRows: boolean;
  /** The estimated loss of a batch and its gradient: fills `lossParts` and the gradients of `parameters`. */
  sampledSequenceGradients(step: SampledSequenceInputs): void;
}

/** What is learned, in one piece of memory, weights first; and the gradients, laid out alike. */
export interface Parameters extends PartNames {
  readonly values: TensorGroup;
  readonly grads: TensorGroup;
  /** How many leading numbers of `values.whole` L2 and weight decay apply to: the weights, not the biases. */
  readonly decayed: number;
}

/** The same of a model whose steps touch few rows of what runs over items: gradients of these alone. */
export interface LazyParameters extends PartNames {
  /** The blocks of what runs over items. */
  readonly blocks: readonly ItemBlock[];
  readonly values: TensorGroup;
  /** Parts of `values` that every step changes. L2 and weight decay apply to those that `decay`: weights, not biases. */
  readonly dense: readonly { readonly place: number; readonly grad: Tensor; readonly decays: boolean }[];
  /** How many of what a step touches decay. */
  readonly decayingRows: number;
  /** What the last step touched. */
  touched(): readonly TouchedRows[];
}

export interface TouchedRows {
  /** The parts of `values` they are in: one a block. */
  readonly places: readonly number[];
  /** u32[m]: see Ops.adamRows. */
  readonly items: Tensor;
  /** f32[m, width] or f32[m]: what they were before the step, and their gradient. */
  readonly before: Tensor;
  readonly grad: Tensor;
  readonly decays: boolean;
}

/** What all kinds of step have. */
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
  readonly inputs: InputRows;
  readonly targets: SparseRows;
  readonly batch: BatchRows;
  /** Rows a batch can hold. */
  readonly capacity: number;
}

/** A batch of histories renumbered to the items of its step. */
export interface SampledInputs extends StepPlace {
  readonly steps: number;
  /** Of the items `own`, counted from 0. */
  readonly inputs: SparseRows;
  /** Of `items`, counted from 0. */
  readonly targets: SparseRows;
  readonly batch: BatchRows;
  readonly capacity: number;
  /** u32[any], ascending, NO_ITEM behind the last: what the users of the batch have. */
  readonly own: Tensor;
  /** u32[any]: these and those that were drawn. */
  readonly items: Tensor;
  /** f32[any]: what is added to the logit of each item where it is no target; MASKED for items that were not drawn. */
  readonly corrections: Tensor;
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

/** A batch of packed sequences renumbered to the items of its step; see SampledInputs. */
export interface SampledSequenceInputs extends SequenceInputs {
  /** u32[any]: what goes in, in whose numbers `inputs` are; `items` where the model shares rows. */
  readonly own: Tensor;
  /** u32[any]: what comes next and what was drawn, in whose numbers `targets` are. */
  readonly items: Tensor;
  readonly corrections: Tensor;
}

/** A batch of pairs; see PairOps. */
export interface PairInputs {
  readonly pairs: Tensor;
  readonly first: number;
  readonly count: number;
  /** How many of them are in the histories. */
  readonly positives: number;
  /** Pairs a batch can have. */
  readonly capacity: number;
  /** The batch by users and by items, as pairBackward reads them. */
  readonly starts: Tensor;
  readonly entries: Tensor;
  readonly firstUserStart: number;
  readonly firstItemStart: number;
  readonly lossParts: Tensor;
  /** Counts from 1 over the whole training. */
  readonly step: number;
}
