import { describe, expect, it } from 'vitest';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { type Csr, csrFromRows } from '../../src/data/csr.js';
import { fitIals, IALS_DEFAULTS, type IalsConfig } from '../../src/model/ials.js';
import { randomCsr } from '../../src/verify/inputs.js';
import { gaussJordan, worst } from './dense.js';

const backend = createCpuBackend({ precision: 'f64' });
const CONFIG: IalsConfig = { factors: 5, l2: 0.02, negativeWeight: 0.2, sweeps: 3 };

/** The dense solution of one user by the formula: (w0 YT Y + sum x y yT + lambda (|x| + w0 n) I)^-1 sum x y. */
function folded(history: Csr, row: number, y: ArrayLike<number>, config: IalsConfig): Float64Array {
  const { factors: d, l2, negativeWeight } = config;
  const items = history.columns;
  const x = new Float64Array(items);
  for (let e = history.indptr[row]; e < history.indptr[row + 1]; e++) {
    x[history.indices[e]] = history.values?.[e] ?? 1;
  }
  const size = x.reduce((sum, value) => sum + value, 0);
  const a = new Float64Array(d * d);
  const b = new Float64Array(d);
  for (let item = 0; item < items; item++) {
    for (let i = 0; i < d; i++) {
      b[i] += x[item] * y[item * d + i];
      for (let j = 0; j < d; j++) {
        a[i * d + j] += (negativeWeight + x[item]) * y[item * d + i] * y[item * d + j];
      }
    }
  }
  for (let i = 0; i < d; i++) a[i * d + i] += l2 * (size + negativeWeight * items);
  const inverse = gaussJordan(a, d);
  return Float64Array.from({ length: d }, (_, i) => b.reduce((sum, v, j) => sum + inverse[i * d + j] * v, 0));
}

/** The objective of `fitIals`, pair by pair, at the users that suit these items best. */
function loss(train: Csr, y: ArrayLike<number>, config: IalsConfig): number {
  const { factors: d, l2, negativeWeight } = config;
  const { rows, columns } = train;
  const has = new Float64Array(columns);
  let sum = 0;
  for (let u = 0; u < rows; u++) {
    const w = folded(train, u, y, config);
    const x = new Float64Array(columns);
    for (let e = train.indptr[u]; e < train.indptr[u + 1]; e++) {
      x[train.indices[e]] = train.values?.[e] ?? 1;
    }
    for (let item = 0; item < columns; item++) {
      const score = w.reduce((total, wi, i) => total + wi * y[item * d + i], 0);
      sum += x[item] * (1 - score) ** 2 + negativeWeight * score ** 2;
      has[item] += x[item];
    }
    const size = x.reduce((total, value) => total + value, 0);
    sum += l2 * (size + negativeWeight * columns) * w.reduce((total, wi) => total + wi ** 2, 0);
  }
  for (let item = 0; item < columns; item++) {
    let squares = 0;
    for (let i = 0; i < d; i++) squares += y[item * d + i] ** 2;
    sum += l2 * (has[item] + negativeWeight * rows) * squares;
  }
  return sum;
}

const LOGS: readonly [string, Csr][] = [
  ['70 users, 30 items', randomCsr(70, 30, 0.2, 93)],
  ['90 users, 40 items with values', randomCsr(90, 40, (u) => (u % 3) * 0.1, 94, true)],
];

