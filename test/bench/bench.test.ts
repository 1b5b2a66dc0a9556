import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['scripts/run.mjs', 'bench/main.ts', ...args], {
    cwd,
    maxBuffer: 1 << 24,
  });

it('compares losses before it times anything, labels the adapter, and gives every figure with its kin', async () => {
  const { stdout } = await bench('--quick', '--json');
  const report = JSON.parse(stdout);
  expect(report.label).toBe(
    report.device.kind === 'gpu' ? 'hardware GPU' : 'software adapter: not a GPU figure',
  );
  expect(report.ceilings.gflops).toBeGreaterThan(0);
  expect(report.ceilings.gbPerSec).toBeGreaterThan(0);
  const [{ training, kernels, recommending, refused }] = report.sizes;
  expect(refused).toBeUndefined();
  expect(training.lossDifference).toBeLessThanOrEqual(2e-5);
  expect(training.ratio).toBeCloseTo(training.cpuStepMs.median / training.gpuStepMs.median, 10);
  expect(training.perStep.dispatches).toBeGreaterThan(5);
  for (const { ms, gflops, gbPerSec } of kernels) {
    expect(ms.min).toBeGreaterThan(0);
    expect(ms.median).toBeGreaterThanOrEqual(ms.min);
    expect(ms.p95).toBeGreaterThanOrEqual(ms.median);
    expect(gflops + gbPerSec).toBeGreaterThan(0);
  }
  expect(recommending.usersPerSec).toBeGreaterThan(0);
});

it('says what it does not know', async () => {
  await expect(bench('--size', 'huge')).rejects.toMatchObject({ code: 2 });
});
