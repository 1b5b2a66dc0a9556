// npm run bench -- [--size ml100k,ml1m,...] [--batch 64,256,...] [--loss multinomial|mse|bce] [--rounds 7]
//                  [--tune off|quick|full] [--quick] [--json] [--adapter NAME]
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { DeviceInfo } from '../src/backend/backend.js';
import { itemBlocks } from '../src/backend/blocks.js';
import { createCpuBackend } from '../src/cpu/backend.js';
import { createBackend } from '../src/createBackend.js';
import type { Csr } from '../src/data/csr.js';
import { FoldinError } from '../src/errors.js';
import type { GpuBackend } from '../src/gpu/backend.js';
import { MLP_DEFAULTS } from '../src/model/config.js';
import { layerSizes } from '../src/model/networkWeights.js';
import { measureCeilings } from './ceilings.js';
import { commit } from './commit.js';
import { benchKernels } from './kernels.js';
import { SIZES, syntheticLog } from './logs.js';
import { benchRecommending } from './recommending.js';
import { type Refusal, type Report, type SizeFigures, text } from './report.js';
import { benchTraining, LossesDiffer } from './training.js';

const SEED = 1;
const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'ml100k,ml1m' },
    batch: { type: 'string', default: '256' },
    loss: { type: 'string', default: 'multinomial' },
    rounds: { type: 'string', default: '7' },
    adapter: { type: 'string', default: process.env['FOLDIN_ADAPTER'] },
    tune: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

function usage(message: string): never {
  console.error(
    `${message}\nSizes: ${Object.keys(SIZES).join(', ')}. Batch: 1 to 65535. Loss: multinomial, mse or bce. Tune: off, quick or full.`,
  );
  process.exit(2);
}

const sizes = values.quick ? ['tiny'] : values.size.split(',');
const batches = values.batch.split(',').map(Number);
const rounds = values.quick ? 2 : Number(values.rounds);
const unknown = sizes.find((size) => !Object.hasOwn(SIZES, size));
if (unknown !== undefined) usage(`There is no size "${unknown}".`);
if (batches.some((batch) => !Number.isInteger(batch) || batch < 1 || batch > 65_535))
  usage(`The batch is ${values.batch}.`);
if (!Number.isInteger(rounds) || rounds < 1) usage(`The rounds are ${values.rounds}.`);
if (values.loss !== 'multinomial' && values.loss !== 'mse' && values.loss !== 'bce')
  usage(`The loss is ${values.loss}.`);
const loss = values.loss;
if (values.tune !== undefined && values.tune !== 'off' && values.tune !== 'quick' && values.tune !== 'full')
  usage(`The tuning is ${values.tune}.`);
const { tune } = values;

let noticed = false;
async function openGpu(): Promise<GpuBackend> {
  const onNotice = ({ message }: { message: string }) => {
    if (!noticed) console.error(message);
    noticed = true;
  };
  const backend = await createBackend({ adapter: values.adapter, onNotice });
  if (backend.device.kind !== 'cpu') return backend as GpuBackend;
  console.error('There is no WebGPU adapter to compare with the CPU.');
  process.exit(1);
}

// Before and after each size: the best counts, or a slow moment of the machine would flatter every kernel.
let ceilings = { gflops: 0, gbPerSec: 0, streamsGbPerSec: 0 };
async function raiseCeilings(gpu: GpuBackend): Promise<void> {
  const found = await measureCeilings(gpu, values.quick ? 2 : 10);
  ceilings = {
    gflops: Math.max(ceilings.gflops, found.gflops),
    gbPerSec: Math.max(ceilings.gbPerSec, found.gbPerSec),
    streamsGbPerSec: Math.max(ceilings.streamsGbPerSec, found.streamsGbPerSec),
  };
}

let device: DeviceInfo | undefined;

/** Those of the network that is trained; of a large catalogue, of a block of it. */
function denseLayers(gpu: GpuBackend, items: number, batch: number) {
  const { hidden } = MLP_DEFAULTS;
  const [{ count }] = itemBlocks(gpu, items, Math.max(...hidden, batch));
  const dense = layerSizes(count, hidden).slice(1);
  return dense.map(([inputs, outputs]) => ({ batch, inputs, outputs }));
}

/** Each size and batch on a backend of its own: what a refused one leaves behind goes with it. */
async function figuresOf(size: string, log: Csr, batch: number): Promise<SizeFigures> {
  const gpu = await openGpu();
  const cpu = createCpuBackend();
  const refused: Refusal[] = [];
  async function attempt<T>(part: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LossesDiffer) {
        process.exitCode = 1;
        refused.push({ part, code: 'LOSSES_DIFFER', message: error.message });
      } else if (error instanceof FoldinError) {
        refused.push({ part, code: error.code, message: error.message, remedy: error.remedy });
      } else throw error;
      return undefined;
    }
  }
  try {
    device = gpu.device;
    await raiseCeilings(gpu);
    const mode = tune ?? (gpu.device.kind === 'gpu' ? 'quick' : 'off');
    const tuned = await gpu.tune({ mode, layers: denseLayers(gpu, log.columns, Math.min(batch, log.rows)) });
    // Only as many steps as the reference, which takes a second or more for one, can do in reasonable time.
    const steps = log.columns > 10_000 ? 1 : 4;
    const few = Math.min(rounds, 5);
    const training = await attempt('training', () =>
      benchTraining(gpu, cpu, log, { batch, loss, steps, rounds: few }),
    );
    const wrong = refused.some(({ code }) => code === 'LOSSES_DIFFER');
    const kernels = wrong ? undefined : await attempt('kernels', () => benchKernels(gpu, log, batch, rounds));
    const recommending = wrong
      ? undefined
      : await attempt('recommending', () => benchRecommending(gpu, log, few));
    await raiseCeilings(gpu);
    const interactions = log.indices.length;
    return { size, log: SIZES[size], interactions, batch, refused, tuned, training, kernels, recommending };
  } finally {
    cpu.dispose();
    gpu.dispose();
  }
}

const done: SizeFigures[] = [];
for (const size of sizes) {
  const log = syntheticLog(SIZES[size], SEED);
  for (const batch of batches) {
    if (!values.json) console.error(`${size}, batch ${batch} ...`);
    done.push(await figuresOf(size, log, batch));
  }
}
const report: Report = {
  foldin: FOLDIN_VERSION,
  commit: commit(),
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores: cpus().length,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  },
  device: device!,
  label: device!.kind === 'gpu' ? 'hardware GPU' : 'software adapter: not a GPU figure',
  loss,
  seed: SEED,
  ceilings,
  sizes: done,
};
console.log(values.json ? JSON.stringify(report) : text(report));
