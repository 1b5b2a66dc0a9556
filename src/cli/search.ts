import { appendFile, readFile, truncate } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Backend } from '../backend/backend.js';
import type { SplitSpec } from '../data/splitBy.js';
import { FoldinError } from '../errors.js';
import { journalHead, journalLine, readJournal, type SearchedWith, type Trial } from '../search/journal.js';
import { type Searched, search as searchOptions, searchSpace } from '../search/search.js';
import { flagsOf } from '../search/spaces.js';
import { STOP_METRIC } from '../train/trainer.js';
import { VERSION } from '../version.js';
import { type Made, withFeatures } from './contentOptions.js';
import { given, usage, wholeNumber } from './options.js';
import type { Output } from './output.js';
import { type PlannerFlags, plannerOf } from './planner.js';
import type { Progress } from './progress.js';
import { count, duration, facts } from './table.js';
import { dataFor, type TrainData } from './trainData.js';
import { type TuneKernelsFlags, tuneOptions } from './tune.js';

export interface SearchFlags {
  readonly tune?: number;
  readonly journal?: string;
}

export const defineSearch = (command: Command): Command =>
  command
    .option(
      '--tune <trials>',
      'so many trials of the options of each model first, on the validation part',
      wholeNumber('tune'),
    )
    .option('--journal <file>', 'keeps every trial of --tune, so that an interrupted search goes on');

export const SEARCH_NOTES = `With --tune each model first tries its defaults and then options spread evenly over its search space (a Sobol sequence
under --seed). A trial is worth its best ${STOP_METRIC} on the validation part; one that is not among the best third at
epoch 4, 12, 36, ... stops there. The test part is looked at once, with the best options of each model.`;

interface Search {
  readonly data: TrainData;
  readonly spec: SplitSpec;
  readonly models: readonly Made[];
  readonly seed: number;
  readonly epochs: number | undefined;
  readonly flags: SearchFlags & PlannerFlags & TuneKernelsFlags;
  readonly out: Output;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What was found for each model; undefined where nothing is to be searched. */
export async function searchModels(
  backend: Backend,
  search: Search,
): Promise<Map<string, Searched> | undefined> {
  const { data, models, seed, epochs, flags, out, progress, signal } = search;
  if (flags.tune === undefined) {
    if (flags.journal === undefined) return undefined;
    throw usage('--journal keeps the trials of --tune, which is not given', 'Add --tune 20.');
  }
  if (flags.tune < 1)
    throw usage('--tune 0 tries nothing', 'Give --tune a number of at least 1, such as 20.');
  const journal = await openJournal(flags.journal, searchedWith(backend, search));
  const found = new Map<string, Searched>();
  for (const made of models) {
    const { model } = made;
    const { interactions, parts, features } = dataFor(data, made);
    const trials = searchSpace(model).length === 0 ? 1 : flags.tune;
    const searched = await searchOptions(backend, interactions, model, {
      trials,
      split: parts,
      network: features && withFeatures({ model, network: {} }, features),
      seed,
      train: given({ epochs }),
      fit: { planner: plannerOf(flags, backend, parts.train), ...tuneOptions(flags.tuneKernels, out) },
      before: journal.before,
      signal,
      async onTrial(trial) {
        await journal.add(trial);
        progress.line(trialLine(trial, trials));
      },
      onEvent(trial, event) {
        if (event.event !== 'epoch') return;
        const share = (trial + event.epoch / event.epochs) / trials;
        progress.update(share, `${model}, trial ${trial + 1}/${trials}, epoch ${event.epoch}`);
      },
    });
    found.set(model, searched);
  }
  return found;
}

const trialLine = ({ model, trial, options, status, value, ms }: Trial, trials: number): string =>
  `${model} ${trial + 1}/${trials}: ${value === null ? status : value.toFixed(4)}${status === 'stopped' ? ' (stopped early)' : ''}, ` +
  `${duration(ms)}  ${flagsOf(searchSpace(model), options) || 'defaults'}`;

/** Trials of another log, split or seed say nothing here. */
const searchedWith = (backend: Backend, { data, spec, seed, epochs }: Search): SearchedWith => ({
  foldin: VERSION,
  log: data.fingerprint,
  ...(data.known && { features: data.known.fingerprint }),
  weight: data.interactions.corpusWeight ?? null,
  validationFiles: data.validationFingerprints,
  split: { ...spec },
  metric: STOP_METRIC,
  seed,
  epochs: epochs ?? null,
  device: backend.device.adapter,
});

interface Journal {
  readonly before: readonly Trial[];
  add(trial: Trial): Promise<void>;
}

/** FILE_WRITE when the file cannot be written; see `readJournal` for what it may hold. */
async function openJournal(file: string | undefined, made: SearchedWith): Promise<Journal> {
  if (file === undefined) return { before: [], add: async () => {} };
  const write = async (text: string) => {
    try {
      await appendFile(file, text);
    } catch (cause) {
      throw new FoldinError('FILE_WRITE', `${file} cannot be written: ${(cause as Error).message}`, {
        remedy: 'Choose the path of a file in a folder where you may write.',
        cause,
        details: { file },
      });
    }
  };
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new FoldinError('FILE_MISSING', `${file} cannot be read (${error.code ?? error})`, {
      remedy: 'Give --journal the path of a file that may be read and written.',
      cause: error,
      details: { file },
    });
  });
  const before = readJournal(text, made, file);
  // A line that was cut off must not spoil the next.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole !== text) await truncate(file, Buffer.byteLength(whole));
  if (whole === '') await write(journalHead(made));
  return { before, add: (trial) => write(journalLine(trial)) };
}

/** One line a model: what was found, and what it is worth on the validation part. */
export const searchedText = (searched: Iterable<Searched>): string =>
  facts(
    [...searched]
      .filter(({ model }) => searchSpace(model).length > 0)
      .map(({ model, best, defaults, trials }) => {
        const stopped = trials.filter(({ status }) => status === 'stopped').length;
        const failed = trials.filter(({ status }) => status === 'failed').length;
        const notes = [
          `${count(trials.length)} trials`,
          ...(stopped > 0 ? [`${stopped} stopped early`] : []),
          ...(failed > 0 ? [`${failed} failed`] : []),
          `defaults ${defaults === null ? 'failed' : defaults.toFixed(4)}`,
        ];
        const options = flagsOf(searchSpace(model), best.options) || 'the defaults';
        return [model, `${options}  validation ${best.value!.toFixed(4)} (${notes.join(', ')})`] as const;
      }),
  );

/** The same in JSON. */
export const searchedJson = ({ model, best, defaults, trials }: Searched) => ({
  options: { ...best.options.network, ...best.options.train },
  flags: flagsOf(searchSpace(model), best.options),
  validation: best.value,
  defaults,
  trials: trials.length,
  stopped: trials.filter(({ status }) => status === 'stopped').length,
  failed: trials.filter(({ status }) => status === 'failed').length,
});
