// Models that go by the order of histories, and those that do not, on the last items of the fixed ordered splits.
import type { Backend } from '../src/backend/backend.js';
import { FoldinError } from '../src/errors.js';
import { evaluate } from '../src/evaluate/evaluate.js';
import { evaluateRanks } from '../src/evaluate/evaluateRanks.js';
import { parseMetric, type RankMetric } from '../src/evaluate/parseMetric.js';
import { Ranker } from '../src/evaluate/ranker.js';
import type { GruConfig } from '../src/model/gruConfig.js';
import type { Model } from '../src/model/model.js';
import { createModel, fitModel, type ModelOptions, trainable, trainDefaults } from '../src/model/registry.js';
import { Trainer } from '../src/train/trainer.js';
import { explanations } from './accuracyExplain.js';
import { type OrderedSplit, readOrderedSplit } from './orderedSplits.js';

/** HR@10 and NDCG@10 of the test part. */
type Published = readonly [number, number];

/**
 * Model, options, and the published figures, by split. Those of windowed transitions are of ties to the lower id alone:
 * with popularity added, as the defaults have it, two of them are a little higher.
 */
const ROWS: Readonly<Record<string, readonly (readonly [string, ModelOptions, Published])[]>> = {
  'ms-usage': [
    ['popular', {}, [0.283, 0.1383]],
    ['ease', { l2: 300 }, [0.6363, 0.3889]],
    ['ease', { l2: 300, decay: 0.6 }, [0.6493, 0.4019]],
    ['markov', { window: 1, decay: 0 }, [0.5309, 0.3638]],
    ['markov', { window: 3, decay: 0.6, popularityWeight: 0 }, [0.6246, 0.4082]],
  ],
  'ml-100k': [
    ['popular', {}, [0.0859, 0.0449]],
    ['ease', { l2: 100 }, [0.1432, 0.0711]],
    ['ease', { l2: 300, decay: 0.9 }, [0.1866, 0.1019]],
    ['markov', { window: 1, decay: 0 }, [0.1453, 0.0769]],
    ['markov', { window: 10, decay: 0.8 }, [0.2025, 0.112]],
  ],
  grocery: [
    ['popular', {}, [0.0244, 0.0113]],
    ['markov', { window: 1, decay: 0 }, [0.0954, 0.0581]],
    ['markov', { window: 10, decay: 0.3, popularityWeight: 0 }, [0.1101, 0.0661]],
    ['ease', { l2: 300 }, [0.062, 0.0328]],
    ['ease', { l2: 300, decay: 0.6 }, [0.0885, 0.0512]],
  ],
  'ml-1m': [
    ['popular', {}, [0.0369, 0.018]],
    ['markov', { window: 1, decay: 0 }, [0.2146, 0.126]],
    ['markov', { window: 10, decay: 0.6 }, [0.2702, 0.1582]],
    ['ease', { l2: 300 }, [0.1086, 0.0536]],
    ['ease', { l2: 1000, decay: 0.8 }, [0.232, 0.129]],
  ],
};

/** How the recurrent model is trained on each split, what it must reach, and the published figures. */
const GRUS: Readonly<
  Record<
    string,
    { network: Partial<GruConfig>; batch: number; epochs: number; least: Published; published: Published }
  >
> = {
  'ml-100k': {
    network: { hidden: 64, dropout: 0.5, window: 200 },
    batch: 16,
    epochs: 34,
    least: [0.16, 0.08],
    published: [0.1739, 0.09],
  },
  grocery: {
    network: { hidden: 64, dropout: 0.2, window: 50 },
    batch: 32,
    epochs: 20,
    least: [0.09, 0.048],
    published: [0.0953, 0.0521],
  },
  'ml-1m': {
    network: { hidden: 128, dropout: 0.2, window: 200 },
    batch: 16,
    epochs: 12,
    least: [0.25, 0.14],
    published: [0.2864, 0.1661],
  },
};

const METRICS = ['hitRate@10', 'ndcg@10'] as const;
const digits = (x: number): string => x.toFixed(4);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function test(backend: Backend, model: Model, { test }: OrderedSplit): Promise<number[]> {
  const { metrics } = await evaluate(backend, model, test, { metrics: METRICS, ties: 'index' });
  return METRICS.map((name) => metrics[name].mean);
}

