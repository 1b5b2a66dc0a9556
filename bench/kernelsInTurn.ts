// npm run bench:kernels -- [--sides usual,unchecked,...] [--kernel NAME,...] [--size ml1m] [--batch 256]
//                          [--rounds 15] [--adapter NAME]
// Times kernels on several backends of one adapter in turn, so that their ratios can be quoted. A side is `usual`,
// `unchecked` (no bounds checks), `apart` (register blocks without subgroups), a family (tile, register) or a way to compute products (tile-64-8-8, ...).
import { parseArgs } from 'node:util';
import { createGpuBackend, type GpuBackend, type GpuBackendOptions } from '../src/gpu/backend.js';
import { openDevice } from '../src/gpu/device.js';
import { allBy } from '../src/gpu/tune.js';
import { VARIANT_NAMES } from '../src/gpu/variants.js';
import { commit } from './commit.js';
import { clock, type Timing, timing } from './harness.js';
import { type KernelCase, kernelCases } from './kernelCases.js';
import { SIZES, syntheticLog } from './logs.js';

const { values } = parseArgs({
  options: {
    sides: { type: 'string', default: 'usual,unchecked' },
    kernel: { type: 'string' },
    size: { type: 'string', default: 'ml1m' },
    batch: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '15' },
    adapter: { type: 'string', default: process.env['FOLDIN_ADAPTER'] },
  },
});

function usage(message: string): never {
  console.error(
    `${message}\nSides: usual, unchecked, apart, tile, ${VARIANT_NAMES.join(', ')}. Sizes: ${Object.keys(SIZES)}.`,
  );
  process.exit(2);
}

/** What a side is made with; undefined for one that there is not. */
function optionsOf(side: string): GpuBackendOptions | undefined {
  if (side === 'usual' || side === 'unchecked') return {};
  if (side === 'apart') return { family: 'register', hasSubgroups: false };
  if (side === 'tile' || side === 'register') return { family: side };
  const way = VARIANT_NAMES.find((name) => name === side);
  return way && { tuning: allBy(way) };
}

async function open(side: string, options: GpuBackendOptions): Promise<GpuBackend> {
  const unsafeNoRobustness = side === 'unchecked';
  const opened = await openDevice({ software: false, name: values.adapter, unsafeNoRobustness });
  if (opened) return createGpuBackend(opened.device, opened.info, options);
  console.error('There is no WebGPU adapter.');
  process.exit(1);
}

interface Side {
  readonly name: string;
  readonly backend: GpuBackend;
  readonly cases: readonly KernelCase[];
}

const names = values.sides.split(',');
const rounds = Number(values.rounds);
const batch = Number(values.batch);
const unknown = names.find((name) => !optionsOf(name));
if (unknown !== undefined) usage(`There is no side "${unknown}".`);
if (!Object.hasOwn(SIZES, values.size)) usage(`There is no size "${values.size}".`);
if (!(rounds >= 1) || !(batch >= 1)) usage('Rounds and batch are whole numbers of at least 1.');
const wanted = values.kernel?.split(',');

const log = syntheticLog(SIZES[values.size], 1);
const sides: Side[] = [];
for (const name of names) {
  const backend = await open(name, optionsOf(name)!);
  const all = kernelCases(backend, log, Math.min(batch, log.rows));
  const cases = all.filter(({ kernel }) => !wanted || wanted.some((start) => kernel.startsWith(start)));
  if (cases.length === 0)
    usage(`There is no kernel "${values.kernel}"; there are ${all.map((c) => c.kernel).join(', ')}.`);
  sides.push({ name, backend, cases });
}

/** A sample is at least this long, so that starting and waiting weigh little. */
const SAMPLE_MS = 20;
/** Ms of a launch: on a software adapter of the processor, which other programs lengthen less than the wall clock. */
async function sample({ backend }: Side, { run }: KernelCase, n: number): Promise<number> {
  const before = process.cpuUsage();
  const wall = await clock(async () => {
    for (let i = 0; i < n; i++) run();
    backend.submit();
    await backend.gpuDevice.queue.onSubmittedWorkDone();
  });
  const { user, system } = process.cpuUsage(before);
  return (backend.device.kind === 'software' ? (user + system) / 1000 : wall) / n;
}

async function timeInTurn(place: number): Promise<Timing[]> {
  const launches: number[] = [];
  for (const side of sides) {
    await sample(side, side.cases[place], 1); // The first launch compiles.
    launches.push(Math.min(64, Math.ceil(SAMPLE_MS / (await sample(side, side.cases[place], 2)))));
  }
  const ms = sides.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [i, side] of sides.entries()) ms[i].push(await sample(side, side.cases[place], launches[i]));
  }
  return ms.map(timing);
}

const [{ backend: first }] = sides;
const clockName = first.device.kind === 'software' ? 'of the processor' : 'by the clock';
console.log(
  `foldin ${commit()} on ${first.device.adapter} (${first.device.kind}), ${first.device.driver.split(',')[0]}`,
);
console.log(
  `${values.size}, batch ${batch}, seed 1, ${rounds} rounds in turn; ms ${clockName}: median (min), times the first side`,
);
console.log(['kernel'.padEnd(18), ...names.map((name) => name.padEnd(24))].join(''));
const sums = sides.map(() => 0);
for (const [place, { kernel }] of sides[0].cases.entries()) {
  const times = await timeInTurn(place);
  for (const [i, { median }] of times.entries()) sums[i] += median;
  console.log(
    row(
      kernel,
      times.map(
        ({ median, min }) =>
          `${median.toFixed(2)} (${min.toFixed(2)}) ${(median / times[0].median).toFixed(2)}`,
      ),
    ),
  );
}
console.log(
  row(
    'all',
    sums.map((sum) => `${sum.toFixed(2)} ${(sum / sums[0]).toFixed(2)}`),
  ),
);
for (const { backend } of sides) backend.dispose();

function row(head: string, cells: readonly string[]): string {
  return [head.padEnd(18), ...cells.map((cell) => cell.padEnd(24))].join('').trimEnd();
}
