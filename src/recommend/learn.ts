import type { Backend } from '../backend/backend.js';
import type { EvaluationSet, Split } from '../data/splitTypes.js';
import { evaluateRanks } from '../evaluate/evaluateRanks.js';
import { parseMetric, type RankMetric } from '../evaluate/parseMetric.js';
import { Ranker } from '../evaluate/ranker.js';
import { refuseShown } from '../evaluate/shown.js';
import type { TrainConfig } from '../model/config.js';
import type { Model, TrainableModel } from '../model/model.js';
import { trainable } from '../model/registry.js';
import { STOP_METRIC, Trainer, type TrainResult } from '../train/trainer.js';
import type { FitOptions } from './fit.js';
import { largeCatalogue } from './large.js';

/** Trains a model where there is something to train, and keeps what is best on the validation part. */
export async function learn(
  backend: Backend,
  model: Model,
  split: Split,
  config: TrainConfig,
  options: FitOptions,
): Promise<TrainResult | undefined> {
  const network = trainable(model);
  if (!network) return undefined;
  const large = largeCatalogue(network);
  if (large) options.onEvent?.(large);
  await chooseWays(backend, network, Math.min(config.batch, split.train.rows), options);
  const { set: validation } = await refuseShown(backend, model, split.validation, allowed(split));
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
  const layers = network.denseShapes?.(batch) ?? [];
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

/** Leaks that a split is known to have were allowed. */
export const allowed = ({ leaks }: Split) => ({ allowLeak: leaks !== undefined });

export const hasTargets = (set: EvaluationSet): boolean => set.heldOut.indices.length > 0;
