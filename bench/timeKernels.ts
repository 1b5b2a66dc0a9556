// scratch
import { createBackend } from '../src/createBackend.js';
import type { GpuBackend } from '../src/gpu/backend.js';

const backend = (await createBackend({ adapter: process.env.FOLDIN_ADAPTER })) as GpuBackend;
const B = 256,
  I = 3706,
  H1 = 128,
  H2 = 64;
const f = (...shape: number[]) => {
  const n = shape.reduce((a, b) => a * b);
  const v = new Float32Array(n);
  for (let i = 0; i < n; i++) v[i] = Math.sin(i) * 0.1;
  return backend.tensor(v, shape);
};
const h1 = f(B, H1),
  h2 = f(B, H2),
  W2 = f(H1, H2),
  W3 = f(H2, I),
  b2 = f(H2),
  b3 = f(I),
  logits = f(B, I),
  h2g = f(B, H2),
  W3g = f(H2, I),
  m = f(H2, I),
  v = f(H2, I),
  W1 = f(I, H1),
  W1g = f(I, H1),
  b1 = f(H1),
  b3g = f(I);
backend.zeroDiagonal;
const S = backend.splits(B, H2, I);
const parts = f(B * S, H2);
console.log('splits', S);
// sparse
const per = 165;
const indptr = new Uint32Array(6041),
  idx: number[] = [];
let r = 1;
const rnd = () => (r = (Math.imul(r, 1103515245) + 12345) >>> 0) / 2 ** 32;
for (let u = 0; u < 6040; u++) {
  const s = new Set<number>();
  while (s.size < per) s.add(Math.floor(rnd() ** 2 * I));
  idx.push(...[...s].sort((a, b) => a - b));
  indptr[u + 1] = idx.length;
}
const input = {
  indptr: backend.tensor(indptr),
  indices: backend.tensor(Uint32Array.from(idx)),
  values: backend.tensor(new Float32Array(idx.length).fill(0.1)),
};
const batch = { rows: backend.tensor(Uint32Array.from({ length: 6040 }, (_, i) => i)), first: 0, count: B };
const { batchColumns } = await import('../src/train/batches.js');
const cols = batchColumns(
  { rows: 6040, columns: I, indptr, indices: Uint32Array.from(idx) },
  undefined,
  Uint32Array.from({ length: B }, (_, i) => i),
  B,
  { firstStep: 0, steps: 1 },
);
const starts = backend.tensor(cols.starts),
  entries = backend.tensor(cols.entries);
const dropout = { rate: 0.5, seed: 1, step: 1 },
  none = { rate: 0, seed: 1, step: 1 };
const lossT = f(B);
const topItems = backend.zeros('u32', [B, 20]),
  topScores = backend.zeros('f32', [B, 20]),
  allowed = backend.tensor(new Uint32Array(Math.ceil(I / 32)).fill(0xffffffff));
const cases: Record<string, [number, () => void]> = {
  bagForward: [
    0,
    () => backend.bagForward({ input, batch, weights: W1, bias: b1, out: h1, activation: 'relu', dropout }),
  ],
  bagForwardNoDrop: [
    0,
    () =>
      backend.bagForward({ input, batch, weights: W1, bias: b1, out: h1, activation: 'relu', dropout: none }),
  ],
  NN_hidden: [
    2 * B * H1 * H2,
    () => backend.matmulNN({ a: h1, b: W2, bias: b2, out: h2, activation: 'relu' }),
  ],
  NN_out: [
    2 * B * H2 * I,
    () => backend.matmulNN({ a: h2, b: W3, bias: b3, out: logits, activation: 'linear' }),
  ],
  softmaxNll: [0, () => backend.softmaxNll({ logits, targets: input, batch, loss: lossT, scale: 1 })],
  squaredError: [
    0,
    () => backend.squaredError({ logits, targets: input, batch, loss: lossT, scale: 1, negativeWeight: 1 }),
  ],
  NT_out: [2 * B * H2 * I, () => backend.matmulNT({ a: logits, b: W3, out: parts })],
  reduce: [0, () => backend.reduceActivation({ parts, saved: h2, out: h2g, activation: 'relu' })],
  TN_out: [2 * B * H2 * I, () => backend.matmulTN({ a: h2, b: logits, out: W3g })],
  columnSums: [0, () => backend.columnSums({ input: logits, out: b3g })],
  bagBackward: [
    0,
    () => backend.bagBackward({ starts, entries, firstStart: 0, outGrad: h1, out: W1g, dropout }),
  ],
  bagBackwardNoDrop: [
    0,
    () => backend.bagBackward({ starts, entries, firstStart: 0, outGrad: h1, out: W1g, dropout: none }),
  ],
  adamW3: [
    0,
    () =>
      backend.adam({
        param: W3,
        grad: W3g,
        moment1: m,
        moment2: v,
        step: 1,
        learningRate: 1e-9,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        l2: 0,
        weightDecay: 0,
      }),
  ],
  topK20: [0, () => backend.topK({ scores: logits, seen: input, batch, allowed, topItems, topScores })],
};
const only = process.argv[2];
for (const [name, [flops, run]] of Object.entries(cases)) {
  if (only && !name.includes(only)) continue;
  if (name === 'topK20') {
    backend.write(
      logits,
      Float32Array.from({ length: B * I }, () => rnd()),
    );
  }
  run();
  await backend.read(lossT);
  const times: number[] = [];
  const N = 5;
  for (let i = 0; i < 6; i++) {
    const t = performance.now();
    for (let j = 0; j < N; j++) run();
    backend.submit();
    await backend.gpuDevice.queue.onSubmittedWorkDone();
    times.push((performance.now() - t) / N);
  }
  times.sort((a, b) => a - b);
  console.log(
    name.padEnd(18),
    times[0].toFixed(2),
    times[3].toFixed(2),
    'ms',
    flops ? (flops / times[0] / 1e6).toFixed(2) + ' GFLOP/s' : '',
  );
}
backend.dispose();
