import type { Tensor } from '../src/backend/backend.js';
import { randomUniform } from '../src/backend/random.js';
import { consecutive, uploadRows } from '../src/backend/sparse.js';
import type { Csr } from '../src/data/csr.js';
import type { GpuBackend } from '../src/gpu/backend.js';
import { batchColumns } from '../src/train/batches.js';
import { clock, type Timing, timing } from './harness.js';

export interface KernelFigure {
  readonly kernel: string;
  readonly ms: Timing;
  readonly gflops: number;
  readonly gbPerSec: number;
}

interface Case {
  readonly kernel: string;
  /** Operations (a multiply-add counts two) and bytes that must be read and written at least once. */
  readonly flops: number;
  readonly bytes: number;
  readonly run: () => void;
}

const [HIDDEN1, HIDDEN2] = [128, 64];
/** A sample is at least this long, so that starting and waiting weigh little. */
const SAMPLE_MS = 20;

/** Every kernel of a step of the 128-64 network and of a ranking, alone, at the sizes they have there. */
export async function benchKernels(
  backend: GpuBackend,
  log: Csr,
  batchSize: number,
  rounds: number,
): Promise<KernelFigure[]> {
  const cases = casesOf(backend, log, Math.min(batchSize, log.rows));
  const launches = new Map<string, number>();
  const times = new Map<string, number[]>(cases.map(({ kernel }) => [kernel, []]));
  const sample = async ({ run }: Case, n: number) =>
    (await clock(async () => {
      for (let i = 0; i < n; i++) run();
      backend.submit();
      await backend.gpuDevice.queue.onSubmittedWorkDone();
    })) / n;
  for (const test of cases) {
    await sample(test, 1); // The first launch compiles.
    launches.set(test.kernel, Math.max(1, Math.ceil(SAMPLE_MS / (await sample(test, 2)))));
  }
  for (let round = 0; round < rounds; round++) {
    for (const test of cases) times.get(test.kernel)!.push(await sample(test, launches.get(test.kernel)!));
  }
  return cases.map(({ kernel, flops, bytes }) => {
    const ms = timing(times.get(kernel)!);
    return { kernel, ms, gflops: flops / 1e6 / ms.median, gbPerSec: bytes / 1e6 / ms.median };
  });
}

