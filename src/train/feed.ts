import type { Backend, Tensor } from '../backend/backend.js';
import type { Csr } from '../data/csr.js';
import type { TrainableModel } from '../model/model.js';
import { HistoryFeed } from './historyFeed.js';
import { PairFeed } from './pairFeed.js';
import type { PlannerKind } from './planner.js';
import { SampledSequenceFeed } from './sampledSequenceFeed.js';
import { SampleFeed } from './sampleFeed.js';
import { SequenceFeed } from './sequenceFeed.js';

export interface FeedOptions {
  /** Users (sequences, interactions) of a step. */
  readonly batch: number;
  readonly seed: number;
  /** Where batches of whole histories are planned; those of sequences and samples are cut on the thread that trains. */
  readonly planner?: PlannerKind;
}

/**
 * Enqueues one step's gradients, `step` counting from 1 over the whole training, which has `steps` unless it stops early.
 * Its loss stands in so many first numbers of `lossParts` as it returns.
 */
export type FedStep = (place: {
  readonly lossParts: Tensor;
  readonly step: number;
  readonly steps: number;
}) => number;

/** What a trainer gives a model: the batches of an epoch, on the device when their turn comes. */
export interface Feed {
  /** Users that an epoch goes through. */
  readonly users: number;
  /** Steps of an epoch. */
  readonly steps: number;
  /** The most loss parts of a step. */
  readonly mostParts: number;
  /** The steps of an epoch, a pure function of its number and the seed; each is to be run before the next is asked for. */
  epoch(epoch: number): Iterable<FedStep> | AsyncIterable<FedStep>;
  dispose(): void;
}

/** SPLIT_EMPTY when the histories hold nothing to learn from; COLUMN_MISSING when they lack the order a model goes by. */
export function feedFor(backend: Backend, model: TrainableModel, histories: Csr, options: FeedOptions): Feed {
  switch (model.learnsFrom) {
    case 'sequences':
      return new SequenceFeed(backend, model, histories, options);
    case 'pairs':
      return new PairFeed(backend, model, histories, options);
    case 'sampledSequences':
      return new SampledSequenceFeed(backend, model, histories, options);
    case 'samples':
      return new SampleFeed(backend, model, histories, options);
    case 'histories':
      return new HistoryFeed(backend, model, histories, options);
  }
}
