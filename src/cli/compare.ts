import type { Command } from 'commander';
import type { Backend } from '../backend/backend.js';
import type { Split } from '../data/splitTypes.js';
import { pairedRandomisation } from '../evaluate/significance.js';
import { learnsInEpochs } from '../model/registry.js';
import { type Fit, fit } from '../recommend/fit.js';
import { leftOut } from '../recommend/provenance.js';
import { STOP_METRIC } from '../train/trainer.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type Contestant, comparisonTable } from './comparison.js';
import { type ContentFlags, defineContent, wantsFeatures, withFeatures } from './contentOptions.js';
import { type DeviceFlags, defineDevice, withBackend } from './device.js';
import { protocolJson, warnOfSameList } from './figures.js';
import { chosenMetrics } from './metricNames.js';
import {
  defineCleaning,
  defineReading,
  given,
  type LogFlags,
  usage,
  wholeNumber,
  wholeNumbers,
  words,
} from './options.js';
import { definePlanner, type PlannerFlags, plannerOf } from './planner.js';
import { Progress } from './progress.js';
import { defineSearch, SEARCH_NOTES, type SearchFlags, searchedJson, searchModels } from './search.js';
import { defineSplit, SPLIT_NOTES, type SplitFlags, splitSpec } from './splitting.js';
import { duration } from './table.js';
import { dataFor, loadData, type TrainFlags } from './trainData.js';
import { recipeOf } from './trainOptions.js';
import { defineTuneKernels, type TuneKernelsFlags, tunedText, tuneOptions } from './tune.js';

interface CompareFlags
  extends SharedOptions,
    DeviceFlags,
    PlannerFlags,
    TuneKernelsFlags,
    SplitFlags,
    SearchFlags,
    Omit<ContentFlags, 'factors' | 'dropout'>,
    Omit<LogFlags, keyof SharedOptions> {
  readonly models: string[];
  readonly epochs?: number;
  readonly metrics?: string[];
  readonly k?: number[];
}

export const command: CommandSpec = {
  name: 'compare',
  summary: 'Trains several models on one split of a log and measures them on the same users.',
  examples: [
    'foldin compare log.csv',
    'foldin compare ratings.csv --min-value 4 --models popular,linear,mlp --seed 2',
    'foldin compare log.csv --models ease,mlp --tune 20 --journal tune.jsonl',
    'foldin compare log.csv --models ease,content --items items.csv',
  ],
  notes: `Every model is trained with its defaults, its epoch chosen on the validation part, and measured once on the test part.
"p" is a paired randomisation test of ${STOP_METRIC} against the best model over the users of the test part: how
often chance alone would make as large a difference. Above .05 the two are as good as each other here.

${SEARCH_NOTES}

${SPLIT_NOTES}`,
  define(command: Command) {
    command
      .argument('<log...>', 'the log files, - for standard input, or postgres://HOST/DATABASE')
      .option('--models <names>', 'models to compare (default popular,linear,mlp)', words, [
        'popular',
        'linear',
        'mlp',
      ])
      .option('--items <file>', 'what is known of the items, for content; and what they are called')
      .option('--epochs <n>', 'at most, for models that are trained', wholeNumber('epochs'))
      .option('--metrics <names>', 'such as ndcg@100,recall@20,mrr', words)
      .option('-k <cuts>', 'cuts of the metrics, such as 5,10,20', wholeNumbers('k'))
      .optionsGroup('Measuring:');
    defineContent(command);
    defineSearch(command);
    defineSplit(command);
    defineCleaning(defineReading(command));
    command.optionsGroup('Running:');
    defineTuneKernels(definePlanner(defineDevice(command)));
  },
  run,
};

