import type { Backend } from '../backend/backend.js';
import type { TuneCache, TuneMode } from '../backend/tuning.js';
import { selectColumns } from '../data/csr.js';
import type { Interactions } from '../data/interactions.js';
import { heldOutUsers } from '../data/split.js';
import type { EvaluationSet, Split } from '../data/splitTypes.js';
import { Vocabulary } from '../data/vocabulary.js';
import { DEFAULT_METRICS, evaluate } from '../evaluate/evaluate.js';
import { evaluateRanks, type RankEvaluation } from '../evaluate/evaluateRanks.js';
import { parseMetric, type RankMetric } from '../evaluate/parseMetric.js';
import { Ranker } from '../evaluate/ranker.js';
import type { TrainEvent } from '../events.js';
import { Popular } from '../model/baselines.js';
import type { TrainConfig } from '../model/config.js';
import type { Model, TrainableModel } from '../model/model.js';
import { fitModel, type ModelOptions, trainable, trainDefaults } from '../model/registry.js';
import { FORMAT_VERSION } from '../store/modelFile.js';
import type { Checkpoint } from '../train/checkpoint.js';
import type { PlannerKind } from '../train/planner.js';
import { STOP_METRIC, Trainer, type TrainResult } from '../train/trainer.js';
import { VERSION } from '../version.js';
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
  const split = options.split ?? heldOutUsers(interactions, { seed: config.seed });
  const { signal, onEvent } = options;
  const model = await fitModel(
    name,
    backend,
    { train: split.train, config: options.network ?? {}, seed: config.seed, batch: config.batch },
    {
      signal,
      onProgress: (step, steps) => onEvent?.({ event: 'step', epoch: 1, epochs: 1, step, steps }),
    },
  );
  try {
    const training = await learn(backend, model, split, config, options);
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
        curve: training.curve,
        // Rounding depends on it.
        ...(backend.tuning && { tuning: backend.tuning }),
      },
      validation: training?.validation ?? null,
      split: describeSplit(split),
      test: test && {
        users: test.model.users,
        ties: test.model.ties,
        metrics: test.model.metrics,
        popular: test.popular.metrics,
        perUser: testUsers(split, test),
      },
      ...options.provenance,
    } as const;
    const recommender = new Recommender(backend, model, {
      items: new Vocabulary(Array.from(split.itemIndices, (index) => interactions.items.ids[index])),
      titles: interactions.titles && Array.from(split.itemIndices, (index) => interactions.titles![index]),
      users: interactions.users,
      // Items that only other parts have are unknown to the model.
      histories: selectColumns(interactions.matrix, split.itemIndices),
      popularity: popularityOf(split.train),
      manifest,
    });
    return { recommender, split, training, test };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function learn(
  backend: Backend,
  model: Model,
  split: Split,
  config: TrainConfig,
  options: FitOptions,
): Promise<TrainResult | undefined> {
  const network = trainable(model);
  if (!network) return undefined;
  await chooseWays(backend, network, Math.min(config.batch, split.train.rows), options);
  const { validation } = split;
  const ranker = hasTargets(validation) ? new Ranker(backend, model, validation) : undefined;
  const stopMetric = parseMetric(STOP_METRIC) as RankMetric;
  const validate =
    ranker &&
    (async (signal?: AbortSignal) => ({
      [STOP_METRIC]: evaluateRanks(await ranker.ranks(signal), [stopMetric]).metrics[STOP_METRIC].mean,
      ...(await options.alsoValidate?.(backend, model, validation)),
    }));
  const { planner, signal } = options;
  let trainer: Trainer | undefined;
  try {
    const made = new Trainer(backend, network, split.train, { config, validate, planner, signal });
    trainer = made;
    if (options.resume) made.restore(options.resume);
    const run = made.run();
    for (;;) {
      const next = await run.next();
      if (next.done) return next.value;
      options.onEvent?.(next.value);
      if (next.value.event === 'epoch') await options.onEpochEnd?.(() => made.checkpoint());
      await options.hold?.();
    }
  } finally {
    trainer?.dispose();
    ranker?.dispose();
    network.endTraining();
  }
}

/** Decides how the backend computes this network's products, before the first of them. */
async function chooseWays(
  backend: Backend,
  network: TrainableModel,
  batch: number,
  { resume, tune, tuneCache, onEvent }: FitOptions,
): Promise<void> {
  const { adapter, kind } = backend.device;
  if (resume?.madeOn?.adapter === adapter) {
    const { tuning } = resume.madeOn;
    backend.useTuning(tuning);
    onEvent?.({ event: 'tuned', tuning: { ...tuning }, from: 'checkpoint', ms: 0 });
    return;
  }
  const layers = (network.denseLayers ?? []).map((layer) => ({ batch, ...layer }));
  const mode = tune ?? (kind === 'gpu' ? 'quick' : 'off');
  const tuned = await backend.tune({
    mode,
    layers,
    cache: tuneCache,
    onNotice: (message) => onEvent?.({ event: 'notice', code: 'TUNE_CACHE', message }),
  });
  if (!tuned || tuned.from === 'default') return;
  onEvent?.({ event: 'tuned', tuning: { ...tuned.tuning }, from: tuned.from, ms: tuned.ms });
}

async function measure(
  backend: Backend,
  model: Model,
  split: Split,
  options: FitOptions,
): Promise<Fit['test']> {
  if (!hasTargets(split.test)) return undefined;
  const { metrics = DEFAULT_METRICS, signal } = options;
  const popular = Popular.fit(backend, split.train);
  try {
    return {
      model: await evaluate(backend, model, split.test, { metrics, signal, train: split.train }),
      popular: await evaluate(backend, popular, split.test, { metrics, signal, train: split.train }),
    };
  } finally {
    popular.dispose();
  }
}

const hasTargets = (set: EvaluationSet): boolean => set.heldOut.indices.length > 0;

/** What a reader of a figure needs to know of the split. */
export const describeSplit = (split: Split) => ({
  name: split.name,
  seed: split.seed,
  users: {
    train: split.train.rows,
    validation: split.validation.history.rows,
    test: split.test.history.rows,
  },
  dropped: split.dropped,
});
