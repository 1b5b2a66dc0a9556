import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import { readStored } from '../../src/backend/stored.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { type Csr, csrFromRows } from '../../src/data/csr.js';
import { fitKernel, KERNEL_DEFAULTS, type Kernel, type KernelConfig } from '../../src/model/kernel.js';
import { randomCsr } from '../../src/verify/inputs.js';
import { gaussJordan, worst } from './dense.js';

const backend = createCpuBackend({ precision: 'f64' });
const CONFIG: KernelConfig = { ...KERNEL_DEFAULTS, l2: 0.7, itemPower: 0.3, popularityPower: -0.2 };

function dense({ rows, columns, indptr, indices, values }: Csr): number[][] {
  const x = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  for (let u = 0; u < rows; u++) {
    for (let e = indptr[u]; e < indptr[u + 1]; e++) x[u][indices[e]] = values?.[e] ?? 1;
  }
  return x;
}

/** The scores by the formulas of `fitKernel`, from dense matrices. */
function expected(train: Csr, others: Csr, config: KernelConfig): number[][] {
  const [x, y] = [dense(train), dense(others)];
  const n = x.length;
  const items = train.columns;
  const popularity = Array.from({ length: items }, (_, i) => x.filter((row) => row[i] !== 0).length);
  const mean = popularity.reduce((sum, count) => sum + count, 0) / items;
  const m = Array.from({ length: items }, (_, i) => x.reduce((sum, row) => sum + row[i], 0) / n);
  const feature = (row: number[]) => {
    const f = row.map((v, i) => (popularity[i] > 0 ? v * (popularity[i] / mean) ** -config.itemPower : 0));
    const length = Math.hypot(...f);
    return f.map((v) => (length > 0 ? v / length : 0));
  };
  const likeness = (a: number[], b: number[]) =>
    Math.exp(config.sharpness * (a.reduce((sum, v, i) => sum + v * b[i], 0) - 1));
  const f = x.map(feature);
  const k = f.flatMap((a, u) => f.map((b, v) => likeness(a, b) + (u === v ? config.l2 : 0)));
  const p = gaussJordan(k, n);
  return y.map(feature).map((g) => {
    const alike = f.map((b) => likeness(g, b));
    const answer = f.map((_, u) => alike.reduce((sum, value, v) => sum + value * p[v * n + u], 0));
    return m.map(
      (mi, i) =>
        (mi + answer.reduce((sum, a, u) => sum + a * (x[u][i] - mi), 0)) *
        (popularity[i] + 1) ** config.popularityPower,
    );
  });
}

async function scoresOf(on: Backend, model: Kernel, others: Csr): Promise<ArrayLike<number>> {
  const input = uploadRows(on, others, model.inputValues(others));
  const rows = consecutive(on, others.rows);
  const scores = on.zeros('f32', [others.rows, others.columns]);
  model.score(input, { rows, first: 0, count: others.rows, consecutive: true }, scores);
  const found = (await on.read(scores)) as Float64Array;
  for (const made of [input, rows, scores]) made.free();
  return found;
}

const LOGS: readonly [string, Csr][] = [
  ['90 users, 30 items', randomCsr(90, 30, 0.2, 93)],
  ['70 users, 140 items, some without any, with values', randomCsr(70, 140, (u) => (u % 3) * 0.1, 94, true)],
  ['an item that nobody has', csrFromRows([[0, 1], [0, 1, 3], [1, 3], [0]], 5)],
];

it.each(LOGS)('the kernel model of %s gives what the dense formulas give', async (_, train) => {
  const others = randomCsr(6, train.columns, (u) => 0.1 * u, 95, train.values !== undefined);
  const model = await fitKernel(backend, train, CONFIG, { seed: 1 });
  // Likeness is computed from histories in f32.
  const found = await scoresOf(backend, model, others);
  expect(worst(found, expected(train, others, CONFIG).flat())).toBeLessThan(1e-6);
  model.dispose();
  expect(backend.liveBytes).toBe(0);
});

describe('landmarks', () => {
  const train = randomCsr(80, 30, 0.2, 93);

  it('are a sample of the users, which is told', async () => {
    const notices: string[] = [];
    const onNotice = (code: string, message: string) => notices.push(`${code} ${message}`);
    const model = await fitKernel(backend, train, { ...CONFIG, landmarks: 20 }, { seed: 4, onNotice });
    expect(notices).toEqual([expect.stringContaining('LANDMARKS kernel learns from 20 of 80 users')]);
    expect(model.tensors.get('weights')!.shape).toEqual([20, 30]);
    const again = await fitKernel(backend, train, { ...CONFIG, landmarks: 20 }, { seed: 5 });
    const read = (from: Kernel) => readStored(backend, from.tensors.get('landmarks.places')!);
    expect(await read(again)).not.toEqual(await read(model));
    model.dispose();
    again.dispose();
  });

  it('are named where a table of all users is beyond the limit, before anything is allocated', async () => {
    const small = createCpuBackend({ precision: 'f64', maxTensorBytes: 30_000 });
    await expect(fitKernel(small, train, CONFIG, { seed: 1 })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('80 users'),
      remedy: expect.stringContaining('--landmarks 61'),
    });
    expect(small.liveBytes).toBe(0);
  });
});

it.each([
  ['l2', { l2: 0 }],
  ['item-power', { itemPower: -1 }],
  ['sharpness', { sharpness: 0 }],
  ['popularity-power', { popularityPower: Number.NaN }],
  ['landmarks', { landmarks: 0 }],
])('names the option %s when its value makes no sense', async (option, changed) => {
  const fitting = fitKernel(backend, csrFromRows([[0]], 1), { ...KERNEL_DEFAULTS, ...changed }, { seed: 1 });
  await expect(fitting).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringContaining(option) });
});
