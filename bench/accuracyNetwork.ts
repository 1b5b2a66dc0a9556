// Popularity and the network on splits of held-out users: trained with early stopping, tested once.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../src/backend/backend.js';
import { createCpuBackend } from '../src/cpu/backend.js';
import { evaluate } from '../src/evaluate/evaluate.js';
import { evaluateRanks } from '../src/evaluate/evaluateRanks.js';
import { parseMetric, type RankMetric } from '../src/evaluate/parseMetric.js';
import { Ranker } from '../src/evaluate/ranker.js';
import { Popular } from '../src/model/baselines.js';
import type { NetworkConfig, TrainConfig } from '../src/model/config.js';
import { EASE_DEFAULTS, fitEase } from '../src/model/ease.js';
import { createModel, trainable, trainDefaults } from '../src/model/registry.js';
import { plannerFor } from '../src/train/planner.js';
import { Trainer } from '../src/train/trainer.js';
import { explanations } from './accuracyExplain.js';
import { type FixedSplit, readFixedSplit } from './fixedSplits.js';

interface Settings {
  readonly network: Partial<NetworkConfig>;
  readonly train: Partial<TrainConfig>;
  /** The mean over the splits that is asked for. */
  readonly least?: number;
}

/**
 * By family of splits, what differs from the defaults. Of ml1m chosen on the validation users of s0, for a training of a
 * minute or two: one layer of tanh learns in 15 epochs what 128-64 of relu does not in 150.
 */
const FAMILIES: Readonly<Record<string, Settings>> = {
  ml100k: { network: {}, train: { validateEvery: 2 } },
  ml1m: {
    network: { hidden: [128], activation: 'tanh' },
    train: { epochs: 15, learningRate: 3e-3, lrDecay: 1, l2: 1e-3, validateEvery: 3 },
    least: 0.42,
  },
};

const family = (split: string): string => split.split('-')[0];

export interface NetworkJob {
  readonly splits: readonly string[];
  /** What goes before the settings of the family. */
  readonly network: Partial<NetworkConfig>;
  readonly train: Partial<TrainConfig> & { readonly seed: number };
  /** Whether explanations are measured, too, on the first split. */
  readonly isExplained: boolean;
}

/** Popularity and the network on each of the splits, and the network's mean over those of a family. */
export async function networks(backend: Backend, folder: string, job: NetworkJob): Promise<void> {
  const golden = JSON.parse(readFileSync(join(folder, 'splits', 'golden-metrics.json'), 'utf8'));
  const found = new Map<string, number[]>();
  for (const [place, name] of job.splits.entries()) {
    const split = readFixedSplit(folder, name);
    if (!split) {
      console.log(`${name}: skipped, its files are not in ${folder}`);
      continue;
    }
    await popularity(split, golden[name]?.popularity.N100);
    const got = await network(backend, split, { ...job, isExplained: job.isExplained && place === 0 });
    found.set(family(name), [...(found.get(family(name)) ?? []), got]);
  }
  for (const [name, figures] of found) {
    const mean = figures.reduce((sum, x) => sum + x, 0) / figures.length;
    const least = FAMILIES[name]?.least;
    const verdict = least === undefined ? '' : `  at least ${least}: ${mean >= least ? '' : 'NOT '}reached`;
    console.log(
      `${name} mlp, mean over ${figures.length} splits: test ndcg@100 ${mean.toFixed(4)}${verdict}`,
    );
  }
}

/** Popularity must equal the golden figure in f64, where there is one. */
async function popularity(split: FixedSplit, expected: number | undefined): Promise<void> {
  const reference = createCpuBackend({ precision: 'f64' });
  const model = Popular.fit(reference, split.train);
  const { metrics } = await evaluate(reference, model, split.test, { ties: 'index' });
  const got = metrics['ndcg@100'].mean;
  const beside =
    expected === undefined
      ? 'no golden figure'
      : `golden ${expected.toFixed(12)}  difference ${(got - expected).toExponential(1)}`;
  console.log(`${split.name} popular  test ndcg@100 ${got.toFixed(12)}  ${beside}`);
  reference.dispose();
}

async function network(backend: Backend, split: FixedSplit, job: NetworkJob): Promise<number> {
  const settings: Settings = FAMILIES[family(split.name)] ?? { network: {}, train: {} };
  const { seed } = job.train;
  const config = { ...settings.network, ...job.network };
  const model = createModel('mlp', backend, { train: split.train, config, seed });
  const ranker = new Ranker(backend, model, split.validation);
  const stop = parseMetric('ndcg@100') as RankMetric;
  const trainer = new Trainer(backend, trainable(model)!, split.train, {
    planner: plannerFor(backend, split.train),
    config: { ...trainDefaults('mlp'), ...settings.train, ...job.train },
    validate: async (signal) => ({
      'ndcg@100': evaluateRanks(await ranker.ranks(signal), [stop]).metrics['ndcg@100'].mean,
    }),
  });
  const run = trainer.run();
  let next = await run.next();
  while (!next.done) next = await run.next();
  const { bestEpoch, epochs, ms, validation } = next.value;
  const { metrics } = await evaluate(backend, model, split.test);
  const got = metrics['ndcg@100'];
  console.log(
    `${split.name} mlp      test ndcg@100 ${got.mean.toFixed(4)} (se ${got.se?.toFixed(4)})  cappedRecall@20 ${metrics['cappedRecall@20'].mean.toFixed(4)}  validation ndcg@100 ${validation?.['ndcg@100'].toFixed(4)}  best epoch ${bestEpoch} of ${epochs}, ${(ms / 1000).toFixed(1)} s, ${(ms / epochs).toFixed(0)} ms an epoch`,
  );
  trainer.dispose();
  ranker.dispose();
  if (job.isExplained) {
    await explanations(backend, model, split, seed);
    const ease = await fitEase(backend, split.train, EASE_DEFAULTS, {});
    await explanations(backend, ease, split, seed);
    ease.dispose();
  }
  model.dispose();
  return got.mean;
}
