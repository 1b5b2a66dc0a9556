import type { Backend } from '../backend/backend.js';
import type { TuneCache, TuneMode } from '../backend/tuning.js';
import { selectColumns } from '../data/csr.js';
import type { Interactions } from '../data/interactions.js';
import { heldOutUsers } from '../data/split.js';
import type { EvaluationSet, Split } from '../data/splitTypes.js';
import { Vocabulary } from '../data/vocabulary.js';
import { weighed, weighedSplit, weighingOf } from '../data/weighing.js';
import { DEFAULT_METRICS, evaluate } from '../evaluate/evaluate.js';
import type { RankEvaluation } from '../evaluate/evaluateRanks.js';
import type { TrainEvent } from '../events.js';
import { Popular } from '../model/baselines.js';
import type { TrainConfig } from '../model/config.js';
import type { Model } from '../model/model.js';
import { type ModelOptions, trainDefaults } from '../model/registry.js';
import { FORMAT_VERSION } from '../store/modelFile.js';
import type { Checkpoint } from '../train/checkpoint.js';
import type { PlannerKind } from '../train/planner.js';
import type { TrainResult } from '../train/trainer.js';
import { VERSION } from '../version.js';
import { type BlendReport, fitBlend, fitOne } from './fitModels.js';
import { softmaxOf } from './large.js';
import { allowed, hasTargets } from './learn.js';
import { popularityOf, Recommender } from './recommender.js';
import { testUsers } from './records.js';

export interface FitOptions {
  /** Name in the registry; `mlp` by default. */
  readonly model?: string;
  /** What differs from the model's defaults. */
  readonly network?: ModelOptions;
  readonly train?: Partial<TrainConfig>;
  /** Where the batches are planned, see `plannerFor`; `inline` by default. The result is the same. */
  readonly planner?: PlannerKind;
  /** The parts to train, validate and test on; by default `heldOutUsers` under the training seed. */
  readonly split?: Split;
  /** Metrics of the test part, for the model and for popularity. */
  readonly metrics?: readonly string[];
  /** More to measure at every validation, by name. */
  readonly alsoValidate?: (
    backend: Backend,
    model: Model,
    validation: EvaluationSet,
  ) => Promise<Record<string, number>>;
  /**
   * What is made of the model before it is measured, such as withGroupPrior; `manifest` goes into the model file's. The model
   * goes over to the one that is returned.
   */
  readonly finish?: (
    model: Model,
    split: Split,
  ) => Promise<{ readonly model: Model; readonly manifest?: Readonly<Record<string, unknown>> }>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  /** Called between steps; the training waits for what it returns: a pause. */
  readonly hold?: () => Promise<void> | undefined;
  /** Is offered the state after each epoch: `take` reads it back. */
  readonly onEpochEnd?: (take: () => Promise<Checkpoint>) => Promise<void>;
  readonly resume?: Checkpoint;
  /**
   * Whether the ways to compute the model's products are timed first: by default `quick` on a hardware GPU, where one
   * may be twice as fast as another, and `off` elsewhere. A training that goes on keeps the ways it began with.
   */
  readonly tune?: TuneMode;
  /** Keeps what was measured, for the next training of the same shape; nothing is kept without it. */
  readonly tuneCache?: TuneCache;
  /** What else the model file's manifest should hold: the data's report and fingerprint, the options, ... */
  readonly provenance?: Readonly<Record<string, unknown>>;
}

export interface Fit {
  readonly recommender: Recommender;
  readonly split: Split;
  /** Absent for models that are fitted without training. */
  readonly training: TrainResult | undefined;
  /** What a blend is made of, and how its weights came about. */
  readonly blend?: BlendReport;
  /** On the test part; undefined where the split has none. */
  readonly test: { readonly model: RankEvaluation; readonly popular: RankEvaluation } | undefined;
}

/**
 * The main job: trains a model on the interactions, keeps the weights that are best on the validation part,
 * measures them once on the test part beside popularity, and returns what answers people. The recommender knows
 * the whole history of every user, whichever part they were in; the weights have seen the training part only.
 */
export async function fit(
  backend: Backend,
  interactions: Interactions,
  options: FitOptions = {},
): Promise<Fit> {
  const { model: name = 'mlp' } = options;
  const config: TrainConfig = { ...trainDefaults(name), ...options.train };
  const plain = options.split ?? heldOutUsers(interactions, { seed: config.seed });
  const { corpusWeight } = interactions;
  const weighing = corpusWeight && weighingOf(plain.train, corpusWeight);
  const split = weighing ? weighedSplit(plain, weighing) : plain;
  const fitted =
    name === 'blend'
      ? await fitBlend(backend, split, config, options)
      : await fitOne(backend, split, config, options);
  const { training, blend } = fitted;
  let { model } = fitted;
  try {
    const finished = await options.finish?.(model, split);
    model = finished?.model ?? model;
    const test = await measure(backend, model, split, options);
    const manifest = {
      formatVersion: FORMAT_VERSION,
      foldin: VERSION,
      device: backend.device,
      seed: config.seed,
      training: training && {
        config,
        epochs: training.epochs,
        bestEpoch: training.bestEpoch,
        stopped: training.stopped,
        ...softmaxOf(model),
        curve: training.curve,
        // Rounding depends on it.
        ...(backend.tuning && { tuning: backend.tuning }),
      },
      validation: training?.validation ?? null,
      ...(blend && { blend }),
      ...finished?.manifest,
      split: describeSplit(split),
      ...(weighing && { weighing: { rule: weighing.rule, meanLength: weighing.meanLength } }),
      test: test && {
        users: test.model.users,
        ties: test.model.ties,
        metrics: test.model.metrics,
        popular: test.popular.metrics,
        perUser: testUsers(split, test),
      },
      ...options.provenance,
    } as const;
    // Items that only other parts have are unknown to the model.
    const histories = selectColumns(interactions.matrix, split.itemIndices);
    const recommender = new Recommender(backend, model, {
      items: new Vocabulary(Array.from(split.itemIndices, (index) => interactions.items.ids[index])),
      titles: interactions.titles && Array.from(split.itemIndices, (index) => interactions.titles![index]),
      users: interactions.users,
      histories: weighing ? weighed(histories, weighing) : histories,
      weighing,
      popularity: popularityOf(split.train),
      manifest,
    });
    return { recommender, split, training, test, ...(blend && { blend }) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function measure(
  backend: Backend,
  model: Model,
  split: Split,
  options: FitOptions,
): Promise<Fit['test']> {
  if (!hasTargets(split.test)) return undefined;
  const { metrics = DEFAULT_METRICS, signal } = options;
  const settings = { metrics, signal, train: split.train, ...allowed(split) };
  const popular = Popular.fit(backend, split.train);
  try {
    return {
      model: await evaluate(backend, model, split.test, settings),
      popular: await evaluate(backend, popular, split.test, settings),
    };
  } finally {
    popular.dispose();
  }
}

/** What a reader of a figure needs to know of the split. */
const describeSplit = (split: Split) => ({
  name: split.name,
  seed: split.seed,
  users: {
    train: split.train.rows,
    validation: split.validation.history.rows,
    test: split.test.history.rows,
  },
  dropped: split.dropped,
  ...(split.leaks && { leaks: split.leaks.map(({ kind, message }) => ({ kind, message })) }),
});
