import { expect, it } from 'vitest';
import { readStored } from '../../src/backend/stored.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { type Csr, csrFromRows } from '../../src/data/csr.js';
import { fitItemKnn, ITEM_KNN_DEFAULTS, type ItemKnnConfig } from '../../src/model/itemKnn.js';

const backend = createCpuBackend({ precision: 'f64' });

/** items x items, as rows. */
async function table(train: Csr, config: Partial<ItemKnnConfig>): Promise<number[][]> {
  const model = await fitItemKnn(backend, train, { ...ITEM_KNN_DEFAULTS, ...config }, {});
  const weights = Array.from(await readStored(backend, model.tensors.get('weights')!));
  model.dispose();
  expect(backend.liveBytes).toBe(0);
  return Array.from({ length: train.columns }, (_, i) =>
    weights.slice(i * train.columns, (i + 1) * train.columns),
  );
}

// Users of the items: 0: a b c, 1: a b, 2: b c d, 3: d. Lengths: sqrt 3, sqrt 2, sqrt 3, 1.
const users = csrFromRows(
  [
    [0, 1],
    [0, 1, 2],
    [0, 2],
    [2, 3],
  ],
  4,
);
const close = (found: number[][], expected: number[][]) =>
  found.forEach((row, i) => {
    row.forEach((x, j) => {
      expect(x, `${i}, ${j}`).toBeCloseTo(expected[i][j], 6);
    });
  });
const [root3, root6] = [Math.sqrt(3), Math.sqrt(6)];

it('is the cosine of the columns, itself left out', async () => {
  close(await table(users, {}), [
    [0, 2 / root6, 2 / 3, 0],
    [2 / root6, 0, 1 / root6, 0],
    [2 / 3, 1 / root6, 0, 1 / root3],
    [0, 0, 1 / root3, 0],
  ]);
});

it('keeps the nearest of each column, and holds rare ones back by the shrinkage', async () => {
  // Of items 1 and 3 with item 2: 1 / sqrt 6 = .408, 1 / sqrt 3 = .577; with shrinkage 2 item 0 is nearest to all.
  close(await table(users, { neighbours: 1 }), [
    [0, 2 / root6, 2 / 3, 0],
    [2 / root6, 0, 0, 0],
    [0, 0, 0, 1 / root3],
    [0, 0, 0, 0],
  ]);
  close(await table(users, { neighbours: 2, shrink: 2 }), [
    [0, 2 / (root6 + 2), 2 / 5, 0],
    [2 / (root6 + 2), 0, 0, 0],
    [2 / 5, 1 / (root6 + 2), 0, 1 / (root3 + 2)],
    [0, 0, 1 / (root3 + 2), 0],
  ]);
});

it('gives ties to the lower index', async () => {
  const all = csrFromRows([[0, 1, 2, 3]], 4);
  close(await table(all, { neighbours: 2 }), [
    [0, 1, 1, 1],
    [1, 0, 1, 1],
    [1, 1, 0, 0],
    [0, 0, 0, 0],
  ]);
});

it('bm25: long histories count less', async () => {
  // Item 0 and 1 meet in a short history, item 0 and 2 in a long one; plain cosines are the same.
  const train = csrFromRows([[0, 1], [0, 2, 3, 4, 5, 6, 7, 8], [1], [2], [9]], 10);
  const plain = await table(train, {});
  expect(plain[0][1]).toBeCloseTo(plain[0][2], 6);
  const weighted = await table(train, { weighting: 'bm25' });
  expect(weighted[0][1]).toBeGreaterThan(weighted[0][2] * 1.2);
  // By hand: mean length 13 / 5; x = 2.2 / (1 + 1.2 (.25 + .75 n / 2.6)), idf cancels in a cosine.
  const x = (n: number) => 2.2 / (1 + 1.2 * (0.25 + (0.75 * n) / 2.6));
  const length = (...ns: number[]) => Math.hypot(...ns.map(x));
  expect(weighted[0][1]).toBeCloseTo(x(2) ** 2 / (length(2, 8) * length(2, 1)), 6);
});
