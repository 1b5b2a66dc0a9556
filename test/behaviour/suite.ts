import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { randomOrder } from '../../src/backend/random.js';
import { csrFromRows, rowIndices } from '../../src/data/csr.js';
import type { Interactions } from '../../src/data/interactions.js';
import { rowInOrder } from '../../src/data/order.js';
import { Vocabulary } from '../../src/data/vocabulary.js';
import type { TrainEvent } from '../../src/events.js';
import type { NetworkConfig } from '../../src/model/config.js';
import { type Fit, type FitOptions, fit } from '../../src/recommend/fit.js';
import { Recommender } from '../../src/recommend/recommender.js';
import { decodeModel, encodeModel } from '../../src/store/modelFile.js';
import type { Checkpoint } from '../../src/train/checkpoint.js';
import { MODELS } from './models.js';

/**
 * A checkerboard: even users have the even items but for two, odd users the odd ones. Whatever a personal
 * model recommends first must be of the user's own colour. The order of each user's is random, so that
 * what comes next is of their colour, and no more is known.
 */
export function checkerboard(users = 60, items = 30): Interactions {
  const rows = Array.from({ length: users }, (_, u) => {
    const own = Array.from({ length: items / 2 }, (_, i) => 2 * i + (u % 2));
    const had = own.filter((_, i) => i !== (u >> 1) % own.length && i !== ((u >> 1) + 5) % own.length);
    return Array.from(randomOrder(had.length, u, 0, 0), (place) => had[place]);
  });
  return {
    users: new Vocabulary(rows.map((_, u) => `u${u}`)),
    items: new Vocabulary(Array.from({ length: items }, (_, i) => `i${i}`)),
    matrix: csrFromRows(rows, items, undefined, { inOrder: true }),
  };
}

