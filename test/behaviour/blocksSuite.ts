import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { NO_ITEM } from '../../src/backend/ops.js';
import { randomOrder } from '../../src/backend/random.js';
import { readStored } from '../../src/backend/stored.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows, rowIndices } from '../../src/data/csr.js';
import type { Interactions } from '../../src/data/interactions.js';
import { Vocabulary } from '../../src/data/vocabulary.js';
import { evaluate } from '../../src/evaluate/evaluate.js';
import { Ranker } from '../../src/evaluate/ranker.js';
import { topLists } from '../../src/evaluate/topLists.js';
import type { EpochEvent } from '../../src/events.js';
import type { NetworkConfig } from '../../src/model/config.js';
import { type FitOptions, fit } from '../../src/recommend/fit.js';
import { Recommender } from '../../src/recommend/recommender.js';
import { decodeModel, encodeModel } from '../../src/store/modelFile.js';
import type { Checkpoint } from '../../src/train/checkpoint.js';
import { allScores } from './allScores.js';
import { inputGradients } from './inputGradients.js';

/** What one tensor may take at most in this suite: 128 items of 16 numbers, or as many scores of 16 users. */
export const BLOCK_LIMIT = 128 * 16 * 4;

/** Users with a taste for every fifth item, and some of everything. */
export function tastes(users = 50, items = 300): Interactions {
  const rows = Array.from({ length: users }, (_, u) => {
    const order = randomOrder(items, 77, 2, u);
    const own = order.filter((i) => i % 5 === u % 5).slice(0, 11);
    return [...new Set([...own, ...order.slice(0, 3)])];
  });
  return {
    users: new Vocabulary(rows.map((_, u) => `u${u}`)),
    items: new Vocabulary(Array.from({ length: items }, (_, i) => `i${i}`)),
    matrix: csrFromRows(rows, items),
  };
}

const NETWORKS: readonly Partial<NetworkConfig>[] = [
  { hidden: [16, 8], loss: 'multinomial', output: 'softmax', dropout: 0.4 },
  { hidden: [12], activation: 'gelu', loss: 'multinomial', output: 'softmax', targets: 'sum', dropout: 0 },
  { hidden: [16, 16], dropout: 0.3 },
  { hidden: [8, 16], activation: 'tanh', loss: 'weightedMse', negativeWeight: 0.2, reduction: 'mean' },
  { hidden: [16], activation: 'sigmoid', loss: 'bce', output: 'sigmoid', normalise: 'none' },
  {
    hidden: [8, 8],
    loss: 'multinomial',
    output: 'softmax',
    softmax: 'sampled',
    softmaxSamples: 40,
    activation: 'tanh',
  },
];
const SAMPLED = NETWORKS[5];

