// Reproduces published figures from a folder of fixed splits: npm run accuracy -- --data DIR
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Backend } from '../src/backend/backend.js';
import { createCpuBackend } from '../src/cpu/backend.js';
import { createBackend } from '../src/createBackend.js';
import { evaluate } from '../src/evaluate/evaluate.js';
import { evaluateRanks } from '../src/evaluate/evaluateRanks.js';
import { parseMetric, type RankMetric } from '../src/evaluate/parseMetric.js';
import { Ranker } from '../src/evaluate/ranker.js';
import { Popular } from '../src/model/baselines.js';
import { MLP_DEFAULTS, TRAIN_DEFAULTS } from '../src/model/config.js';
import { EASE_DEFAULTS, fitEase } from '../src/model/ease.js';
import { createModel, trainable } from '../src/model/registry.js';
import { plannerFor } from '../src/train/planner.js';
import { Trainer } from '../src/train/trainer.js';
import { blends } from './accuracyBlends.js';
import { closedForm } from './accuracyClosedForm.js';
import { coldStart } from './accuracyCold.js';
import { explanations } from './accuracyExplain.js';
import { gowalla } from './accuracyGowalla.js';
import { neumf, vae } from './accuracyNeural.js';
import { ordered, recurrent } from './accuracyOrdered.js';
import { type FixedSplit, readFixedSplit } from './fixedSplits.js';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    splits: { type: 'string', default: 'ml100k-s0,ml100k-s1,ml100k-s2' },
    device: { type: 'string', default: 'auto' },
    adapter: { type: 'string' },
    seed: { type: 'string', default: '1' },
    lr: { type: 'string' },
    l2: { type: 'string' },
    batch: { type: 'string' },
    loss: { type: 'string' },
    /** Of the multinomial loss: full, or sampled with so many draws a step. */
    softmax: { type: 'string', default: 'full' },
    samples: { type: 'string', default: String(MLP_DEFAULTS.softmaxSamples) },
    epochs: { type: 'string' },
    'lr-decay': { type: 'string' },
    every: { type: 'string' },
    /**
     * network: popularity and the network on each of --splits; closed: ease and itemknn on the fixed splits;
     * gowalla: popularity there; ordered: popularity, ease, decay and markov on the last items of ordered histories; gru:
     * the recurrent model there, on ml-1m with --long, for an hour or --minutes; vae and neumf: these models, with --long
     * vae on all splits it is published for; cold: new items, users of few events; blends: --recipes on --blend-splits; explain, beside network or
     * gru: how faithful explanations are to the network and to ease on the first of --splits, to gru on the first of --ordered.
     */
    parts: { type: 'string' },
    /** Also what takes more than a quarter of an hour in all: gru, vae, neumf, blends and cold. */
    long: { type: 'boolean', default: false },
    /** At most, of gru; 60 on ml-1m. */
    minutes: { type: 'string' },
    /** ordered, gru: only these of ms-usage, ml-100k, grocery and ml-1m. */
    ordered: { type: 'string' },
    'cold-logs': { type: 'string', default: 'ml-100k,grocery' },
    /** L ease, K kernel, I ials, V vae, and blends of them. */
    recipes: { type: 'string', default: 'K,I,L+I,L+K+V' },
    'blend-splits': {
      type: 'string',
      default: 'ml100k-s0,ml100k-s1,ml100k-s2,ml1m-s0,ml1m-s1,ml1m-s2,anelli-ml1m-fold0,ncf-ml1m',
    },
  },
});
if (!options.data) {
  console.error('Say where the data is: npm run accuracy -- --data DIR');
  process.exit(2);
}

const backend = await createBackend({
  device: options.device as 'auto',
  adapter: options.adapter,
  onNotice: ({ message }) => console.error(message),
});
const golden = JSON.parse(readFileSync(join(options.data, 'splits', 'golden-metrics.json'), 'utf8'));
console.log(`device: ${backend.device.adapter} (${backend.device.kind}), seed ${options.seed}`);

