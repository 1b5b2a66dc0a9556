// What explaining one recommendation takes, and a report: node scripts/run.mjs bench/explaining.ts [--size ml1m]
//   [--history 200] [--models mlp,ease,...] [--methods leaveOneOut,...] [--rounds 7] [--report ml100k] [--adapter NAME] [--json]
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Backend } from '../src/backend/backend.js';
import { randomOrder } from '../src/backend/random.js';
import { createBackend } from '../src/createBackend.js';
import { type Csr, csrFromRows } from '../src/data/csr.js';
import type { Interactions } from '../src/data/interactions.js';
import { Vocabulary } from '../src/data/vocabulary.js';
import { hasTerms } from '../src/explain/contributions.js';
import { attribution, EXPLAIN_METHODS, type ExplainMethod } from '../src/explain/explain.js';
import type { Model } from '../src/model/model.js';
import { fitModel, type ModelOptions } from '../src/model/registry.js';
import { fit } from '../src/recommend/fit.js';
import { collectReport } from '../src/report/collect.js';
import { reportHtml } from '../src/report/html.js';
import { randomCsr } from '../src/verify/inputs.js';
import { clock, type Timing, timing } from './harness.js';
import { SIZES, syntheticLog } from './logs.js';

const SEED = 1;
const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: 'ml1m' },
    history: { type: 'string', default: '200' },
    models: { type: 'string', default: 'linear,ease,itemknn,content,mlp,vae,gru' },
    methods: { type: 'string', default: EXPLAIN_METHODS.join() },
    rounds: { type: 'string', default: '7' },
    report: { type: 'string', default: 'ml100k' },
    adapter: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const length = Number(flags.history);
for (const size of [flags.size, flags.report]) {
  if (Object.hasOwn(SIZES, size) && rounds >= 1 && length >= 1) continue;
  console.error(`Sizes: ${Object.keys(SIZES).join(', ')}. Rounds and history: 1 and more.`);
  process.exit(2);
}

/** Weights do not change how long it takes, so they are the first ones. */
async function made(backend: Backend, name: string, log: Csr): Promise<Model> {
  const config: ModelOptions =
    name === 'content' ? { features: randomCsr(log.columns, 512, 0.02, SEED, true) } : {};
  return fitModel(name, backend, { train: log, config, seed: SEED });
}

const methodsOf = (model: Model): ExplainMethod[] =>
  possible(model).filter((method) => flags.methods.split(',').includes(method));

const possible = (model: Model): ExplainMethod[] => [
  ...(hasTerms(model) ? (['additive'] as const) : []),
  'leaveOneOut',
  ...(model.inputGradients ? (['integratedGradients'] as const) : []),
  'lime',
];

/** Milliseconds by model and method, after two rounds that do not count. */
async function explaining(backend: Backend, log: Csr): Promise<Record<string, Record<string, Timing>>> {
  const items = randomOrder(log.columns, SEED, 141, 1);
  const history = csrFromRows([Array.from(items.subarray(1, 1 + length))], log.columns, undefined, {
    inOrder: true,
  });
  const found: Record<string, Record<string, Timing>> = {};
  for (const name of flags.models.split(',')) {
    const model = await made(backend, name, log);
    found[name] = {};
    for (const method of methodsOf(model)) {
      const ms: number[] = [];
      for (let round = -2; round < rounds; round++) {
        const took = await clock(() => attribution({ backend, model }, history, items[0], method, SEED));
        if (round >= 0) ms.push(took);
      }
      found[name][method] = timing(ms);
      if (!flags.json) console.log(`  ${name.padEnd(8)} ${method.padEnd(20)} ${shown(found[name][method])}`);
    }
    model.dispose();
  }
  return found;
}

const shown = ({ min, median, p95 }: Timing): string =>
  `least ${min.toFixed(1)} ms, median ${median.toFixed(1)}, p95 ${p95.toFixed(1)}`;

/** Milliseconds of a whole report on a network of that size, the kernels compiled. */
async function reporting(backend: Backend, size: string): Promise<Timing> {
  const matrix = withOrder(syntheticLog(SIZES[size], SEED));
  const ids = (count: number, letter: string) =>
    new Vocabulary(Array.from({ length: count }, (_, i) => `${letter}${i}`));
  const log: Interactions = {
    users: ids(matrix.rows, 'u'),
    items: ids(matrix.columns, 'i'),
    matrix,
  };
  const { recommender } = await fit(backend, log, { train: { epochs: 3, patience: 0, seed: SEED } });
  const ms: number[] = [];
  for (let round = 0; round < Math.min(3, rounds); round++) {
    ms.push(await clock(async () => reportHtml(await collectReport(recommender))));
  }
  recommender.dispose();
  return timing(ms);
}

/** A log whose histories happened in the order of its columns: a report then tells how users move, too. */
function withOrder(log: Csr): Csr {
  const positions = new Uint32Array(log.indices.length);
  for (let row = 0; row < log.rows; row++) {
    for (let e = log.indptr[row]; e < log.indptr[row + 1]; e++) positions[e] = e - log.indptr[row];
  }
  return { ...log, positions };
}

const backend = await createBackend({
  adapter: flags.adapter ?? process.env['FOLDIN_ADAPTER'],
  onNotice: ({ message }) => console.error(message),
});
const { device } = backend;
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}`;
const label = device.kind === 'gpu' ? 'hardware GPU' : 'software adapter: not a GPU figure';
if (!flags.json) {
  console.log(`${machine}\n${device.adapter} (${label}), seed ${SEED}`);
  console.log(`explaining one item by a history of ${length} on ${flags.size}:`);
}
const explained = await explaining(backend, withOrder(syntheticLog(SIZES[flags.size], SEED)));
const report = await reporting(backend, flags.report);
if (flags.json) console.log(JSON.stringify({ machine, device, seed: SEED, length, explained, report }));
else
  console.log(
    `a report on ${flags.report}: least ${(report.min / 1000).toFixed(1)} s, median ${(report.median / 1000).toFixed(1)} s`,
  );
backend.dispose();
