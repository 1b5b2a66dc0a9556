// Reproduces published figures from a folder of fixed splits: npm run accuracy -- --data DIR
import { parseArgs } from 'node:util';
import { createBackend } from '../src/createBackend.js';
import { type NetworkConfig, outputFor, type TrainConfig } from '../src/model/config.js';
import { blends } from './accuracyBlends.js';
import { closedForm } from './accuracyClosedForm.js';
import { coldStart } from './accuracyCold.js';
import { gowalla } from './accuracyGowalla.js';
import { networks } from './accuracyNetwork.js';
import { neumf, vae } from './accuracyNeural.js';
import { ordered, recurrent } from './accuracyOrdered.js';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    splits: { type: 'string', default: 'ml100k-s0,ml100k-s1,ml100k-s2,ml1m-s0,ml1m-s1,ml1m-s2' },
    device: { type: 'string', default: 'auto' },
    adapter: { type: 'string' },
    seed: { type: 'string', default: '1' },
    lr: { type: 'string' },
    l2: { type: 'string' },
    batch: { type: 'string' },
    hidden: { type: 'string' },
    activation: { type: 'string' },
    loss: { type: 'string' },
    /** Of the multinomial loss: full, or sampled with so many draws a step. */
    softmax: { type: 'string' },
    samples: { type: 'string' },
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
    /** Also what takes more than a quarter of an hour in all: gru, vae, neumf, blends, cold, and the largest tables of ordered. */
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
console.log(`device: ${backend.device.adapter} (${backend.device.kind}), seed ${options.seed}`);

const SHORT = 'network,closed,gowalla,ordered,explain';
const parts = (options.parts ?? (options.long ? `${SHORT},gru,vae,neumf,blends,cold` : SHORT)).split(',');
if (parts.includes('network')) {
  await networks(backend, options.data, {
    splits: options.splits.split(','),
    network: networkOptions(),
    train: trainOptions(),
    isExplained: parts.includes('explain'),
  });
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
if (parts.includes('ordered')) {
  await ordered(backend, options.data, { names: options.ordered?.split(','), long: options.long });
}
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

/** What was said on the command line; the rest is as the settings of the split have it. */
function networkOptions(): Partial<NetworkConfig> {
  const { hidden, activation, loss, softmax, samples } = options;
  return {
    ...(hidden && { hidden: hidden.split(',').map(Number) }),
    ...(activation && { activation: activation as NetworkConfig['activation'] }),
    ...(loss && { loss: loss as NetworkConfig['loss'], output: outputFor(loss as NetworkConfig['loss']) }),
    ...(softmax && { softmax: softmax as NetworkConfig['softmax'] }),
    ...(samples && { softmaxSamples: Number(samples) }),
  };
}

function trainOptions(): Partial<TrainConfig> & { readonly seed: number } {
  const { seed, lr, l2, batch, epochs, every } = options;
  return {
    seed: Number(seed),
    ...(lr && { learningRate: Number(lr) }),
    ...(l2 && { l2: Number(l2) }),
    ...(batch && { batch: Number(batch) }),
    ...(epochs && { epochs: Number(epochs) }),
    ...(options['lr-decay'] && { lrDecay: Number(options['lr-decay']) }),
    ...(every && { validateEvery: Number(every) }),
  };
}
