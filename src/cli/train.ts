import type { Backend } from '../backend/backend.js';
import type { SplitSpec } from '../data/splitBy.js';
import type { TrainEvent } from '../events.js';
import { withGroupPrior } from '../groups/prior.js';
import { type Fit, type FitOptions, fit } from '../recommend/fit.js';
import { softmaxOf } from '../recommend/large.js';
import { provenance } from '../recommend/provenance.js';
import { writeModelFile } from '../store/files.node.js';
import type { Checkpoint } from '../train/checkpoint.js';
import { VERSION } from '../version.js';
import { Checkpointer, type MadeWith, readCheckpoint, requireSame } from './checkpoints.js';
import type { CommandSpec, Context } from './command.js';
import { wantsFeatures, withFeatures } from './contentOptions.js';
import { defineDevice, withBackend } from './device.js';
import { warnOfSameList } from './figures.js';
import { stopped } from './interrupted.js';
import {
  cleaningOf,
  defineCleaning,
  defineReading,
  number,
  readingOf,
  required,
  usage,
  wholeNumber,
} from './options.js';
import { checkWritable } from './outFile.js';
import { definePlanner, plannerOf } from './planner.js';
import { shownLog } from './sources.js';
import { defineSplit, SPLIT_NOTES, splitSpec } from './splitting.js';
import { textbookError } from './textbook.js';
import { loadData, type TrainData, type TrainFlags } from './trainData.js';
import { defineModel, type Recipe, recipeOf } from './trainOptions.js';
import { EpochPrinter, trainSummary } from './trainOutput.js';
import { defineTune, tuneOptions } from './tune.js';
import { readVerification } from './verified.js';

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
      .argument('<log...>', 'the log files, - for standard input, or postgres://HOST/DATABASE')
      .option('--out <model>', 'the model file to write (.safetensors)')
      .option('--items <file>', 'what the items are called: a file with columns item and title');
    defineModel(command);
    command.option(
      '--group-prior [groups]',
      'for users of little history, the tastes of groups of users beside the model (default 8 groups)',
      (text) => wholeNumber('group-prior')(text),
    );
    command.optionsGroup('Measuring:');
    defineSplit(command);
    defineCleaning(defineReading(command));
    command.optionsGroup('Running:');
    command
      .option('--checkpoint <file>', 'where the state is kept while it trains (default: MODEL.checkpoint)')
      .option('--checkpoint-every <seconds>', 'at the end of an epoch', number('checkpoint-every'), 10)
      .option('--resume <checkpoint>', 'go on where an interrupted training stopped, with the same options')
      .option('--no-histories', 'leave the users and their histories out of the model file');
    defineTune(definePlanner(defineDevice(command)));
  },
  run,
};

async function run(context: Context<TrainFlags>): Promise<void> {
  const { out, options } = context;
  const recipe = recipeOf(options);
  const file = required(options.out, '--out', 'model.safetensors');
  const split = splitSpec(options, recipe.train.seed, recipe.shares);
  const checkpointFile = options.checkpoint ?? `${file}.checkpoint`;
  if (recipe.model === 'blend' && options.resume !== undefined) {
    throw usage(
      'a blend has no checkpoint to go on from',
      'Leave --resume out: the members are trained again.',
    );
  }
  await checkWritable(file);
  await checkWritable(checkpointFile);
  const resume = options.resume === undefined ? undefined : await readCheckpoint(options.resume);
  for (const warning of recipe.warnings) out.warn(warning);
  await withBackend(options, out, async (backend) => {
    const data = await loadData(context, split, wantsFeatures(recipe));
    const madeWith = describeWork(data, recipe, split, backend);
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
    const { epochs, patience } = recipe.train;
    const everyMs = 1000 * options.checkpointEvery;
    const checkpoints = new Checkpointer(checkpointFile, madeWith, {
      everyMs,
      epochs,
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

function describeWork(data: TrainData, recipe: Recipe, split: SplitSpec, backend: Backend): MadeWith {
  const { epochs, ...train } = recipe.train;
  // More epochs may be asked for later, but not where what is done in a step depends on how many there are.
  const isScheduled = train.lrDecay > 0 || recipe.model === 'vae';
  return {
    foldin: VERSION,
    log: data.fingerprint,
    weight: data.interactions.corpusWeight ?? null,
    validationFiles: data.validationFingerprints,
    split: { ...split },
    model: recipe.model,
    ...(data.known && { features: data.known.fingerprint }),
    ...recipe.network,
    ...train,
    ...(isScheduled && { epochs }),
    device: backend.device.adapter,
  };
}

interface Work {
  readonly file: string;
  readonly recipe: Recipe;
  readonly split: SplitSpec;
  readonly data: TrainData;
  readonly checkpoints: Checkpointer;
  readonly resume: Checkpoint | undefined;
}

async function trainAndWrite(context: Context<TrainFlags>, backend: Backend, work: Work): Promise<void> {
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
      network: data.known ? withFeatures(recipe, data.known.features) : recipe.network,
      train: recipe.train,
      split: data.parts,
      planner: plannerOf(options, backend, data.parts.train),
      alsoValidate: recipe.isTextbook ? textbookError(recipe.output ?? 'linear', signal) : undefined,
      signal,
      onEvent: (event: TrainEvent) => printer.print(event),
      onEpochEnd: (take) => checkpoints.offer(take),
      resume,
      finish: groupPrior(backend, options, recipe.train.seed, { out, signal }),
      ...tuneOptions(options.tune, out),
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
          nameOf: shownLog,
        }),
        ...(data.known && { features: data.known.features.groups }),
        ...(data.known?.traits && { userFeatures: data.known.traits.groups }),
      },
    });
  } catch (error) {
    printer.end();
    throw stopped(error, { argv: context.argv, resumed: options.resume }, checkpoints);
  }
  printer.end();
  try {
    const ms = performance.now() - started;
    const contents = await result.recommender.contents({ histories: options.histories });
    await writeModelFile(file, contents);
    await checkpoints.remove();
    if (result.test) {
      const { metrics, users } = result.test.model;
      const { model } = result.recommender;
      warnOfSameList(out, model.name, metrics, { items: model.items, users: users.scored });
    }
    if (!out.isJson)
      return out.data(await trainSummary(result, { backend, out, file, ms, last: printer.last }));
    const { kind, adapter } = backend.device;
    out.json({
      event: 'done',
      model: recipe.model,
      bestEpoch: result.training?.bestEpoch ?? 0,
      ...softmaxOf(result.recommender.model),
      device: { kind, adapter },
      ms: Math.round(ms),
      peakBytes: backend.peakBytes,
    });
  } finally {
    result.recommender.dispose();
  }
}

/** What --group-prior makes of a model. */
function groupPrior(
  backend: Backend,
  { groupPrior: asked }: TrainFlags,
  seed: number,
  { out, signal }: Pick<Context, 'out' | 'signal'>,
): FitOptions['finish'] {
  if (asked === undefined) return undefined;
  return async (model, split) => {
    const groups = asked === true ? undefined : asked;
    const { report, ...made } = await withGroupPrior(backend, model, split, { groups, seed, signal });
    const { prior, metric, found } = report;
    const figures = found.find((one) => one.prior === prior)!.figures;
    const without = found[0].figures;
    const shown = Object.entries(figures).map(
      ([events, figure]) => `${events} ${figure.toFixed(4)} (without ${without[events].toFixed(4)})`,
    );
    out.note(
      `groups    ${report.groups}, counting ${prior} / (n + ${prior}) of n items; ${metric} by items shown: ${shown.join(', ')}`,
    );
    return { ...made, manifest: { groupPrior: report } };
  };
}
