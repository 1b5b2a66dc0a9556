import { describe, expect, it } from 'vitest';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { Popular } from '../../src/model/baselines.js';
import { Blend } from '../../src/model/blend.js';
import { checkBlendOptions } from '../../src/model/blendConfig.js';
import type { Model } from '../../src/model/model.js';
import { fitModel, loadModel } from '../../src/model/registry.js';
import { randomCsr } from '../../src/verify/inputs.js';
import { worst } from './dense.js';

const backend = createCpuBackend({ precision: 'f64' });
const train = randomCsr(90, 30, 0.2, 93);
const others = randomCsr(7, 30, (u) => 0.1 * u, 95);

async function scoresOf(model: Model): Promise<Float64Array> {
  const input = uploadRows(backend, others, model.inputValues(others));
  const rows = consecutive(backend, others.rows);
  const scores = backend.zeros('f32', [8, model.items]);
  // From the third row on, in a batch that has room for more.
  model.score(input, { rows, first: 2, count: 5, consecutive: true }, scores);
  const found = (await backend.read(scores)).slice(0, 5 * model.items) as Float64Array;
  for (const made of [input, rows, scores]) made.free();
  return found;
}

const members = () =>
  Promise.all(
    ['ease', 'ials', 'popular'].map((name) =>
      fitModel(name, backend, { train, config: name === 'ials' ? { factors: 6 } : {}, seed: 1 }),
    ),
  );

describe('a blend', () => {
  it('adds what its members say in their own standard deviations, user by user', async () => {
    const models = await members();
    const weights = [0.5, 0.3, 0.2];
    const alone = await Promise.all(models.map(scoresOf));
    const blend = new Blend(
      backend,
      models.map((model, m) => ({ model, weight: weights[m] })),
    );
    const expected = new Float64Array(5 * 30);
    for (let row = 0; row < 5; row++) {
      alone.forEach((scores, m) => {
        const mine = Array.from(scores.subarray(row * 30, (row + 1) * 30));
        const mean = mine.reduce((sum, x) => sum + x, 0) / 30;
        const sd = Math.sqrt(mine.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 30);
        mine.forEach((x, i) => {
          expected[row * 30 + i] += sd > 0 ? (weights[m] * (x - mean)) / sd : 0;
        });
      });
    }
    expect(worst(await scoresOf(blend), expected)).toBeLessThan(1e-12);
    blend.dispose();
    expect(backend.liveBytes).toBe(0);
  });

  it('refuses a member whose scores lie in blocks', () => {
    const small = createCpuBackend({ maxTensorBytes: 4096 });
    const popular = new Popular(small, new Float32Array(1000));
    expect(() => new Blend(small, [{ model: popular, weight: 1 }])).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED', remedy: expect.stringContaining('--min-item') }),
    );
  });

  it('is refused where its file does not fit its configuration, and nothing stays behind', async () => {
    const [ease, , popular] = await members();
    const saved = new Map([['0.popular.popularity', { shape: [1, 30], values: new Float32Array(30) }]]);
    const config = {
      members: [popular, ease].map((m) => ({ model: m.name, config: m.config })),
      weights: [1, 1],
    };
    for (const m of [ease, popular]) m.dispose();
    const live = backend.liveBytes;
    const code = (error: string) => expect.objectContaining({ code: error });
    expect(() => loadModel('blend', backend, 30, config, saved)).toThrow(code('MODEL_CORRUPT'));
    expect(() => loadModel('blend', backend, 30, { ...config, weights: [1] }, saved)).toThrow(
      code('MODEL_CORRUPT'),
    );
    expect(() => loadModel('blend', backend, 30, {}, saved)).toThrow(code('MODEL_CORRUPT'));
    expect(backend.liveBytes).toBe(live);
  });

  it('cannot be fitted without a split', async () => {
    await expect(fitModel('blend', backend, { train, config: {}, seed: 1 })).rejects.toMatchObject({
      code: 'CONFIG',
      remedy: expect.stringContaining('fit'),
    });
  });

  it.each([
    ['cannot be a member', { members: [{ model: 'ease' }, { model: 'blend' }] }],
    ['cannot be a member', { members: [{ model: 'random' }, { model: 'ease' }] }],
    ['1 members', { members: [{ model: 'ease' }] }],
    ['expected 2 numbers', { weights: [1] }],
    ['expected 2 numbers', { weights: [1, -1] }],
    ['expected 2 numbers', { weights: [0, 0] }],
    ['expected 2 numbers', { weights: [Number.NaN, 1] }],
  ])('refuses what makes no sense: %s, %o', (message, options) => {
    expect(() => checkBlendOptions(options)).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringContaining(message) }),
    );
  });
});
