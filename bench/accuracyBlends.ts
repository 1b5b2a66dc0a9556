// Implicit ALS, the kernel model, and blends of these with EASE and a variational autoencoder, on the fixed splits.
import type { Backend } from '../src/backend/backend.js';
import { csrFromRows } from '../src/data/csr.js';
import type { EvaluationSet, Split } from '../src/data/splitTypes.js';
import { chooseWeights } from '../src/evaluate/blendWeights.js';
import { evaluate } from '../src/evaluate/evaluate.js';
import { Blend } from '../src/model/blend.js';
import type { BlendMember } from '../src/model/blendConfig.js';
import type { Model } from '../src/model/model.js';
import { fitModel, type ModelOptions, trainDefaults } from '../src/model/registry.js';
import { learn } from '../src/recommend/learn.js';
import { RECIPE_V } from './accuracyNeural.js';
import { readFixedSplit } from './fixedSplits.js';
import { sampledRanks } from './ncf.js';
import { readNcf, readTrainTest, type TrainTest } from './publishedSplits.js';

const VAE = (batch: number): BlendMember => ({
  model: 'vae',
  network: RECIPE_V.network,
  train: { ...RECIPE_V.train, batch },
});
const ease = (l2: number, popularityPower: number, more: object = {}): BlendMember => ({
  model: 'ease',
  network: { l2, popularityPower, userPower: 0.5, dropout: 0.67, ...more },
});
const kernel = (more: object = {}): BlendMember => ({ model: 'kernel', network: more });
const ials = (more: object = {}): BlendMember => ({ model: 'ials', network: more });

interface Recipe {
  readonly split: string;
  readonly metric: string;
  readonly members: Readonly<Record<string, BlendMember>>;
  /** What is known from elsewhere, by recipe: one figure, or two by the given negatives of NCF. */
  readonly published: Readonly<Record<string, number | readonly [number, number]>>;
  /** Weights tuned elsewhere, where the split has no validation users. */
  readonly weights?: Readonly<Record<string, readonly number[]>>;
}

const fixed = (
  split: string,
  [l2, popularityPower]: [number, number],
  published: Recipe['published'],
): Recipe => ({
  split,
  metric: 'ndcg@100',
  members: {
    L: ease(l2, popularityPower),
    // A tenth of the users of ML-1M: each of them counts for more.
    K: kernel(split.startsWith('ml100k') ? { l2: 0.3 } : {}),
    I: ials(split.startsWith('ml100k') ? { l2: 0.02, negativeWeight: 0.1 } : {}),
    V: VAE(split.startsWith('ml100k') ? 50 : 250),
  },
  published,
});

/** Settings tuned on validation users; figures of each split, of ML-100K the means are known only. */
const RECIPES: readonly Recipe[] = [
  fixed('ml1m-s0', [150, -0.15], {
    L: 0.4446,
    K: 0.4443,
    I: 0.4434,
    V: 0.4002,
    'L+I': 0.4487,
    'L+K+V': 0.4494,
  }),
  fixed('ml1m-s1', [250, -0.15], {
    L: 0.4481,
    K: 0.4478,
    I: 0.4413,
    V: 0.4054,
    'L+I': 0.4514,
    'L+K+V': 0.4539,
  }),
  fixed('ml1m-s2', [250, -0.2], {
    L: 0.4326,
    K: 0.431,
    I: 0.4225,
    V: 0.3931,
    'L+I': 0.4331,
    'L+K+V': 0.4356,
  }),
  fixed('ml100k-s0', [200, -0.1], {}),
  fixed('ml100k-s1', [100, -0.2], {}),
  fixed('ml100k-s2', [200, -0.1], {}),
  {
    split: 'anelli-ml1m-fold0',
    metric: 'ndcg@10',
    members: {
      L: ease(700, -0.2, { dropout: 0.5, l2Power: 0.5 }),
      K: kernel({ l2: 3 }),
      I: ials(),
      V: VAE(250),
    },
    published: { L: 0.353, K: 0.3526, I: 0.3391, V: 0.2736, 'L+I': 0.3533, 'L+K+V': 0.3583 },
    weights: { 'L+I': [0.5, 0.5], 'L+K+V': [0.2, 0.4, 0.4] },
  },
  {
    split: 'ncf-ml1m',
    metric: 'NCF',
    members: { L: ease(300, -0.1, { dropout: 0.5 }), I: ials({ factors: 192 }), V: VAE(250) },
    published: {
      L: [0.7243, 0.4537],
      I: [0.73, 0.453],
      V: [0.6997, 0.4251],
      'L+I': [0.7328, 0.4557],
    },
    weights: { 'L+I': [0.5, 0.5] },
  },
];

const MEANS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ml1m: { L: 0.4418, K: 0.441, I: 0.4357, V: 0.3996, 'L+I': 0.4444, 'L+K+V': 0.4463 },
  ml100k: { L: 0.4816, K: 0.4736, I: 0.474, V: 0.4323, 'L+I': 0.4794, 'L+K+V': 0.4802 },
};

