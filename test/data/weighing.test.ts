import { afterAll, describe, expect, it } from 'vitest';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { sampleLog } from '../../src/data/sample.js';
import { heldOutUsers } from '../../src/data/split.js';
import { weighed, weighedSplit, weighingOf } from '../../src/data/weighing.js';
import { evaluate } from '../../src/evaluate/evaluate.js';
import { fit } from '../../src/recommend/fit.js';
import { Recommender } from '../../src/recommend/recommender.js';
import { decodeModel, encodeModel } from '../../src/store/modelFile.js';
import { errorOf, interactionsOf } from './helpers.js';

// Three users; items 0, 1, 2 have 3, 1, 0 users; lengths 1, 4, 1.
const train = csrFromRows([[0], [0, 1], [0]], 3, [[1], [1, 3], [1]]);

describe('weights by what is trained on', () => {
  it('tfidf, worked by hand', () => {
    const weighing = weighingOf(train, 'tfidf');
    const idf = [Math.log(4 / 4) + 1, Math.log(4 / 2) + 1, Math.log(4 / 1) + 1];
    expect([...weighing.idf]).toEqual(idf.map(Math.fround));
    expect([...weighed(train, weighing).values!]).toEqual(
      [idf[0], idf[0], 3 * Math.fround(idf[1]), idf[0]].map(Math.fround),
    );
  });

  it('bm25, worked by hand', () => {
    const weighing = weighingOf(train, 'bm25');
    expect(weighing.meanLength).toBe(2);
    const idf = (n: number) => Math.log(1 + (3 - n + 0.5) / (n + 0.5));
    [3, 1, 0].forEach((n, item) => {
      expect(weighing.idf[item]).toBeCloseTo(idf(n), 6);
    });
    const weight = (tf: number, length: number, n: number) =>
      (idf(n) * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * length) / 2));
    const values = weighed(train, weighing).values!;
    [weight(1, 1, 3), weight(1, 4, 3), weight(3, 4, 1), weight(1, 1, 3)].forEach((wanted, e) => {
      expect(values[e]).toBeCloseTo(wanted, 6);
    });
  });

  it('know the training part only: what others have changes nothing', () => {
    const { rows } = sampleLog({ users: 100, items: 40 });
    const interactions = interactionsOf(rows, { weight: 'tfidf' });
    const split = heldOutUsers(interactions);
    const { idf } = weighingOf(split.train, 'tfidf');
    const others = { ...split, test: { ...split.test, history: split.test.heldOut } };
    expect(weighingOf(others.train, 'tfidf').idf).toEqual(idf);
    const whole = weighingOf(interactions.matrix, 'tfidf').idf;
    expect(Array.from(split.itemIndices, (item) => whole[item])).not.toEqual([...idf]);
    const done = weighedSplit(split, weighingOf(split.train, 'tfidf'));
    const e = 5;
    expect(done.test.history.values![e]).toBe(idf[split.test.history.indices[e]]);
    expect(done.test.heldOut).toBe(split.test.heldOut);
  });
});

describe('a model of weighed histories', () => {
  const backend = createCpuBackend();
  afterAll(() => backend.dispose());

  it.each(['tfidf', 'bm25'] as const)('%s weighs whoever asks, also after it was saved', async (weight) => {
    const { rows } = sampleLog({ users: 100, items: 40 });
    const interactions = interactionsOf(rows, { weight });
    const split = heldOutUsers(interactions);
    const options = { model: 'itemknn', split, metrics: ['ndcg@10'] };
    const { recommender, test } = await fit(backend, interactions, options);
    const saved = await decodeModel(await encodeModel(await recommender.contents()));
    const loaded = Recommender.load(backend, saved);
    try {
      const again = await evaluate(backend, loaded.model, loaded.asSeen(split.test), {
        metrics: ['ndcg@10'],
      });
      expect(again.metrics).toEqual(test!.model.metrics);
      // A user of the log, by name and by what they had.
      const user = interactions.users.ids[0];
      const { known } = recommender.historyOf({ user });
      const history = known.map((item) => recommender.parts.items.ids[item]);
      for (const from of [recommender, loaded]) {
        expect((await from.recommend({ history })).items).toEqual((await from.recommend({ user })).items);
      }
      const { tensors, ...rest } = saved;
      const without = { ...rest, tensors: new Map([...tensors].filter(([name]) => name !== 'weighing.idf')) };
      await errorOf(() => Recommender.load(backend, without), 'MODEL_CORRUPT');
    } finally {
      recommender.dispose();
      loaded.dispose();
    }
  });
});
