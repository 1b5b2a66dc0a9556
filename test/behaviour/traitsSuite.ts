import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { heldOutUsers } from '../../src/data/split.js';
import { withMoreUsers, withTraits } from '../../src/data/traits.js';
import { type Fit, type FitOptions, fit } from '../../src/recommend/fit.js';
import { Recommender } from '../../src/recommend/recommender.js';
import { decodeModel, encodeModel } from '../../src/store/modelFile.js';
import type { Checkpoint } from '../../src/train/checkpoint.js';
import { checkerboard } from './suite.js';

/** The checkerboard, its users known by their colour and something of no account; two have done nothing yet. */
const log = withMoreUsers(checkerboard(), ['n0', 'n1']);
const traits = csrFromRows(
  log.users.ids.map((user, row) => [Number(user.slice(1)) % 2, 2 + (row % 3)]),
  5,
);
const board = withTraits(log, heldOutUsers(log, { seed: 7 }), traits);
const features = csrFromRows(
  Array.from({ length: 30 }, (_, item) => [item % 2, 2 + ((item >> 1) % 3)]),
  5,
);
const train = { batch: 16, seed: 7, patience: 0, epochs: 60, learningRate: 0.02 };

/** What holds of users that are known by more than what they did, on every backend. */
export function traitsSuite(title: string, open: () => Promise<Backend>): void {
  describe(title, () => {
    let backend: Backend;
    let recommender: Recommender;
    const run = (options: Partial<FitOptions> = {}): Promise<Fit> =>
      fit(backend, board.interactions, {
        model: 'content',
        network: { factors: 6, features },
        train,
        split: board.split,
        ...options,
      });
    const bytesOf = async (made: Recommender) => encodeModel(await made.contents());
    beforeAll(async () => {
      backend = await open();
      recommender = (await run()).recommender;
    });
    afterAll(() => {
      recommender?.dispose();
      backend?.dispose();
    });

    it('finds the colour of people who have done nothing, and of those who have', async () => {
      for (const user of ['n0', 'n1', 'u4', 'u7']) {
        const { items, source } = await recommender.recommend({ user }, { k: 2 });
        expect(source).toBe('model');
        for (const { item } of items) expect(Number(item.slice(1)) % 2).toBe(Number(user.slice(1)) % 2);
        expect(await recommender.score({ user }, items[0].item)).toBe(items[0].score);
      }
    });

    it('is the same after save and load, and for the same seed; and frees all it took', async () => {
      const liveBefore = backend.liveBytes;
      const bytes = await bytesOf(recommender);
      const loaded = Recommender.load(backend, await decodeModel(bytes));
      expect(await bytesOf(loaded)).toEqual(bytes);
      for (const who of [{ user: 'n1' }, { user: 'u3' }, { history: ['i4'] }])
        expect(await loaded.recommend(who)).toEqual(await recommender.recommend(who));
      loaded.dispose();
      const again = (await run()).recommender;
      expect(await bytesOf(again)).toEqual(bytes);
      again.dispose();
      expect(backend.liveBytes).toBe(liveBefore);
    });

    it('goes on from a checkpoint as if it had never stopped', async () => {
      const short = { ...train, epochs: 5, patience: 20 };
      let checkpoint: Checkpoint | undefined;
      const whole = await run({
        train: short,
        onEpochEnd: async (take) => {
          checkpoint ??= await take();
        },
      });
      const resumed = await run({ train: short, resume: checkpoint });
      expect((await resumed.recommender.contents()).tensors).toEqual(
        (await whole.recommender.contents()).tensors,
      );
      whole.recommender.dispose();
      resumed.recommender.dispose();
    });

    it('is told when what is known of users was made otherwise', async () => {
      const { parts, model } = recommender;
      const wider = csrFromRows(new Array(parts.users!.size).fill([5]), 6);
      const other = new Recommender(backend, model, {
        ...parts,
        histories: { ...parts.histories!, traits: wider },
      });
      await expect(other.recommend({ user: 'u1' })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
      const contents = await recommender.contents();
      const tensors = new Map(contents.tensors).set('traits.width', {
        shape: [1],
        values: Float32Array.of(2),
      });
      expect(() => Recommender.load(backend, { ...contents, tensors })).toThrow(
        expect.objectContaining({ code: 'MODEL_CORRUPT' }),
      );
    });
  });
}
