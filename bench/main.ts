// npm run bench -- [--size ml100k,ml1m,...] [--batch 256] [--loss multinomial|mse] [--quick] [--json] [--adapter NAME]
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { createCpuBackend } from '../src/cpu/backend.js';
import { createBackend } from '../src/createBackend.js';
import { FoldinError } from '../src/errors.js';
import type { GpuBackend } from '../src/gpu/backend.js';
import { measureCeilings } from './ceilings.js';
import { benchKernels } from './kernels.js';
import { SIZES, syntheticLog } from './logs.js';
import { benchRecommending } from './recommending.js';
import { type Report, type SizeFigures, text } from './report.js';
import { benchTraining } from './training.js';

const SEED = 1;
const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'ml100k,ml1m' },
    batch: { type: 'string', default: '256' },
    loss: { type: 'string', default: 'multinomial' },
    rounds: { type: 'string', default: '7' },
    adapter: { type: 'string', default: process.env['FOLDIN_ADAPTER'] },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

function usage(message: string): never {
  console.error(
    `${message}\nSizes: ${Object.keys(SIZES).join(', ')}. Batch: 1 to 65535. Loss: multinomial, mse or bce.`,
  );
  process.exit(2);
}

const sizes = values.quick ? ['tiny'] : values.size.split(',');
const batch = Number(values.batch);
const rounds = values.quick ? 2 : Number(values.rounds);
const unknown = sizes.find((size) => !Object.hasOwn(SIZES, size));
if (unknown) usage(`There is no size "${unknown}".`);
if (!Number.isInteger(batch) || batch < 1 || batch > 65_535) usage(`The batch is ${values.batch}.`);
if (!Number.isInteger(rounds) || rounds < 1) usage(`The rounds are ${values.rounds}.`);
if (values.loss !== 'multinomial' && values.loss !== 'mse' && values.loss !== 'bce')
  usage(`The loss is ${values.loss}.`);
const loss = values.loss;

const backend = await createBackend({
  adapter: values.adapter,
  onNotice: ({ message }) => console.error(message),
});
if (backend.device.kind === 'cpu') {
  console.error('There is no WebGPU adapter to compare with the CPU.');
  process.exit(1);
}
const gpu = backend as GpuBackend;

async function figuresOf(size: string): Promise<SizeFigures> {
  const log = syntheticLog(SIZES[size], SEED);
  const figures = { size, log: SIZES[size], interactions: log.indices.length };
  const cpu = createCpuBackend();
  try {
    // Only as many steps as the reference, which takes a second or more for one, can do in reasonable time.
    const steps = log.columns > 10_000 ? 1 : 4;
    const training = await benchTraining(gpu, cpu, log, { batch, loss, steps, rounds: Math.min(rounds, 5) });
    const kernels = await benchKernels(gpu, log, batch, rounds);
    return {
      ...figures,
      training,
      kernels,
      recommending: await benchRecommending(gpu, log, Math.min(rounds, 5)),
    };
  } catch (error) {
    if (!(error instanceof FoldinError)) throw error;
    return { ...figures, refused: { code: error.code, message: error.message } };
  } finally {
    cpu.dispose();
  }
}

// Before, between and after: the best counts, or a slow moment of the machine would flatter every kernel.
let ceilings = { gflops: 0, gbPerSec: 0 };
async function raiseCeilings(): Promise<void> {
  const found = await measureCeilings(gpu, values.quick ? 2 : 10);
  ceilings = {
    gflops: Math.max(ceilings.gflops, found.gflops),
    gbPerSec: Math.max(ceilings.gbPerSec, found.gbPerSec),
  };
}

await raiseCeilings();
const done: SizeFigures[] = [];
for (const size of sizes) {
  if (!values.json) console.error(`${size} ...`);
  done.push(await figuresOf(size));
  await raiseCeilings();
}
const report: Report = {
  foldin: FOLDIN_VERSION,
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores: cpus().length,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  },
  device: gpu.device,
  label: gpu.device.kind === 'gpu' ? 'hardware GPU' : 'software adapter: not a GPU figure',
  loss,
  seed: SEED,
  ceilings,
  sizes: done,
};
console.log(values.json ? JSON.stringify(report) : text(report));
gpu.dispose();