async function run(context: Context<CompareFlags>): Promise<void> {
  const { out, options } = context;
  const { models, epochs, seed } = options;
  if (models.length === 0) throw usage('no model is named', 'Name some, such as --models popular,mlp.');
  const recipes = [...new Set(models)].map((model) =>
    recipeOf({ model, ...given({ seed, epochs: learnsInEpochs(model) ? epochs : undefined }) }),
  );
  const told = (['itemVectors', 'attribute', 'users', 'userAttribute'] as const).find(
    (flag) => options[flag],
  );
  if (told && !recipes.some(wantsFeatures)) {
    const flag = told.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw usage(
      `--${flag} is for content, which is not compared`,
      'Add content to --models, or leave it out.',
    );
  }
  const metrics = [...new Set([STOP_METRIC, ...chosenMetrics(options, true)])];
  const spec = splitSpec(options, recipes[0].train.seed);
  if (spec.test === 0)
    throw usage('there is no test part to compare on', 'Leave --test and the validation files out.');

  await withBackend(options, out, async (backend) => {
    const data = await loadData(context as unknown as Context<TrainFlags>, spec, recipes.some(wantsFeatures));
    const progress = new Progress(out);
    const searched = await searchModels(backend, {
      data,
      spec,
      models: recipes,
      seed: recipes[0].train.seed,
      epochs,
      flags: options,
      out,
      progress,
      signal: context.signal,
    });
    const contestants: Contestant[] = [];
    for (const recipe of recipes) {
      const { model, train } = recipe;
      const { interactions, parts, features } = dataFor(data, recipe);
      const started = performance.now();
      backend.resetPeak();
      const best = searched?.get(model)?.best.options;
      const network = { ...recipe.network, ...best?.network };
      const made = await fit(backend, interactions, {
        model,
        network: features ? withFeatures({ model, network }, features) : network,
        train: { ...train, ...best?.train },
        split: parts,
        planner: plannerOf(options, backend, parts.train),
        metrics,
        signal: context.signal,
        ...tuneOptions(options.tuneKernels, out),
        onEvent: (event) => {
          if (event.event === 'tuned') out.note(`${model}: ${tunedText(event)}`);
          if (event.event === 'notice') out.warn(event.message);
          if (event.event !== 'epoch') return;
          progress.update(event.epoch / event.epochs, `${model}, epoch ${event.epoch}`);
        },
      });
      const ms = performance.now() - started;
      contestants.push(
        contestant(model, made, { ms, peakBytes: backend.peakBytes, searched: searched?.get(model) }),
      );
      progress.line(
        `${model}: ${STOP_METRIC} ${contestants.at(-1)!.test.metrics[STOP_METRIC].mean.toFixed(4)}, ${duration(ms)}`,
      );
    }
    progress.end();
    const items = data.parts.train.columns;
    for (const { model, test } of contestants) {
      warnOfSameList(out, model, test.metrics, { items, users: test.users.scored });
    }
    report(context, backend, judged(contestants), data.parts);
  });
}

function contestant(
  model: string,
  { recommender, test, training }: Fit,
  cost: Pick<Contestant, 'ms' | 'peakBytes' | 'searched'>,
): Contestant {
  let parameters = 0;
  for (const [name, { size }] of recommender.model.tensors) if (!isGiven(name)) parameters += size;
  recommender.dispose();
  return { model, test: test!.model, parameters, epochs: training?.epochs ?? 0, ...cost };
}

/** What a model was told of the items, which it keeps, but has not learned. */
const isGiven = (tensor: string): boolean => tensor.startsWith('features.');

/** Best first, the others with their test against the best. */
function judged(contestants: readonly Contestant[]): Contestant[] {
  const mean = ({ test }: Contestant) => test.metrics[STOP_METRIC].mean;
  const values = ({ test }: Contestant) => test.perUser.values.get(STOP_METRIC)!;
  const [best, ...others] = [...contestants].sort((a, b) => mean(b) - mean(a));
  return [
    best,
    ...others.map((other) => ({ ...other, versusBest: pairedRandomisation(values(other), values(best)) })),
  ];
}

function report(
  { out }: Context<CompareFlags>,
  backend: Backend,
  contestants: readonly Contestant[],
  { name, seed, leaks, test }: Split,
): void {
  const { users, ties } = contestants[0].test;
  const { cold, skipped } = leftOut(test);
  const scored = { scored: users.scored, skipped: users.skipped + skipped, cold };
  const protocol = { split: name, ties, seed, leaks, users: scored };
  if (!out.isJson) {
    out.data(comparisonTable(contestants, protocol, backend.device, out));
    return;
  }
  out.json({
    protocol: protocolJson(protocol),
    users: scored,
    device: { kind: backend.device.kind, adapter: backend.device.adapter },
    models: contestants.map(({ model, test, parameters, epochs, ms, peakBytes, searched, versusBest }) => ({
      model,
      metrics: test.metrics,
      parameters,
      epochs,
      ms: Math.round(ms),
      peakBytes,
      ...(searched && { tuned: searchedJson(searched) }),
      ...(versusBest && { versusBest: { metric: STOP_METRIC, ...versusBest } }),
    })),
  });
}
