// The neural models whose settings and figures are published, trained for a fixed number of epochs or until validation says.
import type { Backend } from '../src/backend/backend.js';
import type { Csr } from '../src/data/csr.js';
import type { EvaluationSet } from '../src/data/splitTypes.js';
import { evaluate } from '../src/evaluate/evaluate.js';
import { evaluateRanks } from '../src/evaluate/evaluateRanks.js';
import { parseMetric, type RankMetric } from '../src/evaluate/parseMetric.js';
import { Ranker } from '../src/evaluate/ranker.js';
import type { TrainConfig } from '../src/model/config.js';
import type { Model } from '../src/model/model.js';
import { createModel, type ModelOptions, trainable, trainDefaults } from '../src/model/registry.js';
import { Trainer } from '../src/train/trainer.js';
import { type FixedSplit, readFixedSplit } from './fixedSplits.js';
import { ncfFigures, ncfRanks, sampledRanks } from './ncf.js';
import { readNcf, readTrainTest } from './publishedSplits.js';

/** "Recipe V": a wide multinomial VAE with users weighed, for a fixed number of epochs; batch and l2 are given below. */
export const RECIPE_V = {
  network: {
    hidden: [600],
    latent: 200,
    dropout: 0.5,
    normalise: 'l2AfterDropout',
    userPower: 0.5,
    kl: 0.2,
    anneal: 0.3,
    outputBias: 'popularity',
  },
  // The published 1e-4 is what is added to the gradient for each weight: that of 5e-5 w^2.
  train: { epochs: 24, learningRate: 2e-3, lrDecay: 0.5, l2: 5e-5, patience: 0 },
} as const;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
const verdict = (isReached: boolean): string => (isReached ? 'reached' : 'NOT REACHED');

interface Job {
  readonly model: string;
  readonly train: Csr;
  readonly network: ModelOptions;
  readonly config: Partial<TrainConfig>;
  readonly validation?: EvaluationSet;
}

/** Trains a model, hands it to `use`, frees it. */
async function trained<T>(
  backend: Backend,
  { model: name, train, network, config, validation }: Job,
  use: (model: Model, told: string) => Promise<T>,
): Promise<T> {
  const settings = { ...trainDefaults(name), ...config };
  const model = createModel(name, backend, { train, config: network, seed: settings.seed });
  const ranker = validation && new Ranker(backend, model, validation);
  const stop = parseMetric('ndcg@100') as RankMetric;
  const trainer = new Trainer(backend, trainable(model)!, train, {
    config: settings,
    validate:
      ranker &&
      (async (signal) => ({
        'ndcg@100': evaluateRanks(await ranker.ranks(signal), [stop]).metrics['ndcg@100'].mean,
      })),
  });
  try {
    const run = trainer.run();
    let next = await run.next();
    while (!next.done) next = await run.next();
    const { bestEpoch, epochs, ms } = next.value;
    return await use(
      model,
      `${bestEpoch > 0 ? `best epoch ${bestEpoch} of ${epochs}` : `${epochs} epochs`}, ${seconds(ms)}`,
    );
  } finally {
    trainer.dispose();
    ranker?.dispose();
    model.dispose();
  }
}

const skipped = (name: string, folder: string): void =>
  console.log(`${name}: skipped, its files are not in ${folder}`);

const testOf = async (backend: Backend, model: Model, set: EvaluationSet, metric: string): Promise<number> =>
  (await evaluate(backend, model, set, { metrics: [metric], ties: 'index' })).metrics[metric].mean;

/** The mean over splits of one family of test ndcg@100; undefined where files are missing. */
async function overSplits(
  backend: Backend,
  { what, folder, splits }: { what: string; folder: string; splits: readonly string[] },
  jobOf: (split: FixedSplit) => Job,
): Promise<number | undefined> {
  const found: number[] = [];
  for (const name of splits) {
    const split = readFixedSplit(folder, name);
    if (!split) {
      skipped(name, folder);
      return undefined;
    }
    await trained(backend, jobOf(split), async (model, told) => {
      found.push(await testOf(backend, model, split.test, 'ndcg@100'));
      console.log(`${name} ${what} test ndcg@100 ${found.at(-1)!.toFixed(4)}  ${told}`);
    });
  }
  return mean(found);
}

