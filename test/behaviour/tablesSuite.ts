import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { consecutive, freeAll, uploadRows } from '../../src/backend/sparse.js';
import { type Blocked, readStored, type Stored, writeStored } from '../../src/backend/stored.js';
import { inverse, inverseSteps } from '../../src/model/inverse.js';
import type { Model } from '../../src/model/model.js';
import { fitModel, loadModel, type ModelOptions } from '../../src/model/registry.js';
import { numbers, randomCsr } from '../../src/verify/inputs.js';
import { worst } from '../model/dense.js';

/** What one tensor may take at most in this suite: 128 rows of a table of 300 items, as an adapter pads them. */
export const TABLE_LIMIT = 128 * 320 * 4;
const [USERS, ITEMS] = [220, 300];

const TABLES: readonly { model: string; options: ModelOptions; blocks: number }[] = [
  { model: 'ease', options: { l2: 5 }, blocks: 3 },
  {
    model: 'ease',
    options: { l2: 5, dropout: 0.4, userPower: 0.5, l2Power: 0.3, popularityPower: -0.1 },
    blocks: 3,
  },
  { model: 'itemknn', options: { neighbours: 20, shrink: 2 }, blocks: 3 },
  { model: 'kernel', options: { l2: 0.5 }, blocks: 2 },
  { model: 'kernel', options: { l2: 0.5, landmarks: 150 }, blocks: 2 },
];

const blocksOf = (stored: Stored): number => ('blocks' in stored ? stored.blocks.length : 1);

/** Tables too large for one tensor are what they are in one piece, number for number. */
export function tablesSuite(
  title: string,
  open: () => Promise<Backend>,
  openWhole: () => Promise<Backend>,
): void {
  describe(title, () => {
    let backend: Backend;
    let whole: Backend;
    const train = randomCsr(USERS, ITEMS, (user) => 0.05 + 0.001 * user, 41);
    const others = randomCsr(20, ITEMS, (user) => 0.02 * user, 42);
    beforeAll(async () => {
      [backend, whole] = [await open(), await openWhole()];
    });
    afterAll(() => {
      backend?.dispose();
      whole?.dispose();
    });

    const fitted = (on: Backend, model: string, config: ModelOptions) =>
      fitModel(model, on, { train, config, seed: 3, batch: 16 }, {});

    async function scores(on: Backend, model: Model): Promise<ArrayLike<number>> {
      const input = uploadRows(on, others, model.inputValues(others));
      const rows = consecutive(on, others.rows);
      const out = on.zeros('f32', [others.rows, ITEMS]);
      model.score(input, { rows, first: 0, count: others.rows, consecutive: true }, out);
      const found = (await on.read(out)) as Float32Array;
      for (const made of [input, rows, out]) made.free();
      return found;
    }

    it.each(TABLES)('$model learns, scores and is saved as in one piece: $options', async (table) => {
      const { model: name, options, blocks } = table;
      const liveBefore = backend.liveBytes;
      const expected = await fitted(whole, name, options);
      const found = await fitted(backend, name, options);
      expect(blocksOf(expected.tensors.get('weights')!)).toBe(1);
      expect(blocksOf(found.tensors.get('weights')!)).toBe(blocks);
      const weights = await readStored(backend, found.tensors.get('weights')!);
      expect(weights).toEqual(await readStored(whole, expected.tensors.get('weights')!));

      const saved = new Map<string, { shape: readonly number[]; values: Float32Array }>();
      for (const [name, stored] of found.tensors) {
        const values = (await readStored(backend, stored)) as Float32Array;
        saved.set(name, { shape: stored.shape, values });
      }
      const loaded = loadModel(name, backend, ITEMS, found.config, saved);
      expect(blocksOf(loaded.tensors.get('weights')!)).toBe(blocks);
      const alike = await scores(whole, expected);
      // The shares of the blocks are rounded before they are added.
      const bound = 1e-6 * Math.max(...Array.from(alike, Math.abs));
      expect(worst(await scores(backend, found), alike)).toBeLessThan(bound);
      expect(await scores(backend, loaded)).toEqual(await scores(backend, found));
      for (const model of [expected, found, loaded]) model.dispose();
      expect(backend.liveBytes).toBe(liveBefore);
    });

    it('an inverse that f32 is not enough for is refined as in one piece', async () => {
      const half = numbers(ITEMS * 20, 95);
      const a = new Float32Array(ITEMS * ITEMS);
      for (let i = 0; i < ITEMS; i++) {
        for (let j = 0; j < ITEMS; j++) {
          let sum = i === j ? 1e-3 : 0;
          for (let t = 0; t < 20; t++) sum += half[t * ITEMS + i] * half[t * ITEMS + j];
          a[i * ITEMS + j] = sum;
        }
      }
      const inverted = async (on: Backend, blocks: number) => {
        let steps = 0;
        const fill = async (out: Blocked) => writeStored(on, out, a);
        const found = await inverse(on, ITEMS, fill, async () => {
          steps++;
        });
        expect(found.blocks).toHaveLength(blocks);
        expect(steps).toBeGreaterThan(inverseSteps(ITEMS));
        const values = await readStored(on, found);
        freeAll(found.blocks);
        return values;
      };
      expect(await inverted(backend, 3)).toEqual(await inverted(whole, 1));
    });

    it('LIMIT_EXCEEDED, in GiB and before anything is allocated, for what the host does not take', async () => {
      const liveBefore = backend.liveBytes;
      const wide = randomCsr(2, 30_000, 0.001, 43);
      for (const name of ['ease', 'itemknn']) {
        const refused = fitModel(name, backend, { train: wide, config: {}, seed: 1, batch: 16 }, {});
        await expect(refused).rejects.toMatchObject({
          code: 'LIMIT_EXCEEDED',
          message: expect.stringMatching(/30000 items .* 3\.35 GiB; at most 2\.00 GiB \(23170 items\)/),
        });
      }
      expect(backend.liveBytes).toBe(liveBefore);
    });
  });
}
