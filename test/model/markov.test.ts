import { describe, expect, it } from 'vitest';
import { consecutive, freeAll, uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { type Csr, csrFromRows } from '../../src/data/csr.js';
import { rowInOrder } from '../../src/data/order.js';
import { decayed } from '../../src/model/decay.js';
import { fitMarkov, MARKOV_DEFAULTS, type MarkovConfig } from '../../src/model/markov.js';
import type { Model } from '../../src/model/model.js';
import { fitModel, loadModel, type ModelOptions } from '../../src/model/registry.js';
import { randomCsr } from '../../src/verify/inputs.js';

const f64 = createCpuBackend({ precision: 'f64' });
const ordered = (rows: number[][], items: number, values?: number[][]): Csr =>
  csrFromRows(rows, items, values, { inOrder: true });

async function scoresOf(model: Model, histories: Csr): Promise<number[][]> {
  const input = uploadRows(f64, histories, model.inputValues(histories));
  const rows = consecutive(f64, histories.rows);
  const out = f64.zeros('f32', [histories.rows, model.items]);
  model.score(input, { rows, first: 0, count: histories.rows, consecutive: true }, out);
  const found = Array.from(await f64.read(out));
  input.free();
  freeAll([rows, out]);
  return Array.from({ length: histories.rows }, (_, r) =>
    found.slice(r * model.items, (r + 1) * model.items),
  );
}

const close = (found: readonly number[], expected: readonly number[]) => {
  expect(found.length).toBe(expected.length);
  for (const [i, x] of expected.entries()) expect(found[i], `item ${i}`).toBeCloseTo(x, 7);
};

describe('markov', () => {
  // a b c, then b c, then c a: popularity 2, 2, 3.
  const train = ordered(
    [
      [0, 1, 2],
      [1, 2],
      [2, 0],
    ],
    4,
  );
  const popularity = [2, 2, 3, 0].map((count) => (1e-6 * count) / 3);
  const make = (config: Partial<MarkovConfig>) =>
    fitMarkov(f64, train, { ...MARKOV_DEFAULTS, ...config }, {});

  it('counts what follows, by hand: first order', async () => {
    const model = await make({ window: 1, decay: 0 });
    const [afterA, afterBA, afterC, afterD] = await scoresOf(model, ordered([[0], [1, 0], [2], [3]], 4));
    const add = (row: number[]) => row.map((x, i) => x + popularity[i]);
    close(afterA, add([0, 1, 0, 0]));
    // Only the last item counts.
    close(afterBA, afterA);
    close(afterC, add([1, 0, 0, 0]));
    close(afterD, popularity);
    model.dispose();
  });

  it('weighs distances in the window and steps back in the history, by hand', async () => {
    const model = await make({ window: 2, decay: 0.5 });
    // T_a: b 1, c 1/2; T_b: c 2; T_c: a 1. Rows scaled to 1.
    const rows = [
      [0, 2 / 3, 1 / 3, 0],
      [0, 0, 1, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    const [found] = await scoresOf(model, ordered([[2, 0, 1]], 4));
    close(
      found,
      rows[0].map((_, i) => rows[1][i] + 0.5 * rows[0][i] + 0.25 * rows[2][i] + popularity[i]),
    );
    model.dispose();
  });

  it('is the formula on random histories', async () => {
    const items = 25;
    const base = randomCsr(40, items, 0.3, 3);
    const sequences = Array.from({ length: 40 }, (_, u) =>
      [...rowInOrder(base, u)].sort((a, b) => ((a * 7 + u) % 11) - ((b * 7 + u) % 11) || a - b),
    );
    const config = { window: 4, decay: 0.7, popularityWeight: 0 };
    const matrix = ordered(sequences, items);
    const model = await fitMarkov(f64, matrix, config, {});
    const table = Array.from({ length: items }, () => new Array<number>(items).fill(0));
    for (const sequence of sequences) {
      sequence.forEach((i, a) => {
        sequence.forEach((j, b) => {
          if (b > a && b - a <= 4) table[i][j] += 1 / (b - a);
        });
      });
    }
    for (const row of table) {
      const total = row.reduce((sum, x) => sum + x, 0);
      row.forEach((x, j) => {
        row[j] = total > 0 ? x / total : 0;
      });
    }
    const found = await scoresOf(model, matrix);
    sequences.forEach((sequence, u) => {
      const expected = table[0].map((_, j) =>
        sequence.reduce((sum, i, at) => sum + 0.7 ** (sequence.length - 1 - at) * table[i][j], 0),
      );
      close(found[u], expected);
    });
    model.dispose();
    expect(f64.liveBytes).toBe(0);
  });

  it('refuses what it cannot use', async () => {
    const config = { ...MARKOV_DEFAULTS, window: 2, decay: 0.5 };
    const bare = csrFromRows([[0, 1]], 4);
    await expect(fitMarkov(f64, bare, config, {})).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      remedy: expect.stringContaining('--order file'),
    });
    for (const wrong of [
      { window: 0 },
      { window: 1.5 },
      { decay: -0.1 },
      { decay: 1.1 },
      { popularityWeight: 2 },
    ]) {
      await expect(make({ ...config, ...wrong })).rejects.toMatchObject({ code: 'CONFIG' });
    }
    const model = await make(config);
    expect(() => model.inputValues(bare)).toThrow(expect.objectContaining({ code: 'COLUMN_MISSING' }));
    const arrays = new Map(
      await Promise.all(
        [...model.tensors].map(
          async ([name, tensor]) => [name, { shape: tensor.shape, values: await f64.read(tensor) }] as const,
        ),
      ),
    );
    loadModel('markov', f64, 4, config, arrays).dispose();
    const spoiled: [string, number[]][] = [
      ['transitions.indptr', [0, 2, 3]],
      ['transitions.indptr', [0, 9, 9, 9, 9]],
      ['transitions.indptr', [0, 2, 1, 4, 4]],
      ['transitions.indices', [0, 1, 9, 0]],
      ['transitions.values', [1]],
      ['popularity', [1, 2]],
    ];
    for (const [name, numbers] of spoiled) {
      const values = name === 'popularity' ? Float32Array.from(numbers) : Uint32Array.from(numbers);
      const changed = new Map(arrays).set(name, { shape: [numbers.length], values });
      expect(() => loadModel('markov', f64, 4, config, changed), name).toThrow(
        expect.objectContaining({ code: 'MODEL_CORRUPT' }),
      );
    }
    model.dispose();
    expect(f64.liveBytes).toBe(0);
  });
});

describe('decay', () => {
  const histories = ordered([[3, 0, 2], [1], []], 4, [[1, 2, 3], [5], []]);

  it('multiplies by gamma for every step back, the values kept', () => {
    // Entries stand in the order of items: 0, 2, 3.
    expect([...decayed(histories, 0.5, 'x').values!]).toEqual([2 * 0.5, 3, 0.25, 5]);
    expect([...decayed(histories, 0, 'x').values!]).toEqual([0, 3, 0, 5]);
    expect(decayed(histories, 1, 'x')).toBe(histories);
    const { values: _, ...plain } = histories;
    expect([...decayed(plain, 0.5, 'x').values!]).toEqual([0.5, 1, 0.25, 1]);
  });

  it('needs an order, and says so', () => {
    const bare = csrFromRows([[0, 1]], 4);
    expect(decayed(bare, 1, 'ease')).toBe(bare);
    expect(() => decayed(bare, 0.9, 'ease')).toThrow(
      expect.objectContaining({
        code: 'COLUMN_MISSING',
        message: expect.stringContaining('ease with decay'),
      }),
    );
  });

  const models: [string, ModelOptions][] = [
    ['ease', { l2: 5 }],
    ['itemknn', {}],
    ['linear', { zeroDiagonal: true }],
    ['mlp', { hidden: [4] }],
    ['dae', { hidden: [4] }],
    ['vae', { hidden: [4], latent: 3 }],
  ];

  it.each(models)('changes what %s sees of a history, and not what 1 leaves', async (name, config) => {
    const train = ordered(
      [
        [0, 1, 2],
        [2, 3],
        [3, 1, 0],
        [1, 2, 3],
      ],
      4,
    );
    const inputs = async (decay: number | undefined) => {
      const options = { ...config, ...(decay !== undefined && { decay }) } as ModelOptions;
      const model = await fitModel(name, f64, { train, config: options, seed: 1 });
      const values = model.inputValues(train);
      model.dispose();
      return values && [...values];
    };
    expect(await inputs(1)).toEqual(await inputs(undefined));
    const half = (await inputs(0.5))!;
    // Row 0: items 0, 1, 2 in this order.
    expect(half[1] / half[2]).toBeCloseTo(0.5, 6);
    expect(half[0] / half[2]).toBeCloseTo(0.25, 6);
    await expect(inputs(1.5)).rejects.toMatchObject({ code: 'CONFIG', message: /decay/ });
    expect(f64.liveBytes).toBe(0);
  });
});
