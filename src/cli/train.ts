import type { Backend } from '../backend/backend.js';
import { given as givenSplit } from '../data/given.js';
import type { Interactions } from '../data/interactions.js';
import type { Split } from '../data/splitTypes.js';
import { FoldinError } from '../errors.js';
import type { TrainEvent } from '../events.js';
import { type Fit, fit } from '../recommend/fit.js';
import { writeModelFile } from '../store/files.node.js';
import { fingerprint } from '../store/fingerprint.js';
import type { Checkpoint } from '../train/checkpoint.js';
import { Checkpointer, type MadeWith, readCheckpoint, requireSame } from './checkpoints.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, withBackend } from './device.js';
import { addTitles, noteLog, type ReadResult, readInteractions } from './logs.js';
import {
  cleaningOf,
  defineCleaning,
  defineReading,
  given,
  type LogFlags,
  number,
  readingOf,
  required,
} from './options.js';
import { checkWritable } from './outFile.js';
import { provenance } from './provenance.js';
import {
  defineSplit,
  SPLIT_NOTES,
  type SplitFlags,
  type SplitSpec,
  splitBy,
  splitSpec,
} from './splitting.js';
import { textbookError } from './textbook.js';
import { defineModel, type ModelFlags, type Recipe, recipeOf } from './trainOptions.js';
import { EpochPrinter, trainSummary } from './trainOutput.js';
import { readVerification } from './verified.js';

interface Flags
  extends SharedOptions,
    DeviceFlags,
    ModelFlags,
    SplitFlags,
    Omit<LogFlags, keyof SharedOptions> {
  readonly seed?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly checkpoint?: string;
  readonly checkpointEvery: number;
  readonly histories: boolean;
}

export const command: CommandSpec = {
  name: 'train',
  summary: 'Trains a model on a log, measures it beside popularity, and writes it to one file.',
  examples: [
    'foldin train log.csv --out model.safetensors',
    'foldin train ratings.csv --min-value 4 --items movies.csv --out movies.safetensors',
  ],
  notes: SPLIT_NOTES,
  define(command) {
    command
      .argument('<log...>', 'the log files, or - for standard input')
      .option('--out <model>', 'the model file to write (.safetensors)')
      .option('--items <file>', 'what the items are called: a file with columns item and title');
    defineModel(command);
    command.optionsGroup('Measuring:');
    defineSplit(command);
    defineCleaning(defineReading(command));
    command.optionsGroup('Running:');
    command
      .option('--checkpoint <file>', 'where the state is kept while it trains (default: MODEL.checkpoint)')
      .option('--checkpoint-every <seconds>', 'at the end of an epoch', number('checkpoint-every'), 10)
      .option('--resume <checkpoint>', 'go on where an interrupted training stopped, with the same options')
      .option('--no-histories', 'leave the users and their histories out of the model file');
    defineDevice(command);
  },
  run,
};

async function run(context: Context<Flags>): Promise<void> {
  const { out, options } = context;
  const recipe = recipeOf(options);
  const file = required(options.out, '--out', 'model.safetensors');
  const split = splitSpec(options, recipe.train.seed, recipe.shares);
  const checkpointFile = options.checkpoint ?? `${file}.checkpoint`;
  await checkWritable(file);
  await checkWritable(checkpointFile);
  const resume = options.resume === undefined ? undefined : await readCheckpoint(options.resume);
  for (const warning of recipe.warnings) out.warn(warning);
  await withBackend(options, out, async (backend) => {
    const data = await loadData(context, split);
    const madeWith = await describeWork(data, recipe, split, backend);
    if (resume) {
      const { device, ...was } = resume.madeWith;
      const { device: here, ...now } = madeWith;
      requireSame(options.resume!, was, now);
      if (device !== here) {
        out.warn(
          `the checkpoint was made on ${device}; here the result will not be the same to the last bit`,
        );
      }
    }
    const { patience } = recipe.train;
    const everyMs = 1000 * options.checkpointEvery;
    const checkpoints = new Checkpointer(checkpointFile, madeWith, {
      everyMs,
      patience,
      resumed: options.resume,
    });
    await trainAndWrite(context, backend, {
      file,
      recipe,
      split,
      data,
      checkpoints,
      resume: resume?.checkpoint,
    });
  });
}

interface Data {
  readonly read: ReadResult;
  readonly interactions: Interactions;
  readonly parts: Split;
  readonly fingerprint: string;
  /** Of the validation files, where there are any. */
  readonly validationFingerprints: readonly string[];
}