/** One behaviour suite for every model on a backend. */
export function behaviourSuite(title: string, open: () => Promise<Backend>): void {
  describe(title, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend?.dispose());

    for (const tested of MODELS) {
      const { model, network, personal, inOneGo = false } = tested;
      const train = { batch: 16, seed: 7, patience: 0, ...tested.train };
      const name = [
        tested.finish?.name,
        model,
        ...Object.entries(network ?? {}).map(([key, value]) => `${key} ${value}`),
      ]
        .filter((part) => part !== undefined)
        .join(', ');
      const log = checkerboard();
      const run = (options: Partial<FitOptions> = {}): Promise<Fit> =>
        fit(backend, log, { model, network, train, finish: tested.finish?.of(backend), ...options });

      describe(name, () => {
        // What only a model that looks at the history can do is no test of the others.
        const itPersonal: (title: string, test: () => Promise<void>) => void = personal ? it : () => {};
        const itTrained: typeof itPersonal = personal && !inOneGo ? it : () => {};
        const itInOneGo: typeof itPersonal = inOneGo ? it : () => {};
        let made: Fit;
        let recommender: Recommender;
        beforeAll(async () => {
          made = await run();
          recommender = made.recommender;
        });
        afterAll(() => recommender?.dispose());

        itPersonal('finds the colour of every user, trained on or not', async () => {
          const lists = await recommender.recommendMany(
            log.users.ids.map((user) => ({ user })),
            { k: 2 },
          );
          const wrong = lists.flatMap(({ user, items }) =>
            items.filter(({ item }) => Number(item.slice(1)) % 2 !== Number(user!.slice(1)) % 2),
          );
          expect(wrong).toEqual([]);
        });

        it('never gives what was seen, and gives all the rest when asked for more than there is', async () => {
          for (const [row, user] of ['u0', 'u31', 'u59'].entries()) {
            const { items, shortfall } = await recommender.recommend({ user }, { k: 1000 });
            const index = log.users.indexOf(user)!;
            const seen = Array.from(rowIndices(log.matrix, index), (i) => log.items.ids[i]);
            expect(new Set([...seen, ...items.map(({ item }) => item)]).size, `row ${row}`).toBe(
              log.items.size,
            );
            expect(items).toHaveLength(log.items.size - seen.length);
            expect(shortfall).toBe(1000 - items.length);
          }
        });

        it('answers the same alone and in a batch, by id and by history', async () => {
          const whos = log.users.ids.slice(0, 9).map((user) => ({ user }));
          const many = await recommender.recommendMany(whos, { k: 5 });
          if (model === 'random') return; // Its scores are by place in the batch.
          for (const [place, who] of whos.entries()) {
            expect(await recommender.recommend(who, { k: 5 })).toEqual(many[place]);
            const history = Array.from(rowInOrder(log.matrix, place), (i) => log.items.ids[i]);
            const byHistory = await recommender.recommend({ history }, { k: 5 });
            expect(byHistory.items).toEqual(many[place].items);
          }
        });

        it('keeps to include and exclude lists inside the ranking', async () => {
          const only = await recommender.recommend(
            { user: 'u3' },
            { k: 3, include: ['i0', 'i2', 'nothing'], withSeen: true },
          );
          expect(only.items.map(({ item }) => item).sort()).toEqual(['i0', 'i2']);
          expect(only.unknownItems).toEqual(['nothing']);
          expect(only.shortfall).toBe(1);
          const [first] = (await recommender.recommend({ user: 'u3' }, { k: 1 })).items;
          const without = await recommender.recommend({ user: 'u3' }, { k: 4, exclude: [first.item] });
          expect(without.items).toHaveLength(4);
          expect(without.items.map(({ item }) => item)).not.toContain(first.item);
        });

        it('falls back to popularity for an empty or unknown history, and says so', async () => {
          const { items, source, unknownItems } = await recommender.recommend(
            { history: ['never seen'] },
            { k: 4 },
          );
          expect(source).toBe('fallback');
          expect(unknownItems).toEqual(['never seen']);
          expect(items).toHaveLength(4);
        });

        it('scores one pair as in the list', async () => {
          if (model === 'random') return;
          const [first] = (await recommender.recommend({ user: 'u4' }, { k: 1 })).items;
          expect(await recommender.score({ user: 'u4' }, first.item)).toBe(first.score);
        });

        it('is the same after save and load', async () => {
          const bytes = await encodeModel(await recommender.contents());
          const loaded = Recommender.load(backend, await decodeModel(bytes));
          const who = { user: 'u11' };
          expect(await loaded.recommend(who)).toEqual(await recommender.recommend(who));
          expect(await encodeModel(await loaded.contents())).toEqual(bytes);
          loaded.dispose();
        });

        it('gives the same bytes for the same seed, and frees all it took', async () => {
          const liveBefore = backend.liveBytes;
          const again = await run();
          expect(await weights(again.recommender)).toEqual(await weights(recommender));
          again.recommender.dispose();
          expect(backend.liveBytes).toBe(liveBefore);
        });

        itTrained('goes on from a checkpoint as if it had never stopped', async () => {
          const short = { ...train, epochs: 6, patience: 20 };
          const whole = await run({ train: short });
          let checkpoint: Checkpoint | undefined;
          const stopped = await run({
            train: short,
            onEpochEnd: async (take) => {
              checkpoint ??= await take();
            },
          });
          stopped.recommender.dispose();
          expect(checkpoint?.epoch).toBe(1);
          const events: TrainEvent[] = [];
          const resumed = await run({
            train: short,
            resume: checkpoint,
            onEvent: (event) => events.push(event),
          });
          expect(events.filter(({ event }) => event === 'epoch')).toHaveLength(5);
          expect(await weights(resumed.recommender)).toEqual(await weights(whole.recommender));
          whole.recommender.dispose();
          resumed.recommender.dispose();
        });

        itTrained('stops within a step of an abort and frees all it took', async () => {
          const liveBefore = backend.liveBytes;
          const stop = new AbortController();
          let steps = 0;
          const aborted = run({
            signal: stop.signal,
            onEvent: ({ event }) => {
              if (event === 'step' && ++steps === 5) stop.abort();
            },
          });
          await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
          expect(steps).toBe(5);
          expect(backend.liveBytes).toBe(liveBefore);
        });

        itInOneGo('stops between two parts of its work and frees all it took', async () => {
          const liveBefore = backend.liveBytes;
          for (const part of [1, 2]) {
            const stop = new AbortController();
            let done = 0;
            const aborted = run({
              signal: stop.signal,
              onEvent: ({ event }) => {
                if (event === 'step' && ++done === part) stop.abort();
              },
            });
            await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
            expect(done).toBe(part);
            expect(backend.liveBytes).toBe(liveBefore);
          }
        });

        itTrained('reports divergence with the step and the rate', async () => {
          const liveBefore = backend.liveBytes;
          // Adam never steps far, but its decay throws weights about as well.
          const isSampled = (network as Partial<NetworkConfig> | undefined)?.softmax === 'sampled';
          const wildest = isSampled
            ? ({ optimizer: 'adamw', weightDecay: 1e3 } as const)
            : ({ optimizer: 'sgd', weightDecay: 0 } as const);
          const wild = run({ train: { ...train, epochs: 200, learningRate: 1e6, l2: 0.5, ...wildest } });
          await expect(wild).rejects.toMatchObject({ code: 'DIVERGED' });
          await expect(wild).rejects.toThrow(/step \d+ of epoch \d+, learning rate 1000000/);
          expect(backend.liveBytes).toBe(liveBefore);
        });
      });
    }
  });
}

async function weights(recommender: Recommender): Promise<Record<string, number[]>> {
  const { tensors } = await recommender.contents();
  return Object.fromEntries([...tensors].map(([name, { values }]) => [name, [...values]]));
}
