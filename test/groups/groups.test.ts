import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { createBackend } from '../../src/createBackend.js';
import { clean } from '../../src/data/clean.js';
import { readLog } from '../../src/data/readLog.js';
import { sampleCsv, sampleLog } from '../../src/data/sample.js';
import { memorySource } from '../../src/data/source.js';
import { groups } from '../../src/groups/groups.js';
import { fit } from '../../src/recommend/fit.js';
import type { Recommender } from '../../src/recommend/recommender.js';

let backend: Backend;
beforeAll(async () => {
  backend = await createBackend({ device: 'cpu' });
});
afterAll(() => backend?.dispose());

const log = sampleLog({ users: 600, items: 200 });
const planted = new Map(log.users.map(({ user, group }) => [user, group]));

async function trained(model: string, train = {}): Promise<Recommender> {
  const { rows } = await readLog([memorySource('log.csv', sampleCsv(log).log)]);
  const { interactions } = clean(rows);
  return (await fit(backend, interactions, { model, train })).recommender;
}

/** Adjusted Rand index (Hubert & Arabie 1985) of two assignments: 1 the same groups, 0 chance. */
function adjustedRand(a: readonly unknown[], b: readonly unknown[]): number {
  const count = (keys: readonly unknown[]) => {
    const counts = new Map<unknown, number>();
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    return [...counts.values()].reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
  };
  const both = count(a.map((x, i) => `${x} ${b[i]}`));
  const [inA, inB] = [count(a), count(b)];
  const chance = (inA * inB) / ((a.length * (a.length - 1)) / 2);
  return (both - chance) / ((inA + inB) / 2 - chance);
}

describe.each([
  ['mlp', { epochs: 20, patience: 0 }],
  ['ease', {}],
] as const)('groups of users by %s', (model, train) => {
  let recommender: Recommender;
  beforeAll(async () => {
    recommender = await trained(model, train);
  });
  afterAll(() => recommender?.dispose());

  it('are the planted ones', async () => {
    const before = backend.liveBytes;
    const found = await groups(recommender, { groups: 6 });
    const users = recommender.parts.users!.ids;
    const truth = users.map((user) => planted.get(user));
    expect(adjustedRand([...found.assigned], truth)).toBeGreaterThanOrEqual(0.8);
    expect(found.groups.reduce((sum, { users }) => sum + users, 0)).toBe(users.length);
    expect(found.groups.map(({ group }) => group)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const { users, share, spread, defining } of found.groups) {
      expect(share).toBeCloseTo(users / recommender.parts.users!.size, 12);
      expect(spread).toBeGreaterThan(0);
      expect(spread).toBeLessThan(1);
      for (const item of defining) expect(item.share).toBeGreaterThan(item.overall);
    }
    found.relations.forEach((row, a) => {
      row.forEach((x, b) => {
        expect(x).toBeCloseTo(found.relations[b][a], 12);
        if (a === b) expect(x).toBeCloseTo(1, 12);
      });
    });
    // Readers of the sample keep to their taste.
    expect(found.flow!.users).toBeGreaterThan(300);
    expect(found.flow!.stay).toBeGreaterThan(0.6);
    for (const row of found.flow!.shares) expect(row.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
    // Not one workspace more than the model keeps anyway.
    await groups(recommender, { groups: 6 });
    const after = backend.liveBytes;
    await groups(recommender, { groups: 6 });
    expect(backend.liveBytes).toBe(after);
    expect(after).toBeGreaterThanOrEqual(before);
  });

  it('are as many as the silhouette says, when nobody asks for a number', async () => {
    const found = await groups(recommender);
    expect(found.chosenBy).toBe('silhouette');
    expect(found.groups.length).toBeGreaterThanOrEqual(2);
    const two = await groups(recommender, { groups: 2 });
    expect(found.silhouette).toBeGreaterThan(two.silhouette - 0.05);
  });
});

it('says what cannot be grouped', async () => {
  const recommender = await trained('popular');
  await expect(groups(recommender, { groups: 1 })).rejects.toMatchObject({ code: 'CONFIG' });
  await expect(groups(recommender, { groups: 1e6 })).rejects.toMatchObject({ code: 'CONFIG' });
  Object.assign(recommender.parts, { histories: undefined });
  await expect(groups(recommender)).rejects.toMatchObject({ code: 'NO_HISTORY' });
  recommender.dispose();
});