export interface RecipeRequest {
  /** Letters of members, joined by + for a blend. */
  readonly recipes: readonly string[];
  readonly splits: readonly string[];
  readonly seed: number;
}

/** Each member is made once a split, and every recipe of it measured; means over the splits of a log at the end. */
export async function blends(backend: Backend, folder: string, request: RecipeRequest): Promise<void> {
  const found = new Map<string, number[]>();
  for (const name of request.splits) {
    const recipe = RECIPES.find(({ split }) => split === name);
    const data = recipe && read(folder, name);
    if (!data) {
      console.log(`${name}: skipped, its files are not in ${folder}, or it has no recipe`);
      continue;
    }
    const asked = request.recipes.filter((text) => text.split('+').every((letter) => recipe.members[letter]));
    const members = new Map<string, Model>();
    for (const letter of new Set(asked.flatMap((text) => text.split('+')))) {
      const started = performance.now();
      members.set(letter, await made(backend, data, recipe.members[letter], request.seed));
      console.log(`${name} ${letter}: made in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    }
    for (const text of asked) {
      const models = text.split('+').map((letter) => members.get(letter)!);
      const figures = await measured(backend, data, recipe, text, models, request.seed);
      const key = `${name.replace(/-s\d$/, '')} ${text}`;
      found.set(key, [...(found.get(key) ?? []), figures[0]]);
    }
    for (const model of members.values()) model.dispose();
  }
  for (const [key, figures] of found) {
    const [family, text] = key.split(' ');
    if (figures.length < 2) continue;
    const mean = figures.reduce((sum, x) => sum + x, 0) / figures.length;
    show(`${key}, mean of ${figures.length} splits, test ndcg@100`, mean, MEANS[family]?.[text]);
  }
}

interface Data extends TrainTest {
  readonly validation?: EvaluationSet;
  readonly negatives?: number[][];
}

function read(folder: string, name: string): Data | undefined {
  if (name.startsWith('ncf')) return readNcf(folder);
  return name.startsWith('anelli') ? readTrainTest(folder, name) : readFixedSplit(folder, name);
}

async function made(
  backend: Backend,
  { train, validation }: Data,
  { model: name, network, train: own }: BlendMember,
  seed: number,
): Promise<Model> {
  const config = { ...trainDefaults(name), ...own, seed };
  const init = { train, config: (network ?? {}) as ModelOptions, seed, batch: config.batch };
  const model = await fitModel(name, backend, init, { onNotice: (_, message) => console.log(message) });
  const nobody = csrFromRows([], train.columns);
  const split: Split = {
    name: 'given',
    seed,
    itemIndices: new Uint32Array(0),
    train,
    validation: validation ?? { history: nobody, heldOut: nobody },
    test: { history: nobody, heldOut: nobody },
    dropped: { users: 0, interactions: 0, coldItems: 0 },
  };
  await learn(backend, model, split, config, {});
  return model;
}

/** One model or a blend, on the test part; the blend's weights chosen on the validation part where there is one. */
async function measured(
  backend: Backend,
  data: Data,
  { split, metric, published, weights: tuned }: Recipe,
  text: string,
  models: readonly Model[],
  seed: number,
): Promise<number[]> {
  let weights: readonly number[] = tuned?.[text] ?? models.map(() => 1 / models.length);
  let chosen = '';
  if (models.length > 1) {
    chosen = ` weights ${weights.map((w) => w.toFixed(2)).join('/')} tuned elsewhere`;
    if (data.validation) {
      const choice = await chooseWeights(backend, models, data.validation, { seed });
      weights = choice.weights;
      chosen = ` weights ${weights.map((w) => w.toFixed(2)).join('/')} by ${choice.chosenBy}, ${choice.reason ?? `validation ${choice.found?.chosen.toFixed(4)}, equal ${choice.found?.equal.toFixed(4)}`}`;
    }
  }
  const model =
    models.length === 1
      ? models[0]
      : new Blend(
          backend,
          models.map((member, m) => ({ model: member, weight: weights[m] })),
        );
  const known = published[text];
  if (data.negatives) {
    const ranks = await sampledRanks(backend, model, { ...data, negatives: data.negatives });
    const hits = ranks.filter((rank) => rank < 10);
    const figures = [
      hits.length / ranks.length,
      hits.reduce((sum, rank) => sum + 1 / Math.log2(rank + 2), 0) / ranks.length,
    ];
    ['HR@10', 'NDCG@10'].forEach((name, i) => {
      show(`${split} ${text} ${name}${chosen}`, figures[i], Array.isArray(known) ? known[i] : undefined);
    });
    return figures;
  }
  const { metrics } = await evaluate(backend, model, data.test, { metrics: [metric], ties: 'index' });
  show(`${split} ${text} test ${metric}${chosen}`, metrics[metric].mean, known as number | undefined);
  return [metrics[metric].mean];
}

function show(what: string, got: number, known?: number): void {
  const beside = known === undefined ? '' : `  known ${known}  difference ${(got - known).toExponential(1)}`;
  console.log(`${what.padEnd(40)} ${got.toFixed(4)}${beside}`);
}
