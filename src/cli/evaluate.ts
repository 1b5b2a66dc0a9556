import { type Command, Option } from 'commander';
import type { Backend } from '../backend/backend.js';
import { splitBy } from '../data/splitBy.js';
import type { EvaluationSet, Split } from '../data/splitTypes.js';
import { FoldinError } from '../errors.js';
import { evaluate } from '../evaluate/evaluate.js';
import type { TieRule } from '../evaluate/ties.js';
import { Popular } from '../model/baselines.js';
import { leftOut, provenanceOf } from '../recommend/provenance.js';
import { Recommender } from '../recommend/recommender.js';
import { readModelFile } from '../store/files.node.js';
import { fingerprint } from '../store/fingerprint.js';
import type { ModelContents } from '../store/modelFile.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, withBackend } from './device.js';
import { type Column, metricsTable, type Protocol, protocolLine } from './figures.js';
import { givenFiles } from './givenFiles.js';
import { noteLog, readInteractions } from './logs.js';
import { chosenMetrics } from './metricNames.js';
import {
  cleaningOf,
  defineCleaning,
  defineReading,
  type LogFlags,
  readingOf,
  usage,
  wholeNumbers,
  words,
} from './options.js';
import { storedFigures } from './storedFigures.js';

export interface EvaluateFlags extends SharedOptions, DeviceFlags, LogFlags {
  readonly foldin?: string;
  readonly heldout?: string;
  readonly metrics?: string[];
  readonly k?: number[];
  readonly ties: TieRule;
}

/** What an evaluation comes to, whichever way it was made. */
export interface Figures {
  readonly protocol: Protocol;
  readonly columns: readonly Column[];
}

export const command: CommandSpec = {
  name: 'evaluate',
  summary: 'Measures a model beside popularity, over all items that a user has not seen.',
  examples: [
    'foldin evaluate model.safetensors',
    'foldin evaluate model.safetensors log.csv -k 5,10,20',
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
      );
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
  const { model, columns, protocol } = await figures(context, contents, files);
  if (out.isJson) {
    const { users, ...rest } = protocol;
    return out.json({
      protocol: { split: rest.split, ranking: 'full', ties: rest.ties, seed: rest.seed },
      users,
      metrics: columns[0].metrics,
      baselines: { popular: columns[1].metrics },
    });
  }
  out.data(metricsTable([{ ...columns[0], name: model }, ...columns.slice(1)], out));
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
}

/** The test part of the log that the model was trained on. LEAKAGE for another log. */
async function testPart(
  { out, options, signal }: Context<EvaluateFlags>,
  contents: ModelContents,
  files: readonly string[],
): Promise<Found> {
  const made = provenanceOf(contents.manifest);
  const reading = { ...made.reading, ...readingOf(options) };
  const cleaning = { ...made.cleaning, ...cleaningOf(options) };
  const read = await readInteractions(files, reading, cleaning, { out, signal });
  noteLog(out, files, read);
  const found = await fingerprint(read.interactions);
  if (found !== made.data.fingerprint) {
    const digits = (hash: string) => hash.slice(0, 12);
    throw new FoldinError(
      'LEAKAGE',
      `this is not the log that the model was trained on (fingerprint ${digits(found)}, not ${digits(made.data.fingerprint)}): ` +
        'users it has seen in training could be measured as if they were new',
      {
        remedy:
          `Give the same log (${made.data.files.join(', ')}) with the same options, ` +
          'or users that it never saw with --foldin FILE --heldout FILE.',
        details: { expected: made.data.fingerprint, got: found },
      },
    );
  }
  const split = splitBy(made.splitOptions, read.interactions);
  if (split.test.heldOut.indices.length === 0) {
    throw new FoldinError('SPLIT_EMPTY', 'the model was trained without a test part', {
      remedy: 'Train it with --test 0.1, or give --foldin and --heldout.',
    });
  }
  return { set: split.test, split: split.name, seed: split.seed, train: split.train };
}

async function measure(
  { options, signal }: Context<EvaluateFlags>,
  backend: Backend,
  contents: ModelContents,
  { set, train, split, seed }: Found,
): Promise<Figures> {
  const recommender = Recommender.load(backend, contents);
  const popular = new Popular(backend, Float32Array.from(recommender.parts.popularity));
  const metrics = chosenMetrics(options, train !== undefined);
  const settings = { metrics, ties: options.ties, train, signal };
  try {
    const found = await evaluate(backend, recommender.model, set, settings);
    const baseline = await evaluate(backend, popular, set, settings);
    const { cold, skipped } = leftOut(set);
    return {
      protocol: {
        split,
        seed,
        ties: options.ties,
        users: { scored: found.users.scored, skipped: skipped + found.users.skipped, cold },
      },
      columns: [
        { name: contents.model, metrics: found.metrics },
        { name: 'popular', metrics: baseline.metrics },
      ],
    };
  } finally {
    popular.dispose();
    recommender.dispose();
  }
}
