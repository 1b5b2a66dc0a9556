import { describe, expect, it } from 'vitest';
import { randomUniform } from '../../src/backend/random.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { type Csr, csrFromRows } from '../../src/data/csr.js';
import type { FeatureGroup } from '../../src/data/features.js';
import { Vocabulary } from '../../src/data/vocabulary.js';
import { attributeTerms } from '../../src/explain/attributes.js';
import { additive } from '../../src/explain/contributions.js';
import { importance } from '../../src/explain/importance.js';
import { Recommender } from '../../src/recommend/recommender.js';
import type { Manifest } from '../../src/store/modelFile.js';
import { askedFor, featuresOf, ITEMS, recommenderOf } from './recommenders.js';

const f64 = createCpuBackend({ precision: 'f64' });
const GROUPS: readonly FeatureGroup[] = [
  { name: 'genre', kind: 'category', width: 4, values: ['sf', 'war', 'love', 'art'] },
  { name: 'new, sold', kind: 'flag', width: 2, values: ['new', 'sold'] },
  { name: 'price', kind: 'number', width: 1 },
  { name: 'title', kind: 'text', width: 3 },
];

/** The same recommender with some users and what its features are. */
async function withUsers(model: string, config = {}, manifest: object = {}): Promise<Recommender> {
  const made = await recommenderOf(f64, model, config);
  const rows = Array.from({ length: 8 }, (_, user) => [user, 9 + user, 20 + 2 * user]);
  return new Recommender(f64, made.model, {
    ...made.parts,
    users: new Vocabulary(rows.map((_, user) => `u${user}`)),
    histories: csrFromRows(rows, ITEMS),
    manifest: manifest as Manifest,
  });
}
const content = () => withUsers('content', { factors: 5, features: featuresOf(10) }, { features: GROUPS });

describe('of a content model', () => {
  it('the terms of all columns add up to the score less that of nobody, for random histories', async () => {
    const recommender = await content();
    const { names, of } = attributeTerms(recommender, undefined)!;
    const { model, backend } = recommender;
    for (let seed = 0; seed < 100; seed++) {
      const { history: ids, item: asked } = askedFor(seed, 1 + (seed % 40));
      const history = csrFromRows([ids.map((id) => recommender.indexOf(id))], ITEMS);
      const item = recommender.indexOf(asked);
      const { score, baseline, contributions } = await additive({ backend, model }, history, item);
      const terms = await of(history, item, contributions);
      // Flags have no column of their own.
      const isWhole = (name: number) => names[name].value === undefined;
      const sum = [...terms].reduce((total, [name, term]) => total + (isWhole(name) ? term : 0), 0);
      expect(Math.abs(score - baseline - sum)).toBeLessThan(1e-5);
      const genres = [...terms].filter(([name]) => names[name].attribute === 'genre');
      const whole = genres.find(([name]) => isWhole(name))?.[1] ?? 0;
      const parts = genres.reduce((total, [name, term]) => total + (isWhole(name) ? 0 : term), 0);
      expect(Math.abs(whole - parts)).toBeLessThan(1e-9);
    }
    recommender.dispose();
  });

  it('are means over the histories that have an attribute, the largest sums first', async () => {
    const recommender = await content();
    const { attributes, users } = await importance(recommender, { attributes: 100 });
    expect(users).toBe(8);
    expect(new Set(attributes.map(({ attribute }) => attribute))).toEqual(
      new Set(['genre', 'new', 'sold', 'price', 'title']),
    );
    const sums = attributes.map(({ histories, meanAbsolute }) => histories * meanAbsolute);
    expect(sums).toEqual([...sums].sort((a, b) => b - a));
    for (const { histories, meanAbsolute, mean } of attributes) {
      expect(histories).toBeLessThanOrEqual(users);
      expect(Math.abs(mean)).toBeLessThanOrEqual(meanAbsolute + 1e-12);
    }
    expect((await importance(recommender, { attributes: 3 })).attributes).toEqual(attributes.slice(0, 3));
    recommender.dispose();
  });

  it('are not told from a file whose words for the features do not fit them', async () => {
    const features = GROUPS.slice(1);
    const recommender = await withUsers('content', { factors: 5, features: featuresOf(10) }, { features });
    expect((await importance(recommender)).attributes).toEqual([]);
    recommender.dispose();
  });
});

describe('of other models', () => {
  it('contributions of items that share a value are added up, by hand', async () => {
    const recommender = await withUsers('ease', { l2: 20 });
    const { model, backend } = recommender;
    const names = [{ attribute: 'genre', value: 'sf' }, { attribute: 'new' }];
    const ofItem = Array.from({ length: ITEMS }, (_, item) => [
      ...(item % 3 === 0 ? [0] : []),
      ...(randomUniform(3, 0, 0, item) < 0.5 ? [1] : []),
    ]);
    const found = await importance(recommender, { known: { names, ofItem } });
    const expected = [0, 1].map(() => [] as number[]);
    for (let user = 0; user < 8; user++) {
      const { items } = await recommender.recommend({ user: `u${user}` }, { k: 1 });
      const history: Csr = recommender.matrixOf([recommender.historyOf({ user: `u${user}` })]);
      const { contributions } = await additive(
        { backend, model },
        history,
        recommender.indexOf(items[0].item),
      );
      for (const name of [0, 1]) {
        const mine = [...history.indices.keys()].filter((p) => ofItem[history.indices[p]].includes(name));
        if (mine.length > 0) expected[name].push(mine.reduce((sum, p) => sum + contributions[p], 0));
      }
    }
    for (const name of [0, 1]) {
      const { histories, mean, meanAbsolute } = found.attributes.find(
        ({ attribute }) => attribute === names[name].attribute,
      )!;
      const n = expected[name].length;
      expect(histories).toBe(n);
      expect(mean).toBeCloseTo(expected[name].reduce((sum, x) => sum + x, 0) / n, 9);
      expect(meanAbsolute).toBeCloseTo(expected[name].reduce((sum, x) => sum + Math.abs(x), 0) / n, 9);
    }
    expect((await importance(recommender)).attributes).toEqual([]);
    recommender.dispose();
  });

  it('says when nobody is there to look at', async () => {
    const nobody = await recommenderOf(f64, 'ease', { l2: 20 });
    await expect(importance(nobody)).rejects.toMatchObject({ code: 'NO_HISTORY' });
  });
});