function casesOf(backend: GpuBackend, log: Csr, batch: number): Case[] {
  const items = log.columns;
  const random = (...shape: number[]): Tensor => {
    const size = shape.reduce((product, n) => product * n, 1);
    return backend.tensor(
      Float32Array.from({ length: size }, (_, i) => randomUniform(1, 13, 0, i) - 0.5),
      shape,
    );
  };
  const zeros = (...shape: number[]) => backend.zeros('f32', shape);
  const input = uploadRows(backend, log);
  const rows = { rows: consecutive(backend, log.rows), first: 0, count: batch };
  const order = Uint32Array.from({ length: batch }, (_, i) => i);
  const columns = batchColumns(log, undefined, order, batch, { firstStep: 0, steps: 1 });
  const [starts, entries] = [backend.tensor(columns.starts), backend.tensor(columns.entries)];
  const nnz = columns.entries.length / 2;
  const [w1, w2, w3] = [random(items, HIDDEN1), random(HIDDEN1, HIDDEN2), random(HIDDEN2, items)];
  const [w1Grad, w2Grad, w3Grad] = [zeros(items, HIDDEN1), zeros(HIDDEN1, HIDDEN2), zeros(HIDDEN2, items)];
  const [b1, b2, b3] = [random(HIDDEN1), random(HIDDEN2), random(items)];
  const [h1, h2, logits] = [random(batch, HIDDEN1), random(batch, HIDDEN2), random(batch, items)];
  const [h1Grad, h2Grad, gradients] = [zeros(batch, HIDDEN1), zeros(batch, HIDDEN2), random(batch, items)];
  const splits = backend.splits(batch, HIDDEN2, items);
  const parts = zeros(batch * splits, HIDDEN2);
  const [moment1, moment2, loss] = [zeros(HIDDEN2, items), zeros(HIDDEN2, items), zeros(batch)];
  const dropout = { rate: 0.5, seed: 1, step: 1 };
  const k = Math.min(20, items);
  const topItems = backend.zeros('u32', [batch, k]);
  const topScores = zeros(batch, k);
  const allowed = backend.tensor(new Uint32Array(Math.ceil(items / 32)).fill(0xffffffff));
  const scale = 1 / batch;
  const f32 = (...sizes: number[]) => 4 * sizes.reduce((sum, n) => sum + n, 0);
  const adam = {
    step: 1,
    learningRate: 1e-9,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    l2: 0,
    weightDecay: 0,
  };
  const output = {
    flops: 2 * batch * HIDDEN2 * items,
    bytes: f32(batch * HIDDEN2, HIDDEN2 * items, batch * items),
  };
  const inner = {
    flops: 2 * batch * HIDDEN1 * HIDDEN2,
    bytes: f32(batch * HIDDEN1, HIDDEN1 * HIDDEN2, batch * HIDDEN2),
  };
  const dense = f32(2 * batch * items);
  return [
    {
      kernel: 'bagForward',
      // Half of the entries are dropped, so half of the rows of weights are read.
      flops: nnz * HIDDEN1,
      bytes: f32(2 * nnz, (nnz * HIDDEN1) / 2, batch * HIDDEN1),
      run: () =>
        backend.bagForward({
          input,
          batch: rows,
          weights: w1,
          bias: b1,
          out: h1,
          activation: 'relu',
          dropout,
        }),
    },
    {
      kernel: 'matmulNN hidden',
      ...inner,
      run: () => backend.matmulNN({ a: h1, b: w2, bias: b2, out: h2, activation: 'relu' }),
    },
    {
      kernel: 'matmulNN output',
      ...output,
      run: () => backend.matmulNN({ a: h2, b: w3, bias: b3, out: gradients, activation: 'linear' }),
    },
    {
      kernel: 'softmaxNll',
      flops: 4 * batch * items,
      bytes: dense,
      run: () => backend.softmaxNll({ logits, targets: input, batch: rows, loss, scale }),
    },
    {
      kernel: 'squaredError',
      flops: 3 * batch * items,
      bytes: dense,
      run: () =>
        backend.squaredError({ logits, targets: input, batch: rows, loss, scale, negativeWeight: 1 }),
    },
    {
      kernel: 'matmulNT output',
      ...output,
      run: () => backend.matmulNT({ a: gradients, b: w3, out: parts }),
    },
    {
      kernel: 'reduceActivation',
      flops: 2 * batch * splits * HIDDEN2,
      bytes: f32(batch * splits * HIDDEN2, 2 * batch * HIDDEN2),
      run: () => backend.reduceActivation({ parts, saved: h2, out: h2Grad, activation: 'relu' }),
    },
    {
      kernel: 'matmulTN output',
      ...output,
      run: () => backend.matmulTN({ a: h2, b: gradients, out: w3Grad, sums: b3 }),
    },
    {
      kernel: 'matmulTN hidden',
      ...inner,
      run: () => backend.matmulTN({ a: h1, b: h2Grad, out: w2Grad, sums: b2 }),
    },
    {
      kernel: 'bagBackward',
      flops: nnz * HIDDEN1,
      bytes: f32(2 * nnz, (nnz * HIDDEN1) / 2, items * HIDDEN1),
      run: () =>
        backend.bagBackward({
          starts,
          entries,
          firstStart: 0,
          outGrad: h1Grad,
          out: w1Grad,
          sums: b1,
          dropout,
        }),
    },
    {
      kernel: 'adam output',
      flops: 12 * HIDDEN2 * items,
      bytes: f32(7 * HIDDEN2 * items),
      run: () => backend.adam({ param: w3, grad: w3Grad, moment1, moment2, ...adam }),
    },
    {
      kernel: `topK ${k}`,
      flops: 0,
      bytes: f32(2 * batch * items),
      run: () => backend.topK({ scores: gradients, seen: input, batch: rows, allowed, topItems, topScores }),
    },
  ];
}