const found: number[] = [];
const SHORT = 'network,closed,gowalla,ordered,explain';
const parts = (options.parts ?? (options.long ? `${SHORT},gru,vae,neumf,blends,cold` : SHORT)).split(',');
for (const name of parts.includes('network') ? options.splits.split(',') : []) {
  const split = readFixedSplit(options.data, name);
  if (!split) {
    console.log(`${name}: skipped, its files are not in ${options.data}`);
    continue;
  }
  await popularity(split);
  found.push(await network(backend, split));
}
if (found.length > 0) {
  const mean = found.reduce((sum, x) => sum + x, 0) / found.length;
  console.log(`mlp, mean over ${found.length} splits: test ndcg@100 ${mean.toFixed(4)}`);
}
if (parts.includes('closed')) await closedForm(backend, options.data);
if (parts.includes('blends')) {
  await blends(backend, options.data, {
    recipes: options.recipes.split(','),
    splits: options['blend-splits'].split(','),
    seed: Number(options.seed),
  });
}
if (parts.includes('cold')) {
  await coldStart(backend, options.data, options['cold-logs'].split(','), Number(options.seed));
}
if (parts.includes('gowalla')) await gowalla(backend, options.data);
if (parts.includes('ordered')) await ordered(backend, options.data, options.ordered?.split(','));
if (parts.includes('gru')) {
  const seed = Number(options.seed);
  const names = options.ordered?.split(',') ?? ['ml-100k', 'grocery', ...(options.long ? ['ml-1m'] : [])];
  for (const name of names) {
    const minutes = name === 'ml-1m' || options.minutes ? Number(options.minutes ?? 60) : undefined;
    const explain = parts.includes('explain') && name === names[0];
    await recurrent(backend, options.data, name, { seed, minutes, explain });
  }
}
if (parts.includes('vae')) {
  await vae(backend, options.data, { seed: Number(options.seed), long: options.long });
}
if (parts.includes('neumf')) await neumf(backend, options.data, Number(options.seed));
backend.dispose();

/** Popularity must equal the golden figures in f64. */
async function popularity(split: FixedSplit): Promise<void> {
  const reference = createCpuBackend({ precision: 'f64' });
  const model = Popular.fit(reference, split.train);
  const { metrics } = await evaluate(reference, model, split.test, { ties: 'index' });
  const expected = golden[split.name].popularity;
  const got = metrics['ndcg@100'].mean;
  console.log(
    `${split.name} popular  test ndcg@100 ${got.toFixed(12)}  golden ${expected.N100.toFixed(12)}  difference ${(got - expected.N100).toExponential(1)}`,
  );
  reference.dispose();
}

async function network(backend: Backend, split: FixedSplit): Promise<number> {
  const seed = Number(options.seed);
  const config =
    options.loss === 'multinomial'
      ? {
          ...MLP_DEFAULTS,
          loss: 'multinomial' as const,
          output: 'softmax' as const,
          softmax: options.softmax === 'sampled' ? ('sampled' as const) : ('full' as const),
          softmaxSamples: Number(options.samples),
        }
      : MLP_DEFAULTS;
  const model = createModel('mlp', backend, { train: split.train, config, seed });
  const ranker = new Ranker(backend, model, split.validation);
  const stop = parseMetric('ndcg@100') as RankMetric;
  const trainer = new Trainer(backend, trainable(model)!, split.train, {
    planner: plannerFor(backend, split.train),
    config: {
      ...TRAIN_DEFAULTS,
      seed,
      validateEvery: Number(options.every ?? 2),
      ...(options.lr && { learningRate: Number(options.lr) }),
      ...(options.epochs && { epochs: Number(options.epochs) }),
      ...(options['lr-decay'] && { lrDecay: Number(options['lr-decay']) }),
      ...(options.l2 && { l2: Number(options.l2) }),
      ...(options.batch && { batch: Number(options.batch) }),
    },
    validate: async (signal) => ({
      'ndcg@100': evaluateRanks(await ranker.ranks(signal), [stop]).metrics['ndcg@100'].mean,
    }),
  });
  const run = trainer.run();
  let next = await run.next();
  while (!next.done) next = await run.next();
  const { bestEpoch, epochs, ms } = next.value;
  const { metrics } = await evaluate(backend, model, split.test);
  const got = metrics['ndcg@100'];
  console.log(
    `${split.name} mlp      test ndcg@100 ${got.mean.toFixed(4)} (se ${got.se?.toFixed(4)})  cappedRecall@20 ${metrics['cappedRecall@20'].mean.toFixed(4)}  best epoch ${bestEpoch} of ${epochs}, ${(ms / 1000).toFixed(1)} s, ${(ms / epochs).toFixed(0)} ms an epoch`,
  );
  trainer.dispose();
  ranker.dispose();
  if (parts.includes('explain') && split.name === options.splits!.split(',')[0]) {
    await explanations(backend, model, split, seed);
    const ease = await fitEase(backend, split.train, EASE_DEFAULTS, {});
    await explanations(backend, ease, split, seed);
    ease.dispose();
  }
  model.dispose();
  return got.mean;
}