function read(folder: string, name: string): OrderedSplit | undefined {
  const split = readOrderedSplit(folder, name);
  if (!split) console.log(`ordered-${name}: skipped, its files are not in ${folder}`);
  return split;
}

/** Tables of so many items take minutes on a software adapter. */
const LONG_TABLE = 5000;

/**
 * Popularity, EASE with and without decay, and both Markov models, on some of the splits or all; what takes minutes only
 * on splits that are named, or where `long`.
 */
export async function ordered(
  backend: Backend,
  folder: string,
  { names, long }: { names?: readonly string[]; long: boolean },
): Promise<void> {
  for (const [name, rows] of Object.entries(ROWS)) {
    if (names && !names.includes(name)) continue;
    const split = read(folder, name);
    if (!split) continue;
    for (const [model, config, published] of rows) {
      const what = `ordered-${name} ${model} ${JSON.stringify(config)}`.padEnd(58);
      if (model === 'ease' && split.train.columns > LONG_TABLE && !names && !long) {
        console.log(`${what} left out: minutes for a table of ${split.train.columns} items, see --long`);
        continue;
      }
      const started = performance.now();
      try {
        const made = await fitModel(model, backend, { train: split.train, config, seed: 1 });
        const fitted = performance.now() - started;
        const found = await test(backend, made, split);
        made.dispose();
        const differences = found.map((x, i) => (x - published[i]).toFixed(4)).join('/');
        console.log(
          `${what} HR@10/NDCG@10 ${found.map(digits).join('/')}  published ${published.map(digits).join('/')}  difference ${differences}  fitted in ${seconds(fitted)}`,
        );
      } catch (error) {
        if (!(error instanceof FoldinError) || error.code !== 'LIMIT_EXCEEDED') throw error;
        console.log(`${what} refused here: ${error.message}`);
      }
    }
  }
}

interface RecurrentRun {
  readonly seed: number;
  readonly minutes?: number;
  /** Also how faithful explanations are to it. */
  readonly explain?: boolean;
}

/** Trains `gru` on one split for its epochs, or until the minutes are over at the end of an epoch. */
export async function recurrent(
  backend: Backend,
  folder: string,
  name: string,
  { seed, minutes = Number.POSITIVE_INFINITY, explain = false }: RecurrentRun,
): Promise<void> {
  const settings = GRUS[name];
  if (!settings) return console.log(`ordered-${name} gru: no settings are published`);
  const split = read(folder, name);
  if (!split) return;
  const { network, batch, epochs, least, published } = settings;
  const model = createModel('gru', backend, { train: split.train, config: network, seed });
  const ranker = new Ranker(backend, model, split.validation);
  const config = { ...trainDefaults('gru'), batch, epochs, patience: 0, seed };
  const trainer = new Trainer(backend, trainable(model)!, split.train, { config });
  const started = performance.now();
  let done = 0;
  for await (const event of trainer.run()) {
    if (event.event !== 'epoch') continue;
    done = event.epoch;
    const ranks = await ranker.ranks();
    const { metrics } = evaluateRanks(
      ranks,
      METRICS.map((m) => parseMetric(m) as RankMetric),
      'index',
    );
    console.log(
      `ordered-${name} gru epoch ${done}/${epochs}  loss ${digits(event.loss)}  validation HR@10/NDCG@10 ${METRICS.map((m) => digits(metrics[m].mean)).join('/')}  ${seconds(event.ms)}`,
    );
    if (performance.now() - started > 60_000 * minutes) break;
  }
  const found = await test(backend, model, split);
  const verdict = found.every((x, i) => x >= least[i]) ? 'reached' : 'NOT REACHED';
  console.log(
    `ordered-${name} gru ${JSON.stringify(network)} batch ${batch}, ${done} epochs, ${seconds(performance.now() - started)}: test HR@10/NDCG@10 ${found.map(digits).join('/')}  at least ${least.map(digits).join('/')}: ${verdict}  published ${published.map(digits).join('/')}`,
  );
  if (explain) await explanations(backend, model, split, seed);
  trainer.dispose();
  ranker.dispose();
  model.dispose();
}
