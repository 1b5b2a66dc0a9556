import { afterAll, describe, expect, it } from 'vitest';
import { randomUniform } from '../../src/backend/random.js';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import type { Interactions } from '../../src/data/interactions.js';
import { heldOutUsers } from '../../src/data/split.js';
import { Vocabulary } from '../../src/data/vocabulary.js';
import { firstOf, withGroupPrior } from '../../src/groups/prior.js';
import { Popular } from '../../src/model/baselines.js';
import { Grouped, groupTastes } from '../../src/model/grouped.js';
import { fitModel } from '../../src/model/registry.js';
import { worst } from '../model/dense.js';

const backend = createCpuBackend({ precision: 'f64' });
afterAll(() => backend.dispose());

/** Users of three tastes, each of ten items of their own, and now and then another. */
function threeTastes(users = 240, items = 30): Interactions {
  const rows = Array.from({ length: users }, (_, u) =>
    Array.from({ length: items }, (_, i) => i).filter(
      (i) => randomUniform(8, 0, u, i) < (Math.floor(i / 10) === u % 3 ? 0.5 : 0.03),
    ),
  ).map((row, u) =>
    row.length > 2 ? row : [...new Set([...row, 10 * (u % 3), 10 * (u % 3) + 1, 10 * (u % 3) + 2])],
  );
  return {
    users: new Vocabulary(rows.map((_, u) => `u${u}`)),
    items: new Vocabulary(Array.from({ length: items }, (_, i) => `i${i}`)),
    matrix: csrFromRows(rows, items),
  };
}

describe('tastes of groups', () => {
  it('are shares of a group with some of all users, and what an item says of the group', () => {
    // Group 0 has items 0 and 1, group 1 item 2; item 3 nobody.
    const histories = csrFromRows([[0, 1], [0], [2]], 4);
    const { shares, ratios, preferences } = groupTastes(histories, [0, 0, 1], 2, 4);
    expect([...shares].map(Math.exp)).toEqual([expect.closeTo(2 / 3, 6), expect.closeTo(1 / 3, 6)]);
    // (2 + 4 * 2/4) / (3 + 4) and so on.
    const expected = [4 / 7, 2 / 7, 1 / 7, 0, 2 / 5, 1 / 5, 2 / 5, 0];
    expect(worst(preferences, expected)).toBeLessThan(1e-7);
    expect(ratios[0]).toBeCloseTo(Math.log(4 / 7 / 0.5), 6);
    expect(ratios[5]).toBeCloseTo(Math.log(2 / 5 / 0.25), 6);
    expect([ratios[6], ratios[7]]).toEqual([0, 0]);
  });
});

it('the score is n / (n + c) of the model and the rest of the groups, each in standard deviations', async () => {
  const { matrix } = threeTastes(60);
  const assigned = Array.from({ length: 60 }, (_, u) => u % 3);
  const tastes = groupTastes(matrix, assigned, 3);
  const ease = await fitModel('ease', backend, { train: matrix, config: { l2: 20 }, seed: 1 });
  const asked = csrFromRows([[], [4], [1, 12, 13], Array.from({ length: 30 }, (_, i) => i)], 30);
  const input = uploadRows(backend, asked);
  const rows = consecutive(backend, 4);
  const scores = backend.zeros('f32', [5, 30]);
  ease.score(input, { rows, first: 0, count: 4, consecutive: true }, scores);
  const plain = await backend.read(scores);
  const model = new Grouped(backend, ease, 2, tastes);
  model.score(input, { rows, first: 0, count: 4, consecutive: true }, scores);
  const found = await backend.read(scores);
  const z = (row: number[]) => {
    const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
    const sd = Math.sqrt(row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length);
    return row.map((x) => (sd > 0 ? (x - mean) / sd : 0));
  };
  for (let u = 0; u < 4; u++) {
    const history = Array.from(asked.indices.subarray(asked.indptr[u], asked.indptr[u + 1]));
    const n = history.length;
    const likely = [0, 1, 2].map((g) =>
      Math.exp(
        tastes.shares[g] +
          history.reduce((sum, i) => sum + Math.min(1, 10 / n) * tastes.ratios[3 * i + g], 0),
      ),
    );
    const taste = Array.from({ length: 30 }, (_, i) =>
      likely.reduce((sum, p, g) => sum + p * tastes.preferences[30 * g + i], 0),
    );
    const trust = n > 0 ? n / (n + 2) : 0;
    const base = z(Array.from(plain.subarray(30 * u, 30 * u + 30)));
    const expected = z(taste).map((t, i) => trust * base[i] + (1 - trust) * t);
    expect(worst(found.subarray(30 * u, 30 * u + 30), expected), `user ${u}`).toBeLessThan(1e-6);
  }
  for (const made of [input, rows, scores]) made.free();
  model.dispose();
  expect(backend.liveBytes).toBe(0);
});

it('helps a model that says little of short histories', async () => {
  const split = heldOutUsers(threeTastes(), { seed: 2, validation: 0.3 });
  // Of one item it knows one neighbour.
  const base = await fitModel('itemknn', backend, { train: split.train, config: { neighbours: 1 }, seed: 1 });
  const { model, report } = await withGroupPrior(backend, base, split, { groups: 3, seed: 1 });
  expect(report.groups).toBe(3);
  expect(report.prior).toBeGreaterThan(0);
  const [without] = report.found;
  const chosen = report.found.find(({ prior }) => prior === report.prior)!;
  expect(without.prior).toBe(0);
  expect(Object.keys(chosen.figures)).toEqual(['1', '3', '10', 'all']);
  const mean = (figures: Readonly<Record<string, number>>) =>
    Object.values(figures).reduce((sum, x) => sum + x, 0) / 4;
  for (const { figures } of report.found) expect(mean(chosen.figures)).toBeGreaterThanOrEqual(mean(figures));
  model.dispose();
  expect(backend.liveBytes).toBe(0);
});

it('shows the first items where their order is known', () => {
  const ordered = csrFromRows([[5, 2, 9], [1]], 10, undefined, { inOrder: true });
  expect([...firstOf(ordered, 2, 1).indices]).toEqual([2, 5, 1]);
  const any = firstOf(csrFromRows([[2, 5, 9], []], 10), 2, 1);
  expect([...any.indptr]).toEqual([0, 2, 2]);
});

it.each([
  ['CONFIG', { groups: 0 }, 0.1],
  ['CONFIG', { groups: 1000 }, 0.1],
  ['SPLIT_EMPTY', {}, 0],
] as const)('%s where it makes no sense: %o, validation %d', async (code, options, validation) => {
  const split = heldOutUsers(threeTastes(60), { validation });
  const popular = Popular.fit(backend, split.train);
  await expect(withGroupPrior(backend, popular, split, options)).rejects.toMatchObject({ code });
  popular.dispose();
  expect(backend.liveBytes).toBe(0);
});
