import { type Command, Option } from 'commander';
import type { Backend } from '../backend/backend.js';
import type { Leak } from '../data/leaks/leak.js';
import type { EvaluationSet, Split } from '../data/splitTypes.js';
import { evaluate } from '../evaluate/evaluate.js';
import { evaluateRatings, type RatingEvaluation } from '../evaluate/evaluateRatings.js';
import type { TieRule } from '../evaluate/ties.js';
import { Popular } from '../model/baselines.js';
import { leftOut } from '../recommend/provenance.js';
import { Recommender } from '../recommend/recommender.js';
import { readModelFile } from '../store/files.node.js';
import type { ModelContents } from '../store/modelFile.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, withBackend } from './device.js';
import { defineParts, type PartFlags, type Parts, partsBy, partsText } from './evaluateParts.js';
import {
  type Column,
  metricsTable,
  type Protocol,
  protocolJson,
  protocolLine,
  warnOfSameList,
} from './figures.js';
import { givenFiles } from './givenFiles.js';
import { chosenMetrics } from './metricNames.js';
import { defineCleaning, defineReading, type LogFlags, usage, wholeNumbers, words } from './options.js';
import { checkRatings, defineRatings, type RatingFlags, ratingsText } from './ratings.js';
import { allowLeakOption, warnOfLeaks } from './splitting.js';
import { storedFigures } from './storedFigures.js';
import { testPart } from './testPart.js';

export interface EvaluateFlags extends SharedOptions, DeviceFlags, LogFlags, PartFlags, RatingFlags {
  readonly foldin?: string;
  readonly heldout?: string;
  readonly metrics?: string[];
  readonly k?: number[];
  readonly ties: TieRule;
  readonly allowLeak?: boolean;
}

/** What an evaluation comes to, whichever way it was made. */
export interface Figures {
  readonly protocol: Protocol;
  readonly columns: readonly Column[];
  readonly parts?: Parts;
  readonly ratings?: RatingEvaluation;
}

export const command: CommandSpec = {
  name: 'evaluate',
  summary: 'Measures a model beside popularity, over all items that a user has not seen.',
  examples: [
    'foldin evaluate model.safetensors',
    'foldin evaluate model.safetensors log.csv -k 5,10,20',
    'foldin evaluate model.safetensors log.csv --metrics ndcg@10 --by history',
    'foldin evaluate model.safetensors --foldin histories.csv --heldout later.csv',
  ],
  notes: `Without a log: the figures found when the model was trained.
With the log it was trained on: the test part again, cut as it was then.
With --foldin and --heldout: other users, what is known of them and what is to be found.`,
  define(command: Command) {
    command
      .argument('<model>', 'the model file')
      .argument('[log...]', 'the log it was trained on, or - for standard input')
      .option('--foldin <file>', 'histories of the users to evaluate')
      .option('--heldout <file>', 'what is to be found of them')
      .option('--metrics <names>', 'such as ndcg@100,recall@20,mrr', words)
      .option('-k <cuts>', 'cuts of the metrics, such as 5,10,20', wholeNumbers('k'))
      .addOption(
        new Option('--ties <rule>', 'expected: mean over orders of equal scores; index: the lower item first')
          .choices(['expected', 'index'])
          .default('expected'),
      )
      .addOption(allowLeakOption());
    defineRatings(defineParts(command));
    defineCleaning(defineReading(command));
    command.optionsGroup('Running:');
    defineDevice(command);
  },
  run,
};

