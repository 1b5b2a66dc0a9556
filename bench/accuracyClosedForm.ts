// The models that are fitted in one go, against the golden and published figures of the fixed splits.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../src/backend/backend.js';
import { createCpuBackend } from '../src/cpu/backend.js';
import type { EvaluationSet } from '../src/data/splitTypes.js';
import { evaluate } from '../src/evaluate/evaluate.js';
import type { EaseConfig } from '../src/model/ease.js';
import type { Model } from '../src/model/model.js';
import { fitModel, type ModelOptions } from '../src/model/registry.js';
import { readFixedSplit } from './fixedSplits.js';
import { readNcf, readTrainTest, type TrainTest } from './publishedSplits.js';
import { sampledRanks } from './sampledRanks.js';

/** Settings of "recipe L", tuned on validation users: by split, lambda and the power of popularity. */
const RECIPES: Readonly<
  Record<string, { shared: Partial<EaseConfig>; splits: [number, number][]; mean: number }>
> = {
  ml100k: {
    shared: { userPower: 0.5, dropout: 0.67 },
    splits: [
      [200, -0.1],
      [100, -0.2],
      [200, -0.1],
    ],
    mean: 0.4816,
  },
  ml1m: {
    shared: { userPower: 0.5, dropout: 0.67 },
    splits: [
      [150, -0.15],
      [250, -0.15],
      [250, -0.2],
    ],
    mean: 0.4418,
  },
};

const ANELLI: readonly [string, Partial<EaseConfig>, number][] = [
  ['EASE 238.56', { l2: 238.56 }, 0.3362],
  ['EDLAE .5 150', { l2: 150, dropout: 0.5 }, 0.3434],
  ['recipe L', { l2: 700, dropout: 0.5, userPower: 0.5, l2Power: 0.5, popularityPower: -0.2 }, 0.353],
];

/** Name, model, options, HR@10 and NDCG@10 by the given negatives, HR@10 by full ranking where published. */
const NCF: readonly [string, string, ModelOptions, number, number, number?][] = [
  ['item-kNN k=111', 'itemknn', { neighbours: 111 }, 0.6588, 0.389],
  ['EASE 1320', 'ease', { l2: 1320 }, 0.7192, 0.4494, 0.1075],
  ['recipe L', 'ease', { l2: 300, dropout: 0.5, userPower: 0.5, popularityPower: -0.1 }, 0.7243, 0.4537],
];

function show(what: string, got: number, published: number, digits: number, ms?: number): void {
  const seconds = ms === undefined ? '' : `  fitted in ${(ms / 1000).toFixed(1)} s`;
  const difference = (got - published).toExponential(1);
  console.log(
    `${what.padEnd(40)} ${got.toFixed(digits)}  published ${published}  difference ${difference}${seconds}`,
  );
}

const skipped = (name: string, folder: string): void =>
  console.log(`${name}: skipped, its files are not in ${folder}`);

/** Fits a model, hands it to `use`, frees it; returns what `use` found and how long fitting took. */
async function fitted<T>(
  backend: Backend,
  name: string,
  train: TrainTest['train'],
  config: ModelOptions,
  use: (model: Model) => Promise<T>,
): Promise<[T, number]> {
  const started = performance.now();
  const model = await fitModel(name, backend, { train, config, seed: 1 });
  const ms = performance.now() - started;
  try {
    return [await use(model), ms];
  } finally {
    model.dispose();
  }
}

const metricOf =
  (backend: Backend, set: EvaluationSet, metric: string) =>
  async (model: Model): Promise<number> =>
    (await evaluate(backend, model, set, { metrics: [metric], ties: 'index' })).metrics[metric].mean;

/** All parts; those whose files are missing are reported as skipped. */
export async function closedForm(backend: Backend, folder: string): Promise<void> {
  const reference = createCpuBackend({ precision: 'f64' });
  try {
    await golden(backend, folder);
    await golden(reference, folder);
  } finally {
    reference.dispose();
  }
  for (const family of Object.keys(RECIPES)) await recipe(backend, folder, family);
  await anelli(backend, folder);
  await ncf(backend, folder);
}

async function golden(backend: Backend, folder: string): Promise<void> {
  const figures = JSON.parse(readFileSync(join(folder, 'splits', 'golden-metrics.json'), 'utf8'));
  for (const name of ['ml100k-s0', 'ml100k-s1', 'ml100k-s2', 'ml1m-s0']) {
    const split = readFixedSplit(folder, name);
    if (!split) {
      skipped(name, folder);
      continue;
    }
    const key = Object.keys(figures[name]).find((model) => model.startsWith('EASE_lambda'))!;
    const config = { l2: Number(key.slice('EASE_lambda'.length)) };
    const test = metricOf(backend, split.test, 'ndcg@100');
    const [got, ms] = await fitted(backend, 'ease', split.train, config, test);
    show(`${name} ${key} ${backend.precision} ndcg@100`, got, figures[name][key].N100, 9, ms);
  }
}

async function recipe(backend: Backend, folder: string, family: string): Promise<void> {
  const { shared, splits, mean } = RECIPES[family];
  const found: number[] = [];
  for (const [seed, [l2, popularityPower]] of splits.entries()) {
    const split = readFixedSplit(folder, `${family}-s${seed}`);
    if (!split) return skipped(`${family}-s${seed}`, folder);
    const test = metricOf(backend, split.test, 'ndcg@100');
    const config = { ...shared, l2, popularityPower };
    const [got] = await fitted(backend, 'ease', split.train, config, test);
    found.push(got);
  }
  const text = found.map((x) => x.toFixed(4)).join(' ');
  show(`${family} recipe L (${text}) ndcg@100`, found.reduce((sum, x) => sum + x, 0) / found.length, mean, 4);
}

async function anelli(backend: Backend, folder: string): Promise<void> {
  const split = readTrainTest(folder, 'anelli-ml1m-fold0');
  if (!split) return skipped('anelli-ml1m-fold0', folder);
  for (const [name, config, published] of ANELLI) {
    const [got, ms] = await fitted(
      backend,
      'ease',
      split.train,
      config,
      metricOf(backend, split.test, 'ndcg@10'),
    );
    show(`anelli fold 0 ${name} ndcg@10`, got, published, 4, ms);
  }
}

async function ncf(backend: Backend, folder: string): Promise<void> {
  const split = readNcf(folder);
  if (!split) return skipped('ncf-ml1m', folder);
  console.log('ncf-ml1m: ranked among 99 given negatives; such figures say little of a full ranking');
  for (const [name, model, config, hitRate, ndcg, full] of NCF) {
    const [places] = await fitted(backend, model, split.train, config, async (made) => {
      if (full !== undefined) {
        show(
          `ncf ${name} HR@10, full ranking`,
          await metricOf(backend, split.test, 'hitRate@10')(made),
          full,
          4,
        );
      }
      return sampledRanks(backend, made, split);
    });
    const hits = places.filter((rank) => rank < 10);
    show(`ncf ${name} HR@10`, hits.length / places.length, hitRate, 4);
    const gains = hits.reduce((sum, rank) => sum + 1 / Math.log2(rank + 2), 0);
    show(`ncf ${name} NDCG@10`, gains / places.length, ndcg, 4);
  }
}
