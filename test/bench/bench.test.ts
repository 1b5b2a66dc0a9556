import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { SIZES, syntheticLog } from '../../bench/logs.js';
import { benchTraining, LossesDiffer } from '../../bench/training.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { createBackend } from '../../src/createBackend.js';
import type { GpuBackend } from '../../src/gpu/backend.js';

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['scripts/run.mjs', 'bench/main.ts', ...args], {
    cwd,
    maxBuffer: 1 << 24,
  });

it('compares losses before it times anything, labels the adapter, and gives every figure with its kin', async () => {
  const { stdout } = await bench('--quick', '--json', '--batch', '64');
  const report = JSON.parse(stdout);
  expect(report.label).toBe(
    report.device.kind === 'gpu' ? 'hardware GPU' : 'software adapter: not a GPU figure',
  );
  expect(report.ceilings.gflops).toBeGreaterThan(0);
  expect(report.ceilings.gbPerSec).toBeGreaterThan(0);
  const [{ training, kernels, recommending, refused, batch }] = report.sizes;
  expect(refused).toEqual([]);
  expect(batch).toBe(64);
  expect(training.lossesCompared).toBeGreaterThan(1);
  expect(training.lossDifference).toBeLessThanOrEqual(2e-5);
  expect(training.ratio).toBeCloseTo(training.cpuStepMs.median / training.gpuStepMs.median, 10);
  expect(training.perStep.dispatches).toBeGreaterThan(5);
  expect(training.perStep.hostMicroseconds).toBeGreaterThan(0);
  expect(training.perStep.hostMicrosecondsWithWorker).toBeGreaterThan(0);
  expect(training.perStep.buffersMade).toBe(0);
  expect(training.perStep.bindGroupsMade).toBe(0);
  expect(kernels.length).toBeGreaterThan(10);
  for (const { ms, gflops, gbPerSec } of kernels) {
    expect(ms.min).toBeGreaterThan(0);
    expect(ms.median).toBeGreaterThanOrEqual(ms.min);
    expect(ms.p95).toBeGreaterThanOrEqual(ms.median);
    expect(gflops + gbPerSec).toBeGreaterThan(0);
  }
  expect(recommending.usersPerSec).toBeGreaterThan(0);
});

it('times nothing where the two sides learn different things', async () => {
  const [gpu, cpu] = [(await createBackend()) as GpuBackend, createCpuBackend()];
  const other = {
    ...cpu,
    adam: (args: Parameters<typeof cpu.adam>[0]) =>
      cpu.adam({ ...args, learningRate: 1.01 * args.learningRate }),
  };
  const log = syntheticLog(SIZES['tiny'], 1);
  const options = { batch: 32, loss: 'multinomial', steps: 4, rounds: 1 } as const;
  await expect(benchTraining(gpu, other, log, options)).rejects.toThrow(LossesDiffer);
  await expect(benchTraining(gpu, cpu, log, options)).resolves.toMatchObject({ steps: 4 });
  gpu.dispose();
  cpu.dispose();
});

it('says what it does not know', async () => {
  await expect(bench('--size', 'huge')).rejects.toMatchObject({ code: 2 });
});
