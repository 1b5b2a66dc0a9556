import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { randomOrder } from '../../src/backend/random.js';
import { csrFromRows, rowIndices } from '../../src/data/csr.js';
import type { Interactions } from '../../src/data/interactions.js';
import { rowInOrder } from '../../src/data/order.js';
import { Vocabulary } from '../../src/data/vocabulary.js';
import type { TrainEvent } from '../../src/events.js';
import { withGroupPrior } from '../../src/groups/prior.js';
import type { NetworkConfig, TrainConfig } from '../../src/model/config.js';
import type { ModelOptions } from '../../src/model/registry.js';
import { type Fit, type FitOptions, fit } from '../../src/recommend/fit.js';
import { Recommender } from '../../src/recommend/recommender.js';
import { decodeModel, encodeModel } from '../../src/store/modelFile.js';
import type { Checkpoint } from '../../src/train/checkpoint.js';

/** How a model is trained in this suite: enough to learn the checkerboard. */
export interface ModelUnderTest {
  readonly model: string;
  readonly network?: ModelOptions;
  readonly train?: Partial<TrainConfig>;
  /** Whether its scores depend on the history at all. */
  readonly personal: boolean;
  /** What is made of it in the end, by name. */
  readonly finish?: { readonly name: string; readonly of: (backend: Backend) => FitOptions['finish'] };
  /** Fitted in one go: no epochs, no checkpoints, nothing that could diverge. */
  readonly inOneGo?: boolean;
}

export const MODELS: readonly ModelUnderTest[] = [
  { model: 'popular', personal: false },
  { model: 'random', personal: false },
  { model: 'itemknn', personal: true, inOneGo: true, network: { neighbours: 10, shrink: 3 } },
  { model: 'itemknn', personal: true, inOneGo: true, network: { weighting: 'bm25' } },
  { model: 'ease', personal: true, inOneGo: true, network: { l2: 20 } },
  {
    model: 'ease',
    personal: true,
    inOneGo: true,
    network: { l2: 20, dropout: 0.3, userPower: 0.5, l2Power: 0.5, popularityPower: -0.2 },
  },
  { model: 'ease', personal: true, inOneGo: true, network: { l2: 20, decay: 0.8 } },
  { model: 'itemknn', personal: true, inOneGo: true, network: { decay: 0.9 } },
  { model: 'markov', personal: true, inOneGo: true, network: { window: 12, decay: 0.9 } },
  {
    model: 'ials',
    personal: true,
    inOneGo: true,
    network: { factors: 8, l2: 0.01, negativeWeight: 0.1, sweeps: 5 },
  },
  { model: 'kernel', personal: true, inOneGo: true, network: { l2: 0.5 } },
  {
    model: 'kernel',
    personal: true,
    inOneGo: true,
    network: { l2: 0.1, itemPower: 0.5, sharpness: 2, popularityPower: 0, landmarks: 20 },
  },
  { model: 'blend', personal: true, inOneGo: true },
  {
    model: 'blend',
    personal: true,
    inOneGo: true,
    network: {
      members: [
        { model: 'itemknn', network: { neighbours: 10 } },
        {
          model: 'mlp',
          network: { hidden: [16], dropout: 0.2 },
          train: { epochs: 40, learningRate: 0.01, l2: 0, batch: 16, patience: 0 },
        },
        { model: 'popular' },
      ],
      weights: [2, 2, 0],
    },
  },
  {
    model: 'content',
    personal: true,
    network: {
      factors: 6,
      // An item's colour, and something of no account.
      features: csrFromRows(
        Array.from({ length: 30 }, (_, item) => [item % 2, 2 + ((item >> 1) % 3)]),
        5,
      ),
    },
    train: { epochs: 60, learningRate: 0.02 },
  },
  {
    model: 'ease',
    personal: true,
    inOneGo: true,
    network: { l2: 20 },
    finish: {
      name: 'grouped',
      of: (backend) => (model, split) => withGroupPrior(backend, model, split, { groups: 2 }),
    },
  },
  { model: 'linear', personal: true, train: { epochs: 40, learningRate: 0.01, l2: 0.1 } },
  {
    model: 'mlp',
    personal: true,
    network: { hidden: [16, 8], dropout: 0.2 },
    train: { epochs: 60, learningRate: 0.01, l2: 0 },
  },
  {
    model: 'mlp',
    personal: true,
    network: { hidden: [12], activation: 'gelu', loss: 'multinomial', output: 'softmax' },
    train: { epochs: 60, learningRate: 0.01, l2: 0 },
  },
  {
    model: 'mlp',
    personal: true,
    network: {
      hidden: [16, 8],
      loss: 'multinomial',
      output: 'softmax',
      dropout: 0.2,
      softmax: 'sampled',
      softmaxSamples: 12,
    },
    train: { epochs: 60, learningRate: 0.01, l2: 1e-5, optimizer: 'adamw', weightDecay: 1e-4 },
  },
  {
    model: 'mlp',
    personal: true,
    network: {
      hidden: [10, 10],
      activation: 'sigmoid',
      loss: 'bce',
      output: 'sigmoid',
      normalise: 'none',
      dropout: 0.1,
    },
    train: { epochs: 120, learningRate: 0.03, l2: 0, optimizer: 'adamw', weightDecay: 1e-4 },
  },
  {
    model: 'gru',
    personal: true,
    network: { hidden: 16, dropout: 0.1, window: 8 },
    train: { epochs: 30, learningRate: 0.01 },
  },
  {
    model: 'gru',
    personal: true,
    network: { hidden: 10, embedding: 6, tied: false, dropout: 0 },
    train: { epochs: 30, learningRate: 0.01, clip: 1 },
  },
  {
    model: 'dae',
    personal: true,
    network: { hidden: [12] },
    train: { epochs: 60, learningRate: 0.01 },
  },
  {
    model: 'vae',
    personal: true,
    network: { hidden: [16], latent: 6 },
    train: { epochs: 60, learningRate: 0.01, l2: 0 },
  },
  {
    model: 'vae',
    personal: true,
    network: { hidden: [], latent: 5, normalise: 'l2AfterDropout', userPower: 0.5, kl: 0.1, anneal: 0.8 },
    train: { epochs: 80, learningRate: 0.02, lrDecay: 0.5 },
  },
  {
    model: 'neumf',
    personal: true,
    network: { factors: 5, hidden: [8, 4], foldSteps: 30 },
    train: { epochs: 30, batch: 64, learningRate: 0.02 },
  },
  {
    model: 'neumf',
    personal: true,
    network: { factors: 9, hidden: [6], negatives: 2, foldL2: 0.3 },
    train: { epochs: 30, batch: 100, learningRate: 0.02 },
  },
];

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
