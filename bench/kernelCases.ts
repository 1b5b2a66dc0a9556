import type { Tensor } from '../src/backend/backend.js';
import { randomUniform } from '../src/backend/random.js';
import { consecutive, uploadRows } from '../src/backend/sparse.js';
import { type Csr, csrFromRows } from '../src/data/csr.js';
import type { GpuBackend } from '../src/gpu/backend.js';
import { batchColumns } from '../src/train/batches.js';

export interface KernelCase {
  readonly kernel: string;
  /**
   * What the kernel cannot do without: operations (a multiply-add counts two), and bytes that must be read or
   * written at least once, however often a kernel reads them.
   */
  readonly flops: number;
  readonly bytes: number;
  readonly run: () => void;
}

/** Units of the hidden layers. */
const [H1, H2] = [128, 64];
const DROPOUT = { rate: 0.5, seed: 1, step: 1 };
const ADAM = {
  step: 1,
  learningRate: 1e-9,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  l2: 0,
  weightDecay: 0,
};

/** Bytes of so many numbers. */
const f32 = (...counts: number[]): number => 4 * counts.reduce((sum, n) => sum + n, 0);

/** The kernels in the order of a training step, then those of a ranking. Their tensors live until the backend goes. */
export function kernelCases(backend: GpuBackend, log: Csr, batch: number): KernelCase[] {
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
  const { starts, entries, nnz, used } = columnsOf(backend, log, batch);
  const [w1, w2, w3] = [random(items, H1), random(H1, H2), random(H2, items)];
  const [w1Grad, w2Grad, w3Grad] = [zeros(items, H1), zeros(H1, H2), zeros(H2, items)];
  const [b1, b2, b3] = [random(H1), random(H2), random(items)];
  const [h1, h2, logits] = [random(batch, H1), random(batch, H2), random(batch, items)];
  const [h1Grad, h2Grad, scores] = [zeros(batch, H1), zeros(batch, H2), random(batch, items)];
  const splits = backend.splits(batch, H2, items);
  const parts = zeros(batch * splits, H2);
  const [loss, ring] = [zeros(batch), zeros(64)];
  const targets = { logits, targets: input, batch: rows, loss, scale: 1 / batch };

  const shapes = [[items, H1], [H1, H2], [H2, items], [H1], [H2], [items]];
  const weights = items * H1 + H1 * H2 + H2 * items + H1 + H2 + items;
  const [param, grad, moment1, moment2] = Array.from({ length: 4 }, () => backend.group(shapes).whole);

  const k = Math.min(20, items);
  const topItems = backend.zeros('u32', [batch, k]);
  const topScores = zeros(batch, k);
  const allowed = backend.tensor(new Uint32Array(Math.ceil(items / 32)).fill(0xffffffff));
  // Each user's first item is held out, the others are seen.
  const first = Array.from({ length: log.rows }, (_, u) => log.indices[log.indptr[u]]);
  const rest = first.map((_, u) => [...log.indices.subarray(log.indptr[u] + 1, log.indptr[u + 1])]);
  const heldOut = uploadRows(
    backend,
    csrFromRows(
      first.map((item) => [item]),
      items,
    ),
  );
  const seen = uploadRows(backend, csrFromRows(rest, items));
  const ranks = backend.zeros('u32', [3 * log.rows]);
  const heldOutScores = zeros(log.rows);

  const output = { flops: 2 * batch * H2 * items, bytes: f32(batch * H2, H2 * items, batch * items) };
  const inner = { flops: 2 * batch * H1 * H2, bytes: f32(batch * H1, H1 * H2, batch * H2) };
  const [relu, linear] = [{ activation: 'relu' }, { activation: 'linear' }] as const;

  return [
    {
      kernel: 'bagForward',
      // Half of the entries are dropped, the others add a row each.
      flops: nnz * H1,
      bytes: f32(2 * nnz, used * H1, batch * H1),
      run: () =>
        backend.bagForward({ input, batch: rows, weights: w1, bias: b1, out: h1, dropout: DROPOUT, ...relu }),
    },
    {
      kernel: 'matmulNN hidden',
      ...inner,
      run: () => backend.matmulNN({ a: h1, b: w2, bias: b2, out: h2, ...relu }),
    },
    {
      kernel: 'matmulNN output',
      ...output,
      run: () => backend.matmulNN({ a: h2, b: w3, bias: b3, out: scores, ...linear }),
    },
    {
      kernel: 'softmaxNll',
      flops: 4 * batch * items,
      bytes: f32(2 * batch * items, nnz),
      run: () => backend.softmaxNll(targets),
    },
    {
      kernel: 'squaredError',
      flops: 3 * batch * items,
      bytes: f32(2 * batch * items, nnz),
      run: () => backend.squaredError({ ...targets, negativeWeight: 1 }),
    },
    {
      kernel: 'recordLoss',
      flops: batch,
      bytes: f32(batch, 1),
      run: () => backend.recordLoss({ parts: loss, ring, count: batch, slot: 0 }),
    },
    {
      kernel: 'matmulNT output',
      ...output,
      run: () => backend.matmulNT({ a: scores, b: w3, out: parts }),
    },
    {
      kernel: 'reduceActivation',
      flops: 2 * batch * splits * H2,
      bytes: f32(batch * splits * H2, 2 * batch * H2),
      run: () => backend.reduceActivation({ parts, saved: h2, out: h2Grad, ...relu }),
    },
    {
      kernel: 'matmulTN output',
      ...output,
      run: () => backend.matmulTN({ a: h2, b: scores, out: w3Grad, sums: b3 }),
    },
    {
      kernel: 'matmulNT hidden',
      ...inner,
      run: () => backend.matmulNTActivation({ a: h2, b: w2, saved: h1, out: h1Grad, ...relu }),
    },
    {
      kernel: 'matmulTN hidden',
      ...inner,
      run: () => backend.matmulTN({ a: h1, b: h2Grad, out: w2Grad, sums: b2 }),
    },
    {
      kernel: 'bagBackward',
      flops: nnz * H1,
      bytes: f32(2 * nnz, items, batch * H1, items * H1),
      run: () =>
        backend.bagBackward({
          starts,
          entries,
          firstStart: 0,
          outGrad: h1Grad,
          out: w1Grad,
          sums: b1,
          dropout: DROPOUT,
        }),
    },
    {
      kernel: 'adam',
      flops: 12 * weights,
      // Parameter and moments are read and written, the gradient is read.
      bytes: f32(7 * weights),
      run: () => backend.adam({ param, grad, moment1, moment2, ...ADAM }),
    },
    {
      kernel: `topK ${k}`,
      flops: 0,
      bytes: f32(batch * items, nnz, 2 * batch * k),
      run: () => backend.topK({ scores, seen: input, batch: rows, allowed, topItems, topScores }),
    },
    {
      kernel: 'rankOf',
      flops: 0,
      bytes: f32(batch * items, nnz, 3 * batch),
      run: () => backend.rankOf({ scores, seen, heldOut, heldOutScores, batch: rows, ranks, firstEntry: 0 }),
    },
  ];
}

/** The columns of the first users; `used` is how many items some user still has after dropout, in the mean. */
function columnsOf(backend: GpuBackend, log: Csr, batch: number) {
  const order = Uint32Array.from({ length: batch }, (_, i) => i);
  const { starts, entries } = batchColumns(log, undefined, order, batch, { firstStep: 0, steps: 1 });
  let used = 0;
  for (let item = 0; item < log.columns; item++)
    used += 1 - DROPOUT.rate ** (starts[item + 1] - starts[item]);
  return {
    starts: backend.tensor(starts),
    entries: backend.tensor(entries),
    nnz: entries.length / 2,
    used,
  };
}
