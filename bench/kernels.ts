import type { Csr } from '../src/data/csr.js';
import type { GpuBackend } from '../src/gpu/backend.js';
import { clock, type Timing, timing } from './harness.js';
import { type KernelCase, kernelCases } from './kernelCases.js';

export interface KernelFigure {
  readonly kernel: string;
  readonly ms: Timing;
  readonly gflops: number;
  readonly gbPerSec: number;
}

/** A sample is at least this long, so that starting and waiting weigh little. */
const SAMPLE_MS = 20;

/** Every kernel of a step of the 128-64 network and of a ranking, alone, at the sizes they have there. */
export async function benchKernels(
  backend: GpuBackend,
  log: Csr,
  batch: number,
  rounds: number,
): Promise<KernelFigure[]> {
  const cases = kernelCases(backend, log, Math.min(batch, log.rows));
  const launches = new Map<string, number>();
  const times = new Map<string, number[]>(cases.map(({ kernel }) => [kernel, []]));
  const sample = async ({ run }: KernelCase, n: number) =>
    (await clock(async () => {
      for (let i = 0; i < n; i++) run();
      backend.submit();
      await backend.gpuDevice.queue.onSubmittedWorkDone();
    })) / n;
  for (const test of cases) {
    await sample(test, 1); // The first launch compiles.
    let n = 2;
    let ms = await sample(test, n);
    // Short kernels are asked again: the time of two launches is mostly that of waiting.
    while (n * ms < SAMPLE_MS) {
      n = Math.min(8 * n, Math.ceil((1.2 * SAMPLE_MS) / ms));
      ms = await sample(test, n);
    }
    launches.set(test.kernel, n);
  }
  for (let round = 0; round < rounds; round++) {
    for (const test of cases) times.get(test.kernel)!.push(await sample(test, launches.get(test.kernel)!));
  }
  return cases.map(({ kernel, flops, bytes }) => {
    const ms = timing(times.get(kernel)!);
    return { kernel, ms, gflops: flops / 1e6 / ms.median, gbPerSec: bytes / 1e6 / ms.median };
  });
}
