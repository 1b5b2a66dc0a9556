import { given as givenSplit } from '../data/given.js';
import type { Interactions } from '../data/interactions.js';
import { type SplitSpec, splitBy } from '../data/splitBy.js';
import type { Split } from '../data/splitTypes.js';
import { fingerprint } from '../store/fingerprint.js';
import type { Context, SharedOptions } from './command.js';
import type { DeviceFlags } from './device.js';
import { addTitles, noteLog, type ReadResult, readInteractions } from './logs.js';
import { cleaningOf, given, type LogFlags, readingOf } from './options.js';
import type { PlannerFlags } from './planner.js';
import type { SplitFlags } from './splitting.js';
import type { ModelFlags } from './trainOptions.js';
import type { TuneFlags } from './tune.js';

/** What was typed. */
export interface TrainFlags
  extends SharedOptions,
    DeviceFlags,
    TuneFlags,
    ModelFlags,
    PlannerFlags,
    SplitFlags,
    Omit<LogFlags, keyof SharedOptions> {
  readonly seed?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly checkpoint?: string;
  readonly checkpointEvery: number;
  readonly histories: boolean;
}

/** A log, read, titled and cut. */
export interface TrainData {
  readonly read: ReadResult;
  readonly interactions: Interactions;
  readonly parts: Split;
  readonly fingerprint: string;
  /** Of the validation files, where there are any. */
  readonly validationFingerprints: readonly string[];
}

/** Reads everything a training needs. Errors as readLog, clean, readItemTitles and the splits. */
export async function loadData(context: Context<TrainFlags>, spec: SplitSpec): Promise<TrainData> {
  const { out, options, signal } = context;
  const files = context.args[0] as string[];
  const reading = readingOf(options);
  const cleaning = cleaningOf(options);
  const read = await readInteractions(files, reading, cleaning, { out, signal });
  noteLog(out, files, read);
  if (read.cleaned.policy === 'last' && cleaning.minValue === undefined && cleaning.weight === undefined) {
    out.note(
      'ratings   every rating counts as interest; --min-value 4 would count only ratings of 4 and better',
    );
  }
  const { encoding } = reading;
  const interactions =
    options.items === undefined
      ? read.interactions
      : await addTitles(read.interactions, options.items, { log: read.log, out, encoding });
  const validation = spec.name === 'given' ? await validationFiles(context) : undefined;
  return {
    read,
    interactions,
    parts: validation ? givenSplit({ train: interactions, validation }) : splitBy(spec, interactions),
    fingerprint: await fingerprint(interactions),
    validationFingerprints: validation
      ? [await fingerprint(validation.foldIn), await fingerprint(validation.heldOut)]
      : [],
  };
}

async function validationFiles({ out, options, signal }: Context<TrainFlags>) {
  const read = async (file: string) => {
    const { minValue } = options;
    const found = await readInteractions([file], readingOf(options), given({ minValue }), { out, signal });
    noteLog(out, [file], found);
    return found.interactions;
  };
  return { foldIn: await read(options.validationFoldin!), heldOut: await read(options.validationHeldout!) };
}