/** Networks whose items lie in three blocks do what those in one piece do. */
export function blocksSuite(title: string, open: () => Promise<Backend>): void {
  describe(title, () => {
    let backend: Backend;
    const whole = createCpuBackend();
    const log = tastes();
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend?.dispose());

    const run = async (on: Backend, network: Partial<NetworkConfig>, options: Partial<FitOptions> = {}) => {
      const epochs: EpochEvent[] = [];
      const train = {
        epochs: 5,
        batch: network === SAMPLED ? 8 : 16,
        learningRate: 0.01,
        l2: 1e-4,
        seed: 3,
        patience: 20,
      };
      const made = await fit(on, log, {
        model: 'mlp',
        network,
        train,
        onEvent: (event) => event.event === 'epoch' && epochs.push(event),
        ...options,
      });
      return { ...made, epochs };
    };
    const weights = async (recommender: Recommender) =>
      Object.fromEntries(
        [...(await recommender.contents()).tensors].map(([name, { values }]) => [name, [...values]]),
      );

    it.each(NETWORKS)('trains as in one piece: %o', async (network) => {
      const liveBefore = backend.liveBytes;
      const expected = await run(whole, network);
      const found = await run(backend, network);
      expect(found.recommender.model.blocks).toHaveLength(network === SAMPLED ? 2 : 3);
      expected.epochs.forEach(({ loss }, epoch) => {
        expect(Math.abs(found.epochs[epoch].loss / loss - 1)).toBeLessThan(2e-5);
      });
      const [trained, alike] = [await weights(found.recommender), await weights(expected.recommender)];
      for (const [name, values] of Object.entries(alike)) {
        const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(x - trained[name][i])), 0);
        expect(worst, name).toBeLessThan(1e-4);
      }
      found.recommender.dispose();
      expected.recommender.dispose();
      expect(backend.liveBytes).toBe(liveBefore);
    });

    it('ranks as in one piece, loads what was saved in one piece, and saves the same bytes', async () => {
      const expected = await run(whole, NETWORKS[0]);
      const bytes = await encodeModel(await expected.recommender.contents());
      const liveBefore = backend.liveBytes;
      const loaded = Recommender.load(backend, await decodeModel(bytes));
      expect(loaded.model.blocks).toHaveLength(3);
      expect(await encodeModel(await loaded.contents())).toEqual(bytes);

      const { history, heldOut } = expected.split.test;
      const scores = await allScores(backend, loaded.model, history);
      const alike = await allScores(whole, expected.recommender.model, history);
      scores.forEach((row, user) => {
        row.forEach((score, item) => {
          expect(Math.abs(score - alike[user][item])).toBeLessThan(1e-5);
        });
      });

      // What is found block by block is what the scores say, to the last tie.
      const unseen = scores.map((row, user) => {
        const seen = new Set(rowIndices(history, user));
        return Array.from(row.keys()).filter((item) => !seen.has(item));
      });
      for (const k of [1, 10, 200, loaded.model.items]) {
        const lists = await topLists(backend, loaded.model, { histories: history, k });
        unseen.forEach((items, user) => {
          const row = scores[user];
          const best = [...items].sort((a, b) => row[b] - row[a] || a - b).slice(0, k);
          const found = Array.from(lists.items.subarray(user * k, (user + 1) * k)).filter(
            (i) => i !== NO_ITEM,
          );
          expect(found).toEqual(best);
        });
      }
      const ranker = new Ranker(backend, loaded.model, expected.split.test);
      const { counts } = await ranker.ranks();
      ranker.dispose();
      unseen.forEach((items, user) => {
        for (let e = heldOut.indptr[user]; e < heldOut.indptr[user + 1]; e++) {
          const item = heldOut.indices[e];
          const score = scores[user][item];
          const others = items.filter((i) => i !== item);
          const tied = others.filter((i) => scores[user][i] === score);
          const above = others.filter((i) => scores[user][i] > score);
          const before = tied.filter((i) => i < item);
          expect(Array.from(counts.subarray(3 * e, 3 * e + 3))).toEqual([
            above.length,
            before.length,
            tied.length,
          ]);
        }
      });

      const only = await loaded.recommend(
        { user: 'u3' },
        { k: 3, include: ['i5', 'i150', 'i298'], withSeen: true },
      );
      expect(only.items.map(({ item }) => item).sort()).toEqual(['i150', 'i298', 'i5']);
      for (const { item, score } of only.items) {
        expect(await loaded.score({ user: 'u3' }, item)).toBe(score);
      }
      const { metrics } = await evaluate(backend, loaded.model, expected.split.test, {
        metrics: ['ndcg@100', 'coverage@10'],
        train: expected.split.train,
      });
      expect(metrics['ndcg@100'].mean).toBeGreaterThan(0);
      loaded.dispose();
      expected.recommender.dispose();
      expect(backend.liveBytes).toBe(liveBefore);
    });

    it('explains as in one piece', async () => {
      const expected = await run(whole, NETWORKS[3]);
      const loaded = Recommender.load(
        backend,
        await decodeModel(await encodeModel(await expected.recommender.contents())),
      );
      const found = await Promise.all(
        [loaded, expected.recommender].map(({ backend: on, model }) =>
          inputGradients(on, model, expected.split.test.history, 170),
        ),
      );
      expect(found[1].some((x) => x !== 0)).toBe(true);
      found[1].forEach((x, i) => {
        expect(Math.abs(found[0][i] - x)).toBeLessThan(1e-5);
      });
      const [weightsOf, alike] = await Promise.all(
        [loaded, expected.recommender].map(({ backend: on, model }) => readStored(on, model.unitWeights!)),
      );
      expect(Array.from(weightsOf)).toEqual(Array.from(alike));
      loaded.dispose();
      expected.recommender.dispose();
    });

    it.each([NETWORKS[0], SAMPLED])(
      'the same seed gives the same bytes, and a resumed training ends there, too: %o',
      async (network) => {
        const [once, again] = [await run(backend, network), await run(backend, network)];
        expect(await weights(again.recommender)).toEqual(await weights(once.recommender));
        let checkpoint: Checkpoint | undefined;
        const stopped = await run(backend, network, {
          onEpochEnd: async (take) => {
            checkpoint ??= await take();
          },
        });
        expect(checkpoint?.tensors.get('optimiser.W1.moment1')?.shape).toEqual([
          once.recommender.model.items,
          network.hidden![0],
        ]);
        const resumed = await run(backend, network, { resume: checkpoint });
        expect(resumed.epochs).toHaveLength(4);
        expect(await weights(resumed.recommender)).toEqual(await weights(once.recommender));
        for (const { recommender } of [once, again, stopped, resumed]) recommender.dispose();
      },
    );

    it('LIMIT_EXCEEDED, before anything is allocated, for a loss that needs all items at once', async () => {
      const liveBefore = backend.liveBytes;
      const refused = run(backend, { hidden: [16], output: 'softmax' });
      await expect(refused).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
      await expect(refused).rejects.toThrow(/\d+ items take 3 tensors/);
      expect(backend.liveBytes).toBe(liveBefore);
    });

    it('LIMIT_EXCEEDED, with what helps, where a batch or a layer is too large for 64 items', async () => {
      const liveBefore = backend.liveBytes;
      const refused = run(backend, { hidden: [64] });
      await expect(refused).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        remedy: expect.stringMatching(/--hidden/),
      });
      expect(backend.liveBytes).toBe(liveBefore);
    });
  });
}
