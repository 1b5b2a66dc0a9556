import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { readStored } from '../../src/backend/stored.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { type Csr, csrFromRows } from '../../src/data/csr.js';
import { EASE_DEFAULTS, type EaseConfig, fitEase } from '../../src/model/ease.js';
import { randomCsr } from '../../src/verify/inputs.js';
import { gaussJordan, worst } from './dense.js';

const backend = createCpuBackend({ precision: 'f64' });

/** The rows as a dense matrix. */
function dense({ rows, columns, indptr, indices, values }: Csr): Float64Array {
  const x = new Float64Array(rows * columns);
  for (let u = 0; u < rows; u++) {
    for (let e = indptr[u]; e < indptr[u + 1]; e++) x[u * columns + indices[e]] = values?.[e] ?? 1;
  }
  return x;
}

async function weightsOf(train: Csr, config: Partial<EaseConfig>, on: Backend = backend) {
  const model = await fitEase(on, train, { ...EASE_DEFAULTS, ...config }, {});
  const weights = await readStored(on, model.tensors.get('weights')!);
  model.dispose();
  return weights as Float64Array;
}

/** What the objective is made of, from dense matrices: G, the ridge, and the popularity of each item. */
function problem(train: Csr, { l2, dropout, userPower, l2Power }: EaseConfig) {
  const x = dense(train);
  const { rows, columns: n } = train;
  const lengths = Array.from({ length: rows }, (_, u) => train.indptr[u + 1] - train.indptr[u]);
  const raw = lengths.map((length) => (length > 0 ? length ** -userPower : 0));
  const scale =
    lengths.reduce((sum, length) => sum + length, 0) / raw.reduce((sum, w, u) => sum + w * lengths[u], 0);
  const gram = new Float64Array(n * n);
  const popularity = new Float64Array(n);
  for (let u = 0; u < rows; u++) {
    for (let i = 0; i < n; i++) {
      if (x[u * n + i] !== 0) popularity[i]++;
      for (let j = 0; j < n; j++) gram[i * n + j] += scale * raw[u] * x[u * n + i] * x[u * n + j];
    }
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => gram[i * n + i]);
  const mean = diagonal.reduce((sum, g) => sum + g, 0) / n;
  const ridge = diagonal.map((g) => l2 * (g / mean) ** l2Power + (dropout / (1 - dropout)) * g);
  return { gram, ridge, popularity };
}

const CONFIGS: readonly Partial<EaseConfig>[] = [
  { l2: 5 },
  { l2: 3, dropout: 0.5 },
  { l2: 7, dropout: 0.3, userPower: 0.5, l2Power: 0.6, popularityPower: -0.2 },
];
const LOGS: readonly [string, Csr][] = [
  ['90 users, 30 items', randomCsr(90, 30, 0.2, 93)],
  ['150 users, 70 items with values', randomCsr(150, 70, (u) => (u % 3) * 0.1, 94, true)],
];

describe.each(LOGS)('EASE of %s', (_, train) => {
  const n = train.columns;

  it.each(CONFIGS)('is -P_ij / P_jj of the dense inverse, %o', async (changed) => {
    const config = { ...EASE_DEFAULTS, ...changed };
    const { gram, ridge, popularity } = problem(train, config);
    const p = gaussJordan(
      gram.map((g, i) => (i % (n + 1) === 0 ? g + ridge[i / (n + 1)] : g)),
      n,
    );
    const expected = p.map((value, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return i === j ? 0 : (-value / p[j * n + j]) * (popularity[j] + 1) ** config.popularityPower;
    });
    // The weights of users go to the device as f32.
    expect(worst(await weightsOf(train, config), expected)).toBeLessThan(config.userPower > 0 ? 1e-6 : 1e-12);
  });

  it('has a zero diagonal and no slope anywhere else', async () => {
    const config = { ...EASE_DEFAULTS, l2: 6, dropout: 0.4 };
    const { gram, ridge } = problem(train, config);
    const b = await weightsOf(train, config);
    for (let i = 0; i < n; i++) expect(b[i * n + i]).toBe(0);
    // Half the gradient of sum |x - x B|^2 + sum r_i |B_i|^2: G (B - I) + diag(r) B.
    let steepest = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        if (i === j) continue;
        let slope = ridge[i] * b[i * n + j] - gram[i * n + j];
        for (let t = 0; t < n; t++) slope += gram[i * n + t] * b[t * n + j];
        steepest = Math.max(steepest, Math.abs(slope));
      }
    }
    expect(steepest).toBeLessThan(1e-11);
  });
});

it('gives an item that nobody has no weight at all', async () => {
  const train = csrFromRows([[0, 1], [0, 1, 3], [1, 3], [0]], 4);
  const b = await weightsOf(train, { l2: 1, l2Power: 1, dropout: 0.2 });
  for (let i = 0; i < 4; i++) {
    expect(Math.abs(b[2 * 4 + i])).toBe(0);
    expect(Math.abs(b[i * 4 + 2])).toBe(0);
  }
  expect(Math.abs(b[1])).toBeGreaterThan(0.1);
});

it('refuses a table beyond the limit before it allocates, in GiB and with what helps', async () => {
  const small = { ...backend, maxTensorBytes: 4 * 1024 * 1024 };
  const wide = csrFromRows([[0, 1]], 100_000);
  for (const on of [small, backend]) {
    await expect(fitEase(on, wide, EASE_DEFAULTS, {})).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('100000 items make an item x item table of 74.5 GiB'),
      remedy: expect.stringContaining('--min-item'),
    });
  }
  expect(backend.liveBytes).toBe(0);
});

it.each([
  ['l2', { l2: 0 }],
  ['dropout', { dropout: 1 }],
  ['user-power', { userPower: -1 }],
  ['l2-power', { l2Power: Number.NaN }],
  ['popularity-power', { popularityPower: 3 }],
])('names the option %s when its value makes no sense', async (option, changed) => {
  const fitting = fitEase(backend, csrFromRows([[0]], 1), { ...EASE_DEFAULTS, ...changed }, {});
  await expect(fitting).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringContaining(option) });
});
