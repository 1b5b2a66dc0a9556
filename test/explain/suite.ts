import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { randomUniform } from '../../src/backend/random.js';
import { counterfactual } from '../../src/explain/counterfactual.js';
import { explain } from '../../src/explain/explain.js';
import type { ModelOptions } from '../../src/model/registry.js';
import type { Recommender } from '../../src/recommend/recommender.js';
import { askedFor, featuresOf, recommenderOf } from './recommenders.js';

const ADDITIVE: readonly [string, ModelOptions][] = [
  ['ease', { l2: 20 }],
  ['itemknn', { neighbours: 20 }],
  ['linear', { zeroDiagonal: false }],
  ['content', { factors: 8, features: featuresOf(12) }],
];
const NETWORKS: readonly ModelOptions[] = [
  { hidden: [32, 16], activation: 'relu', dropout: 0.5 },
  { hidden: [16], activation: 'tanh', normalise: 'none' },
  { hidden: [16, 8], activation: 'gelu', output: 'softmax', loss: 'multinomial' },
];
/** Models that integrated gradients explain, from their first weights, or weights of that size. */
const SMOOTH: readonly [string, ModelOptions][] = [
  ...NETWORKS.map((config): [string, ModelOptions] => ['mlp', config]),
  ['vae', { hidden: [24], latent: 8 }],
  ['vae', { hidden: [24], latent: 8, normalise: 'none', activation: 'relu' }],
  ['gru', { hidden: 12 }],
  ['gru', { hidden: 8, embedding: 6, tied: false, window: 10 }],
  ['gru', { hidden: 8, embedding: 6, tied: false, softmax: 'sampled', softmaxSamples: 20 }],
];

/** Of a score and of contributions that integrated gradients promise to add up to it. */
export function completeness(open: () => Backend): void {
  it.each(SMOOTH)(
    '%s %o: integrated gradients explain all of the score but a hundredth',
    async (model, config) => {
      const backend = open();
      const liveBefore = backend.liveBytes;
      const recommender = await recommenderOf(backend, model, config);
      for (let seed = 0; seed < 20; seed++) {
        const { history, item } = askedFor(seed, 1 + 2 * seed);
        const { score, baseline, contributions, remainder } = await explain(recommender, { history }, item, {
          method: 'integratedGradients',
        });
        expect(score).toBeCloseTo(await recommender.score({ history }, item), 5);
        expect(contributions.some(({ contribution }) => contribution !== 0)).toBe(true);
        expect(Math.abs(score - baseline)).toBeGreaterThan(0);
        expect(Math.abs(remainder)).toBeLessThanOrEqual(0.01 * Math.abs(score - baseline));
      }
      recommender.dispose();
      expect(backend.liveBytes).toBe(liveBefore);
    },
  );
}

const sum = (numbers: Iterable<number>): number => Array.from(numbers).reduce((total, x) => total + x, 0);

/** What holds on every backend. */
export function explainSuite(title: string, open: () => Promise<Backend>): void {
  describe(title, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend?.dispose());

    async function withModel(
      model: string,
      config: ModelOptions,
      work: (recommender: Recommender) => Promise<void>,
    ): Promise<void> {
      const liveBefore = backend.liveBytes;
      const recommender = await recommenderOf(backend, model, config);
      await work(recommender);
      recommender.dispose();
      expect(backend.liveBytes).toBe(liveBefore);
    }

    it.each(ADDITIVE)('%s: terms add up to the score, for 1,000 random histories', (model, config) =>
      withModel(model, config, async (recommender) => {
        for (let seed = 0; seed < 1000; seed++) {
          const length = 1 + Math.floor(40 * randomUniform(9, 1, 1, seed));
          const { history, item } = askedFor(seed, length);
          const { score, baseline, contributions, remainder, method } = await explain(
            recommender,
            { history },
            item,
          );
          expect(method).toBe('additive');
          expect(contributions.length).toBe(length);
          const explained = baseline + sum(contributions.map(({ contribution }) => contribution));
          expect(Math.abs(score - explained)).toBeLessThan(1e-5);
          expect(Math.abs(remainder)).toBeLessThan(1e-5);
          if (seed < 5) expect(score).toBeCloseTo(await recommender.score({ history }, item), 6);
        }
      }),
    );

    it.each(NETWORKS)('%o: leave-one-out is the score with less the score without', (config) =>
      withModel('mlp', config, async (recommender) => {
        const { history, item } = askedFor(3, 12);
        const { score, contributions, method } = await explain(recommender, { history }, item);
        expect(method).toBe('leaveOneOut');
        expect(score).toBeCloseTo(await recommender.score({ history }, item), 6);
        for (const { item: left, contribution } of contributions) {
          const without = await recommender.score({ history: history.filter((id) => id !== left) }, item);
          expect(contribution).toBeCloseTo(score - without, 5);
        }
      }),
    );

    completeness(() => backend);

    it('LIME finds the terms of an additive model, and says so', () =>
      withModel('ease', { l2: 20 }, async (recommender) => {
        const { history, item } = askedFor(4, 10);
        const exact = await explain(recommender, { history }, item);
        const local = await explain(recommender, { history }, item, { method: 'lime' });
        expect(local.fit).toBeGreaterThan(0.99);
        const found = new Map(local.contributions.map((one) => [one.item, one.contribution]));
        const largest = Math.max(...exact.contributions.map(({ contribution }) => Math.abs(contribution)));
        for (const { item: of, contribution } of exact.contributions) {
          // The ridge draws all coefficients a little towards 0.
          expect(Math.abs(found.get(of)! - contribution)).toBeLessThan(0.15 * largest);
        }
        expect(await explain(recommender, { history }, item, { method: 'lime' })).toEqual(local);
        const other = await explain(recommender, { history }, item, { method: 'lime', seed: 2 });
        expect(other.contributions).not.toEqual(local.contributions);
      }));

    it.each([
      ['ease', { l2: 20 }],
      ['mlp', { hidden: [32, 16] }],
    ] as const)('%s: a counterfactual set is enough, and none of it is idle', (model, config) =>
      withModel(model, config, async (recommender) => {
        for (let seed = 0; seed < 8; seed++) {
          const { history } = askedFor(seed, 10);
          const k = 3;
          const [{ items }] = await recommender.recommendMany([{ history }], { k });
          const asked = items[seed % k].item;
          const { removed, found } = await counterfactual(recommender, { history }, asked, { k });
          if (!found) continue;
          const isListed = async (without: readonly string[]) => {
            const rest = history.filter((id) => !without.includes(id));
            if (rest.length === 0) return undefined;
            const list = await recommender.recommend({ history: rest }, { k, exclude: history });
            return list.items.some(({ item }) => item === asked);
          };
          const ids = removed.map(({ item }) => item);
          expect(await isListed(ids)).not.toBe(true);
          for (const id of ids) expect(await isListed(ids.filter((other) => other !== id))).toBe(true);
        }
      }),
    );
  });
}
