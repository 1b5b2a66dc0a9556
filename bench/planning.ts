// What planning the batches costs the thread that trains, inline and with a worker; no device is needed.
// node scripts/run.mjs bench/planning.ts [--size ml100k,ml1m,...] [--batch 256] [--epochs 25] [--json]
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stepCount, windowCapacity } from '../src/train/batches.js';
import { inlinePlanner, type Planner, type PlanSpec } from '../src/train/plan.js';
import { WorkerPlanner } from '../src/train/workerPlanner.js';
import { type Timing, timing } from './harness.js';
import { SIZES, syntheticLog } from './logs.js';

const SEED = 1;
const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: 'ml100k,ml1m' },
    batch: { type: 'string', default: '256' },
    epochs: { type: 'string', default: '25' },
    json: { type: 'boolean', default: false },
  },
});
const sizes = flags.size.split(',');
const batch = Number(flags.batch);
const epochs = Number(flags.epochs);
if (!sizes.every((size) => Object.hasOwn(SIZES, size)) || !(batch >= 1) || !(epochs >= 1)) {
  console.error(`Sizes: ${Object.keys(SIZES).join(', ')}. Batch and epochs: 1 and more.`);
  process.exit(2);
}

interface PlanningFigure {
  /** Until the first window is there, the start of a worker included. */
  readonly firstMs: number;
  /** An epoch's windows: how long the caller waits for them, and for how long its thread is busy. */
  readonly waitMs: Timing;
  readonly busyMs: Timing;
}

/** Epoch after epoch, with a pause after each window in which a device would compute. */
async function measure(planner: Planner, pauseMs: number): Promise<PlanningFigure> {
  async function epoch(number: number): Promise<{ waitMs: number; busyMs: number }> {
    let [waitMs, busyMs] = [0, 0];
    for (let index = 0, last = false; !last; index++) {
      const before = performance.eventLoopUtilization();
      const started = performance.now();
      ({ last } = await planner.window(number, index));
      waitMs += performance.now() - started;
      await setTimeout(pauseMs);
      busyMs += performance.eventLoopUtilization(before).active;
    }
    return { waitMs, busyMs };
  }
  try {
    const { waitMs: firstMs } = await epoch(0);
    const all: Awaited<ReturnType<typeof epoch>>[] = [];
    // The first few are still being compiled.
    for (let number = 1; number <= 5 + epochs; number++) all.push(await epoch(number));
    const timed = all.slice(5);
    return {
      firstMs,
      waitMs: timing(timed.map(({ waitMs }) => waitMs)),
      busyMs: timing(timed.map(({ busyMs }) => busyMs)),
    };
  } finally {
    planner.dispose();
  }
}

const report = [];
for (const size of sizes) {
  const log = syntheticLog(SIZES[size], SEED);
  const spec: PlanSpec = {
    histories: log,
    // As the default network has: a number for each interaction.
    values: new Float32Array(log.indices.length).fill(0.1),
    batch,
    seed: SEED,
    capacity: windowCapacity(log, batch),
  };
  const inline = await measure(inlinePlanner(spec), 5);
  // Long enough for the worker to be done, as a device's window would be.
  const worker = await measure(new WorkerPlanner(spec), 20 + 2 * inline.waitMs.p95);
  report.push({
    size,
    interactions: log.indices.length,
    steps: stepCount(log.rows, batch),
    inline,
    worker,
  });
}
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, node ${process.versions.node}`;
const text = ({ median, min, p95 }: Timing) =>
  `${median.toFixed(2)} (${min.toFixed(2)} to ${p95.toFixed(2)})`;
if (flags.json) console.log(JSON.stringify({ machine, seed: SEED, batch, epochs, sizes: report }));
else {
  console.log(`${machine}; seed ${SEED}, batch ${batch}; ms an epoch: median (min to p95) of ${epochs}`);
  for (const { size, steps, inline, worker } of report) {
    for (const [name, { firstMs, waitMs, busyMs }] of Object.entries({ inline, worker })) {
      console.log(
        `${size.padEnd(7)} ${name.padEnd(6)}  waits ${text(waitMs)}, busy ${text(busyMs)}: ` +
          `${((1000 * busyMs.median) / steps).toFixed(0)} us a step; ${firstMs.toFixed(0)} ms for the first`,
      );
    }
  }
}