/** `vae` with its defaults on ml-100k, and recipe V there and on ml-1m: s0, or with `long` all of its rows. */
export async function vae(
  backend: Backend,
  folder: string,
  { seed, long }: { seed: number; long: boolean },
): Promise<void> {
  const of = (family: string, seeds: readonly number[]) => seeds.map((s) => `${family}-s${s}`);
  const ml100k = await overSplits(
    backend,
    { what: 'vae', folder, splits: of('ml100k', [0, 1, 2]) },
    ({ train, validation }) => ({
      model: 'vae',
      train,
      network: {},
      config: { seed, validateEvery: 2 },
      validation,
    }),
  );
  if (ml100k !== undefined) {
    console.log(`ml100k vae, mean ${ml100k.toFixed(4)}  at least .453: ${verdict(ml100k >= 0.453)}`);
  }
  const rows: [string, readonly number[], number, number][] = [
    ['ml100k', [0, 1, 2], 50, 0.4323],
    long ? ['ml1m', [0, 1, 2], 250, 0.3996] : ['ml1m', [0], 250, 0.4002],
  ];
  for (const [family, seeds, batch, published] of rows) {
    const found = await overSplits(
      backend,
      { what: 'vae recipe V', folder, splits: of(family, seeds) },
      ({ train }) => ({
        model: 'vae',
        train,
        network: RECIPE_V.network,
        config: { ...RECIPE_V.train, batch, seed },
      }),
    );
    if (found === undefined) continue;
    console.log(
      `${family} vae recipe V, mean ${found.toFixed(4)}  published ${published}  difference ${(found - published).toFixed(4)}`,
    );
  }
  if (long) await published(backend, folder, seed);
}

/** Recipe V on the splits of others. */
async function published(backend: Backend, folder: string, seed: number): Promise<void> {
  const job = (train: Csr): Job => ({
    model: 'vae',
    train,
    network: RECIPE_V.network,
    config: { ...RECIPE_V.train, batch: 250, seed },
  });
  const anelli = readTrainTest(folder, 'anelli-ml1m-fold0');
  if (!anelli) skipped('anelli-ml1m-fold0', folder);
  else {
    await trained(backend, job(anelli.train), async (model, told) => {
      const got = await testOf(backend, model, anelli.test, 'ndcg@10');
      console.log(`anelli fold 0 vae recipe V ndcg@10 ${got.toFixed(4)}  published .2736  ${told}`);
    });
  }
  const ncf = readNcf(folder);
  if (!ncf) return skipped('ncf-ml1m', folder);
  await trained(backend, job(ncf.train), async (model, told) => {
    const { hitRate, ndcg } = ncfFigures(await sampledRanks(backend, model, ncf));
    console.log(
      `ncf vae recipe V HR@10/NDCG@10 ${hitRate.toFixed(4)}/${ndcg.toFixed(4)}  published .6997/.4251  ${told}`,
    );
  });
}

/** How `neumf` is trained on the split of He et al. 2017. */
const NEUMF = {
  network: { factors: 128, hidden: [8, 4], foldL2: 3 },
  train: { epochs: 14, l2: 3e-6, patience: 0 },
} as const;

/** `neumf` on the split of He et al. 2017: among the given negatives, and among all items. */
export async function neumf(backend: Backend, folder: string, seed: number): Promise<void> {
  const split = readNcf(folder);
  if (!split) return skipped('ncf-ml1m', folder);
  const job: Job = {
    model: 'neumf',
    train: split.train,
    network: NEUMF.network,
    config: { ...NEUMF.train, seed },
  };
  await trained(backend, job, async (model, told) => {
    const ranks = await ncfRanks(backend, model, split);
    const { hitRate, ndcg } = ncfFigures(ranks.sampled);
    console.log(
      `ncf neumf HR@10/NDCG@10 ${hitRate.toFixed(4)}/${ndcg.toFixed(4)}  at least .70/.43: ${verdict(hitRate >= 0.7 && ndcg >= 0.43)}  ${told}`,
    );
    const full = ncfFigures(ranks.full);
    console.log(`ncf neumf full ranking HR@10/NDCG@10 ${full.hitRate.toFixed(4)}/${full.ndcg.toFixed(4)}`);
  });
}
