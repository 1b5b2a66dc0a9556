import type { Features } from '../data/features.js';
import { given as givenSplit } from '../data/given.js';
import type { Interactions } from '../data/interactions.js';
import { columnLeaks, type ItemColumn } from '../data/leaks/columns.js';
import { refuseLeaks } from '../data/leaks/leak.js';
import { type SplitSpec, splitBy } from '../data/splitBy.js';
import type { Split } from '../data/splitTypes.js';
import { fingerprint } from '../store/fingerprint.js';
import type { Context, SharedOptions } from './command.js';
import { type Known, kindsOf, loadKnown, type Made, wantsFeatures } from './contentOptions.js';
import type { DeviceFlags } from './device.js';
import { addTitles, noteLog, type ReadResult, readInteractions } from './logs.js';
import { cleaningOf, given, type LogFlags, readingOf } from './options.js';
import type { PlannerFlags } from './planner.js';
import { type SplitFlags, warnOfLeaks } from './splitting.js';
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
  readonly groupPrior?: number | true;
}

/** A log, read, titled and cut. */
export interface TrainData {
  readonly read: ReadResult;
  readonly interactions: Interactions;
  readonly parts: Split;
  readonly fingerprint: string;
  /** Of the validation files, where there are any. */
  readonly validationFingerprints: readonly string[];
  /** What is known of the items, where the model goes by it; the log and its parts are then over all of them. */
  readonly known?: Known;
  /** Then also the log and its parts over the items of the log alone, for models beside it. */
  readonly plain?: Pick<TrainData, 'interactions' | 'parts'>;
}

/** Reads everything a training needs. Errors as readLog, clean, readItemTitles and the splits. */
export async function loadData(
  context: Context<TrainFlags>,
  spec: SplitSpec,
  withFeatures = false,
): Promise<TrainData> {
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
  const titled = (log: Interactions) =>
    options.items === undefined
      ? { interactions: log, columns: [] }
      : addTitles(log, options.items, { log: read.log, out, encoding, mayBeMissing: withFeatures });
  const validation = spec.name === 'given' ? await validationFiles(context) : undefined;
  const { allowLeak } = options;
  const cut = (log: Interactions) =>
    validation ? givenSplit({ train: log, validation, allowLeak }) : splitBy(spec, log, allowLeak);
  const made = {
    read,
    fingerprint: await fingerprint(read.interactions),
    validationFingerprints: validation
      ? [await fingerprint(validation.foldIn), await fingerprint(validation.heldOut)]
      : [],
  };
  const { interactions: log, columns } = await titled(read.interactions);
  const parts = cut(log);
  warnOfLeaks(out, parts.leaks);
  if (validation === undefined) {
    const kinds = withFeatures ? kindsOf(options.attribute) : {};
    const isUsed = ({ name }: ItemColumn) => withFeatures && kinds[name] !== 'unused';
    warnOfLeaks(out, refuseLeaks(columnLeaks(parts, log, columns.filter(isUsed)), options.allowLeak));
    for (const { message } of columnLeaks(
      parts,
      log,
      columns.filter((column) => !isUsed(column)),
    )) {
      out.warn(`${message}. This model does not look at it, so the figures are not touched`);
    }
  }
  if (!withFeatures) return { ...made, interactions: log, parts };
  // Cut as for any other model, so that figures can be compared; what else is known of items comes after.
  const known = await loadKnown(
    { interactions: read.interactions, split: parts, log: read.log },
    options,
    out,
  );
  const { interactions } = await titled(known.interactions);
  return { ...made, interactions, parts: known.split, known, plain: { interactions: log, parts } };
}

/** The log and its parts as a model sees them; with `features` where it goes by what items are like. */
export function dataFor(
  { interactions, parts, known, plain }: TrainData,
  made: Made,
): Pick<TrainData, 'interactions' | 'parts'> & { readonly features?: Features } {
  if (known && wantsFeatures(made)) return { interactions, parts, features: known.features };
  return plain ?? { interactions, parts };
}

async function validationFiles({ out, options, signal }: Context<TrainFlags>) {
  const read = async (file: string) => {
    const { minValue, order } = cleaningOf(options);
    const cleaning = given({ minValue, order });
    const found = await readInteractions([file], readingOf(options), cleaning, { out, signal });
    noteLog(out, [file], found);
    return found.interactions;
  };
  return { foldIn: await read(options.validationFoldin!), heldOut: await read(options.validationHeldout!) };
}