async function loadData(context: Context<Flags>, spec: SplitSpec): Promise<Data> {
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

async function validationFiles({ out, options, signal }: Context<Flags>) {
  const read = async (file: string) => {
    const { minValue } = options;
    const found = await readInteractions([file], readingOf(options), given({ minValue }), { out, signal });
    noteLog(out, [file], found);
    return found.interactions;
  };
  return { foldIn: await read(options.validationFoldin!), heldOut: await read(options.validationHeldout!) };
}

async function describeWork(
  data: Data,
  recipe: Recipe,
  split: SplitSpec,
  backend: Backend,
): Promise<MadeWith> {
  const { epochs: _, ...train } = recipe.train;
  const { VERSION } = await import('../version.js');
  return {
    foldin: VERSION,
    log: data.fingerprint,
    validationFiles: data.validationFingerprints,
    split: { ...split },
    model: recipe.model,
    ...recipe.network,
    ...train,
    device: backend.device.adapter,
  };
}

interface Work {
  readonly file: string;
  readonly recipe: Recipe;
  readonly split: SplitSpec;
  readonly data: Data;
  readonly checkpoints: Checkpointer;
  readonly resume: Checkpoint | undefined;
}

async function trainAndWrite(context: Context<Flags>, backend: Backend, work: Work): Promise<void> {
  const { out, options, args, signal } = context;
  const { file, recipe, split, data, checkpoints, resume } = work;
  const verified = await readVerification(backend.device);
  if (verified?.passed === false) {
    out.warn(`"foldin verify" found kernels that are wrong on ${verified.adapter}: do not trust this model`);
  }
  const started = performance.now();
  const printer = new EpochPrinter(out);
  let result: Fit;
  try {
    result = await fit(backend, data.interactions, {
      model: recipe.model,
      network: recipe.network,
      train: recipe.train,
      split: data.parts,
      alsoValidate: recipe.isTextbook ? textbookError(recipe.network.output ?? 'linear', signal) : undefined,
      signal,
      onEvent: (event: TrainEvent) => printer.print(event),
      onEpochEnd: (take) => checkpoints.offer(take),
      resume,
      provenance: {
        ...provenance({
          fingerprint: data.fingerprint,
          files: args[0] as string[],
          report: data.read.report,
          reading: readingOf(options),
          cleaning: cleaningOf(options),
          splitOptions: split,
          test: data.parts.test,
          verified,
        }),
      },
    });
  } catch (error) {
    printer.end();
    throw stopped(error, context, checkpoints);
  }
  printer.end();
  try {
    const ms = performance.now() - started;
    const contents = await result.recommender.contents({ histories: options.histories });
    await writeModelFile(file, contents);
    await checkpoints.remove();
    if (!out.isJson)
      return out.data(await trainSummary(result, { backend, out, file, ms, last: printer.last }));
    const { kind, adapter } = backend.device;
    out.json({
      event: 'done',
      model: recipe.model,
      bestEpoch: result.training?.bestEpoch ?? 0,
      device: { kind, adapter },
      ms: Math.round(ms),
      peakBytes: backend.peakBytes,
    });
  } finally {
    result.recommender.dispose();
  }
}

/** An interrupted training says how to go on with it. */
function stopped(error: unknown, { argv, options }: Context<Flags>, checkpoints: Checkpointer): unknown {
  if (!(error instanceof FoldinError) || error.code !== 'ABORTED') return error;
  const file = checkpoints.savedEpoch > 0 ? checkpoints.path : options.resume;
  if (file === undefined) {
    return new FoldinError('ABORTED', 'the training was stopped before the first checkpoint', {
      remedy:
        'Start it again. A checkpoint is written every --checkpoint-every seconds, at the end of an epoch.',
      cause: error,
    });
  }
  const epoch = checkpoints.savedEpoch;
  return new FoldinError(
    'ABORTED',
    `the training was stopped${epoch ? `; epoch ${epoch} is saved in ${file}` : ''}`,
    {
      remedy: `Go on with: ${resumeCommand(argv, file)}`,
      cause: error,
    },
  );
}

/** The command that was typed, with --resume. */
export function resumeCommand(argv: readonly string[], file: string): string {
  const kept = argv.filter(
    (word, i) => word !== '--resume' && argv[i - 1] !== '--resume' && !word.startsWith('--resume='),
  );
  return ['foldin', ...kept, '--resume', file].map(quoted).join(' ');
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./\\-]+$/.test(word)
    ? word
    : process.platform === 'win32'
      ? `"${word}"`
      : `'${word.replaceAll("'", `'\\''`)}'`;