async function run(context: Context<EvaluateFlags>): Promise<void> {
  const { out, options, args } = context;
  const contents = await readModelFile(args[0] as string);
  const files = args[1] as string[];
  const { foldin, heldout } = options;
  if ((foldin === undefined) !== (heldout === undefined)) {
    throw usage('only one of --foldin and --heldout is given', 'Give both, or neither.');
  }
  if (foldin !== undefined && files.length > 0) {
    throw usage('a log and --foldin are given', 'Give the log of the training, or --foldin and --heldout.');
  }
  checkRatings(options, files.length > 0);
  if (options.by !== undefined && files.length === 0 && foldin === undefined) {
    throw usage('--by needs the users again', 'Give the log, or --foldin and --heldout.');
  }
  const { model, columns, protocol, parts, ratings } = await figures(context, contents, files);
  if (out.isJson) {
    return out.json({
      protocol: protocolJson(protocol),
      users: protocol.users,
      metrics: columns[0].metrics,
      baselines: { popular: columns[1].metrics },
      ...(parts && { parts }),
      ...(ratings && { ratings }),
    });
  }
  out.data(metricsTable([{ ...columns[0], name: model }, ...columns.slice(1)], out));
  if (parts) out.data(`\n${partsText(parts, out)}`);
  if (ratings) out.data(`\n${ratingsText(ratings, out)}`);
  out.data(`\n${protocolLine(protocol)}`);
}

async function figures(context: Context<EvaluateFlags>, contents: ModelContents, files: readonly string[]) {
  const { out, options } = context;
  const { model } = contents;
  if (files.length === 0 && options.foldin === undefined) {
    return { model, ...storedFigures(contents.manifest, options) };
  }
  const found =
    files.length > 0 ? await testPart(context, contents, files) : await givenFiles(context, contents);
  const measured = await withBackend(options, out, (backend) => measure(context, backend, contents, found));
  return { model, ...measured };
}

/** What there is to measure on. */
export interface Found {
  readonly set: EvaluationSet;
  readonly split: string;
  readonly seed: number;
  /** Training histories, where they are at hand: metrics of whole lists need them. */
  readonly train?: Split['train'];
  /** The validation part, likewise. */
  readonly validation?: EvaluationSet;
  readonly validationName?: (row: number) => string | undefined;
  /** For messages; columns are the model's items. */
  readonly userName: (row: number) => string | undefined;
  /** Leaks that were found on the way, and allowed. */
  readonly leaks: readonly Leak[];
}

async function measure(
  { out, options, signal }: Context<EvaluateFlags>,
  backend: Backend,
  contents: ModelContents,
  { set: plain, train, validation, validationName, split, seed, userName, leaks: before }: Found,
): Promise<Figures> {
  const recommender = Recommender.load(backend, contents);
  const { model } = recommender;
  const set = recommender.asSeen(plain, userName);
  const popular = new Popular(backend, Float32Array.from(recommender.parts.popularity));
  const metrics = chosenMetrics(options, train !== undefined);
  const { ties, allowLeak, by, threshold } = options;
  const names = { user: userName, item: (column: number) => contents.items[column] };
  const settings = { metrics, ties, train, signal, allowLeak, names };
  try {
    const found = await evaluate(backend, model, set, settings);
    const baseline = await evaluate(backend, popular, set, settings);
    const leaks = [...before, ...(found.leaks ?? [])];
    warnOfLeaks(out, leaks);
    const { scored } = found.users;
    warnOfSameList(out, model.name, found.metrics, { items: model.items, users: scored });
    const { cold, skipped } = leftOut(set);
    const both = { model: found, popular: baseline };
    const at = { set, userName, seed: options.seed, signal };
    return {
      protocol: { split, seed, ties, leaks, users: { scored, skipped: skipped + found.users.skipped, cold } },
      columns: [
        { name: contents.model, metrics: found.metrics },
        { name: 'popular', metrics: baseline.metrics },
      ],
      ...(by && { parts: await partsBy(by, recommender, both, at) }),
      ...(options.ratings && {
        ratings: await evaluateRatings(backend, model, set, {
          train: train ?? noTraining(),
          calibration: validation && recommender.asSeen(validation, validationName),
          threshold,
          signal,
        }),
      }),
    };
  } finally {
    popular.dispose();
    recommender.dispose();
  }
}

/** Of another log: see `testPart`. */
function noTraining(): never {
  throw usage('--ratings needs the log of the training', 'Give the log that the model was trained on.');
}