describe.each(LOGS)('implicit ALS of %s', (_, train) => {
  const make = (sweeps: number) => fitIals(backend, train, { ...CONFIG, sweeps }, { seed: 3 });
  const itemsOf = async (sweeps: number) => {
    const model = await make(sweeps);
    const items = await backend.read(model.tensors.get('items')!);
    model.dispose();
    return items;
  };

  it('solves for anybody as the dense formula does', async () => {
    const model = await make(2);
    const y = await backend.read(model.tensors.get('items')!);
    const others = randomCsr(9, train.columns, 0.3, 95, train.values !== undefined);
    const input = uploadRows(backend, others, model.inputValues(others));
    const rows = consecutive(backend, 9);
    const out = backend.zeros('f32', [12, CONFIG.factors]);
    const scores = backend.zeros('f32', [12, train.columns]);
    const batch = { rows, first: 2, count: 7, consecutive: true } as const;
    model.represent(input, batch, out);
    model.score(input, batch, scores);
    const [found, scored] = [await backend.read(out), await backend.read(scores)];
    for (let b = 0; b < 12; b++) {
      const w = b < 7 ? folded(others, 2 + b, y, CONFIG) : new Float64Array(CONFIG.factors);
      expect(worst(found.subarray(b * CONFIG.factors, (b + 1) * CONFIG.factors), w)).toBeLessThan(1e-12);
      const expected = Float64Array.from({ length: train.columns }, (_, item) =>
        w.reduce((sum, wi, i) => sum + wi * y[item * CONFIG.factors + i], 0),
      );
      const mine = scored.subarray(b * train.columns, (b + 1) * train.columns);
      expect(worst(mine, expected)).toBeLessThan(1e-12);
    }
    model.dispose();
    for (const tensor of [input, rows, out, scores]) tensor.free();
    expect(backend.liveBytes).toBe(0);
  });

  it('comes down with every sweep, to where no item could be better', async () => {
    const losses: number[] = [];
    for (const sweeps of [1, 2, 4, 800]) losses.push(loss(train, await itemsOf(sweeps), CONFIG));
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
    // Where users answer each change, the slope for the items is that of the objective itself.
    const y = Float64Array.from(await itemsOf(800));
    const at = loss(train, y, CONFIG);
    for (const place of [0, 7, 33]) {
      const step = 1e-4;
      const [up, down] = [step, -step].map((h) => {
        const moved = y.slice();
        moved[place] += h;
        return loss(train, moved, CONFIG);
      });
      expect(Math.abs(up - down) / (2 * step)).toBeLessThan(2e-3);
      expect(up + down - 2 * at).toBeGreaterThan(0);
    }
  });
});

it('solves in parts where systems are large, also those in which nobody is left', async () => {
  const train = randomCsr(70, 40, 0.2, 96);
  const config = { ...CONFIG, factors: 256, sweeps: 1 };
  const model = await fitIals(backend, train, config, { seed: 3 });
  const y = await backend.read(model.tensors.get('items')!);
  const input = uploadRows(backend, train);
  const rows = consecutive(backend, 70);
  const out = backend.zeros('f32', [130, 256]);
  // The last rows there are, in a batch that has room for many more.
  model.represent(input, { rows, first: 68, count: 2, consecutive: true }, out);
  const found = await backend.read(out);
  for (const b of [0, 1]) {
    expect(worst(found.subarray(b * 256, (b + 1) * 256), folded(train, 68 + b, y, config))).toBeLessThan(
      1e-12,
    );
  }
  expect(found.subarray(512).every((x) => x === 0)).toBe(true);
  for (const made of [input, rows, out]) made.free();
  model.dispose();
});

it('takes an item that nobody has, and users without a history', async () => {
  const train = csrFromRows([[0, 1], [], [1, 3], [0]], 4);
  const model = await fitIals(backend, train, CONFIG, { seed: 1 });
  const items = await backend.read(model.tensors.get('items')!);
  expect(worst(items.subarray(2 * CONFIG.factors, 3 * CONFIG.factors), new Float64Array(5))).toBeLessThan(
    1e-12,
  );
  model.dispose();
  expect(backend.liveBytes).toBe(0);
});

it.each([
  ['factors', { factors: 0 }],
  ['l2', { l2: 0 }],
  ['negative-weight', { negativeWeight: Number.NaN }],
  ['sweeps', { sweeps: 1.5 }],
])('names the option %s when its value makes no sense', async (option, changed) => {
  const fitting = fitIals(backend, csrFromRows([[0]], 1), { ...IALS_DEFAULTS, ...changed }, { seed: 1 });
  await expect(fitting).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringContaining(option) });
});
