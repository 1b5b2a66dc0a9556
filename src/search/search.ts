import type { Backend } from '../backend/backend.js';
import { csrFromRows } from '../data/csr.js';
import type { Interactions } from '../data/interactions.js';
import type { Split } from '../data/splitTypes.js';
import { FoldinError } from '../errors.js';
import { evaluate } from '../evaluate/evaluate.js';
import type { TrainEvent } from '../events.js';
import type { TrainConfig } from '../model/config.js';
import type { ModelOptions } from '../model/registry.js';
import { type Fit, type FitOptions, fit } from '../recommend/fit.js';
import { STOP_METRIC } from '../train/trainer.js';
import { Halving, type RungValue } from './halving.js';
import type { Trial } from './journal.js';
import { sobolPoint } from './sobol.js';
import { type Dimension, optionsAt, SPACES, type TrialOptions } from './spaces.js';

export interface SearchSettings {
  /** Trials of this model, its defaults being the first. */
  readonly trials: number;
  readonly split: Split;
  readonly seed: number;
  /** What every trial has, such as the most epochs. */
  readonly train?: Partial<TrainConfig>;
  /** The same of the model's own options: what is known of the items. It is no part of a trial's options. */
  readonly network?: ModelOptions;
  /** How every trial is run; the result is the same. */
  readonly fit?: Pick<FitOptions, 'planner' | 'tune' | 'tuneCache'>;
  /** Trials of an interrupted search, which are not run again. */
  readonly before?: readonly Trial[];
  readonly signal?: AbortSignal;
  readonly onTrial?: (trial: Trial) => Promise<void>;
  readonly onEvent?: (trial: number, event: TrainEvent) => void;
}

export interface Searched {
  readonly model: string;
  readonly best: Trial;
  /** The validation of the defaults; null where they failed. */
  readonly defaults: number | null;
  readonly trials: readonly Trial[];
}

/** What is searched of a model; nothing of those that have nothing to search. CONFIG never: names are checked elsewhere. */
export const searchSpace = (model: string): readonly Dimension[] => SPACES[model] ?? [];

/**
 * Searches the options of a model: the defaults first, then the points of a Sobol sequence under the seed. A trial is worth
 * its best validation (ndcg@100), and is stopped early by `Halving`. The test part is never looked at: it is taken out of the
 * split before anything is trained. ABORTED, SPLIT_EMPTY without a validation part; a trial that diverges or does not
 * fit has failed, and the search goes on. DIVERGED when all have.
 */
export async function search(
  backend: Backend,
  interactions: Interactions,
  model: string,
  options: SearchSettings,
): Promise<Searched> {
  const { split, before = [] } = options;
  if (split.validation.heldOut.indices.length === 0) {
    throw new FoldinError('SPLIT_EMPTY', 'there is no validation part to search on', {
      remedy: 'Give --validation a share above 0.',
    });
  }
  const dimensions = searchSpace(model);
  const halving = new Halving();
  const trials: Trial[] = [];
  const wanted = dimensions.length === 0 ? 1 : options.trials;
  for (let number = 0; number < wanted; number++) {
    const known = before.find((trial) => trial.model === model && trial.trial === number);
    if (known) {
      for (const rung of known.rungs) halving.goesOn(rung);
      trials.push(known);
      continue;
    }
    const trial = await runTrial(backend, interactions, { model, number, dimensions, halving }, options);
    trials.push(trial);
    await options.onTrial?.(trial);
  }
  const best = trials.reduce((a, b) => (worth(b) > worth(a) ? b : a));
  if (best.value === null) {
    throw new FoldinError('DIVERGED', `every trial of ${model} failed, the first: ${best.reason}`, {
      remedy: 'Look at the log with foldin inspect, or leave the model out.',
    });
  }
  return { model, best, defaults: trials[0].value, trials };
}

const worth = ({ value }: Trial): number => value ?? Number.NEGATIVE_INFINITY;

interface Running {
  readonly model: string;
  readonly number: number;
  readonly dimensions: readonly Dimension[];
  readonly halving: Halving;
}

async function runTrial(
  backend: Backend,
  interactions: Interactions,
  { model, number, dimensions, halving }: Running,
  { split, seed, train, network, fit: how, signal, onEvent }: SearchSettings,
): Promise<Trial> {
  const options: TrialOptions =
    number === 0
      ? { network: {}, train: {} }
      : optionsAt(dimensions, sobolPoint(number - 1, dimensions.length, seed));
  const started = performance.now();
  const stop = new AbortController();
  const forward = () => stop.abort(signal?.reason);
  if (signal?.aborted) forward();
  signal?.addEventListener('abort', forward);
  const rungs: RungValue[] = [];
  let [value, epochs, isStopped] = [Number.NEGATIVE_INFINITY, 0, false];
  const ended = (status: Trial['status'], reason?: string): Trial => ({
    model,
    trial: number,
    options,
    status,
    value: Number.isFinite(value) && status !== 'failed' ? value : null,
    rungs,
    epochs,
    ms: Math.round(performance.now() - started),
    ...(reason !== undefined && { reason }),
  });
  let made: Fit | undefined;
  try {
    made = await fit(backend, interactions, {
      model,
      network: { ...network, ...options.network },
      train: { ...train, ...options.train, seed },
      split: withoutTest(split),
      ...how,
      signal: stop.signal,
      onEvent(event) {
        onEvent?.(number, event);
        if (event.event !== 'epoch') return;
        epochs = event.epoch;
        value = Math.max(value, event.validation?.[STOP_METRIC] ?? value);
        if (!Halving.isRung(epochs) || !Number.isFinite(value)) return;
        const rung = { epoch: epochs, value };
        rungs.push(rung);
        if (halving.goesOn(rung)) return;
        isStopped = true;
        stop.abort();
      },
    });
    if (epochs === 0) {
      const { recommender } = made;
      const settings = { metrics: [STOP_METRIC], signal };
      const seen = recommender.asSeen(split.validation);
      const { metrics } = await evaluate(backend, recommender.model, seen, settings);
      value = metrics[STOP_METRIC].mean;
    }
    return ended('done');
  } catch (error) {
    if (isStopped) return ended('stopped');
    if (!(error instanceof FoldinError) || !FAILURES.includes(error.code)) throw error;
    return ended('failed', error.message);
  } finally {
    signal?.removeEventListener('abort', forward);
    made?.recommender.dispose();
  }
}

/** What a bad choice of options leads to. */
const FAILURES = ['DIVERGED', 'LIMIT_EXCEEDED', 'OUT_OF_MEMORY', 'CONFIG'];

function withoutTest(split: Split): Split {
  const nothing = csrFromRows([], split.train.columns);
  return { ...split, test: { history: nothing, heldOut: nothing } };
}
