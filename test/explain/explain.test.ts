import { describe, expect, it } from 'vitest';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { additive } from '../../src/explain/contributions.js';
import { counterfactual } from '../../src/explain/counterfactual.js';
import { explain } from '../../src/explain/explain.js';
import { faithfulness } from '../../src/explain/faithfulness.js';
import { Blend } from '../../src/model/blend.js';
import type { ModelOptions } from '../../src/model/registry.js';
import { Recommender } from '../../src/recommend/recommender.js';
import { askedFor, recommenderOf } from './recommenders.js';
import { completeness, explainSuite } from './suite.js';

explainSuite('on the CPU reference', async () => createCpuBackend());

const f64 = createCpuBackend({ precision: 'f64' });

describe('on the CPU reference in f64', () => completeness(() => f64));

it.each<[string, ModelOptions]>([
  ['mlp', { activation: 'relu', hidden: [8, 6], zeroDiagonal: false }],
  ['mlp', { activation: 'tanh', hidden: [8], zeroDiagonal: false }],
  ['mlp', { activation: 'gelu', hidden: [7, 5], zeroDiagonal: false }],
  ['mlp', { activation: 'relu', hidden: [], zeroDiagonal: false }],
  ['vae', { hidden: [9], latent: 4 }],
  ['vae', { hidden: [7, 5], latent: 4, activation: 'gelu' }],
  ['gru', { hidden: 7 }],
  ['gru', { hidden: 6, embedding: 4, tied: false }],
  ['gru', { hidden: 5, window: 3 }],
  ['gru', { hidden: 7, softmax: 'sampled', softmaxSamples: 20 }],
  ['gru', { hidden: 6, embedding: 4, tied: false, softmax: 'sampled', softmaxSamples: 20 }],
])('inputGradients against central differences: %s %o', async (name, config) => {
  const { model } = await recommenderOf(f64, name, config);
  const histories = csrFromRows([[30, 1, 9, 5], [2], [], [59, 0]], model.items, undefined, { inOrder: true });
  const values = Float64Array.from({ length: histories.indices.length }, (_, e) => 0.3 + 0.2 * e);
  const item = 17;
  const score = async (x: Float64Array) => {
    const out = f64.zeros('f32', [4, model.items]);
    model.score(
      { ...uploadRows(f64, histories), values: f64.tensor(x) },
      { rows: consecutive(f64, 4), first: 0, count: 4, consecutive: true },
      out,
    );
    const scores = await f64.read(out);
    return [0, 1, 2, 3].reduce((total, row) => total + scores[row * model.items + item], 0);
  };
  const out = f64.zeros('f32', [values.length]);
  const batch = { rows: consecutive(f64, 4), first: 0, count: 4, consecutive: true } as const;
  model.inputGradients!({ ...uploadRows(f64, histories), values: f64.tensor(values) }, batch, item, out);
  const found = await f64.read(out);
  for (let e = 0; e < values.length; e++) {
    const shifted = (by: number) => values.map((x, i) => (i === e ? x + by : x));
    const slope = ((await score(shifted(1e-6))) - (await score(shifted(-1e-6)))) / 2e-6;
    expect(found[e]).toBeCloseTo(slope, 6);
  }
});

it('says what it cannot explain', async () => {
  const mlp = await recommenderOf(f64, 'mlp', { hidden: [4] });
  const ease = await recommenderOf(f64, 'ease', { l2: 20 });
  const { history, item } = askedFor(1, 5);
  const because = { history };
  const code = (error: string) => ({ code: error, remedy: expect.stringMatching(/\w/) });
  await expect(explain(mlp, because, item, { method: 'additive' })).rejects.toMatchObject(code('CONFIG'));
  await expect(explain(ease, because, item, { method: 'integratedGradients' })).rejects.toMatchObject(
    code('CONFIG'),
  );
  await expect(explain(ease, because, item, { method: 'integratedGradients' })).rejects.toMatchObject({
    remedy: expect.stringMatching(/additive/),
  });
  // Its users are folded in by steps of Adam, through which no gradient is taken.
  const neumf = await recommenderOf(f64, 'neumf', { factors: 2, hidden: [4, 2], foldSteps: 3 });
  await expect(explain(neumf, because, item, { method: 'integratedGradients' })).rejects.toMatchObject({
    code: 'CONFIG',
    remedy: expect.stringMatching(/leaveOneOut/),
  });
  expect((await explain(neumf, because, item)).method).toBe('leaveOneOut');
  await expect(explain(ease, because, 'i999')).rejects.toMatchObject(code('UNKNOWN_ID'));
  await expect(explain(ease, { history: ['never'] }, item)).rejects.toMatchObject(code('NO_HISTORY'));
  await expect(explain(ease, { user: 'u1' }, item)).rejects.toMatchObject(code('NO_HISTORY'));
  const [{ items }] = await ease.recommendMany([because], { k: 60 });
  const last = items.at(-1)!.item;
  await expect(counterfactual(ease, because, last, { k: 3 })).rejects.toMatchObject(code('CONFIG'));
  await expect(counterfactual(ease, because, items[0].item, { k: 60 })).rejects.toMatchObject(code('CONFIG'));
});

it('faithfulness: exact terms empty and fill an additive score at best, the reverse order at worst', async () => {
  const { backend, model } = await recommenderOf(f64, 'ease', { l2: 20 });
  const history = csrFromRows([[1, 4, 9, 16, 25, 36, 49, 50, 51, 52]], model.items);
  const { contributions } = await additive({ backend, model }, history, 20);
  const best = await faithfulness({ backend, model }, history, 20, contributions);
  const worst = await faithfulness(
    { backend, model },
    history,
    20,
    contributions.map((x) => -x),
  );
  // By hand (scores come back in f32): ten entries, eleven points, sums of what is left over the whole effect.
  const terms = [...contributions].sort((a, b) => b - a);
  const effect = terms.reduce((sum, x) => sum + x, 0);
  const left = (from: number) => terms.slice(from).reduce((sum, x) => sum + x, 0) / effect;
  const deletion =
    Array.from({ length: 11 }, (_, i) => (i % 10 === 0 ? 0.5 : 1) * left(i)).reduce((a, b) => a + b) / 10;
  expect(best!.deletion).toBeCloseTo(deletion, 5);
  expect(best!.insertion).toBeCloseTo(1 - deletion, 5);
  expect(worst!.deletion).toBeGreaterThan(best!.deletion);
  expect(worst!.insertion).toBeLessThan(best!.insertion);
  const popular = await recommenderOf(f64, 'popular');
  const nothing = await faithfulness(popular, history, 20, contributions);
  expect(nothing).toBeUndefined();
});

it('ignores what the model does not know, and lists it', async () => {
  const ease = await recommenderOf(f64, 'ease', { l2: 20 });
  const { history, item } = askedFor(2, 4);
  const found = await explain(ease, { history: [...history, 'never'] }, item);
  expect(found.unknownItems).toEqual(['never']);
  expect(found.contributions.length).toBe(4);
});

it('a blend of additive models: terms in its own units add up to its score', async () => {
  const parts = await Promise.all([
    recommenderOf(f64, 'ease', { l2: 20 }),
    recommenderOf(f64, 'itemknn', { neighbours: 20 }),
    recommenderOf(f64, 'popular'),
  ]);
  const weights = [0.5, 0.3, 0.2];
  const blend = new Blend(
    f64,
    parts.map(({ model }, m) => ({ model, weight: weights[m] })),
  );
  const recommender = new Recommender(f64, blend, parts[0].parts);
  for (let seed = 0; seed < 20; seed++) {
    const { history, item } = askedFor(seed, 1 + 2 * seed);
    const found = await explain(recommender, { history }, item);
    expect(found.method).toBe('additive');
    expect(found.score).toBeCloseTo(await recommender.score({ history }, item), 6);
    expect(Math.abs(found.remainder)).toBeLessThan(1e-5);
    expect(found.contributions.some(({ contribution }) => contribution !== 0)).toBe(true);
  }
  const network = await recommenderOf(f64, 'mlp', { hidden: [4] });
  const mixed = new Blend(f64, [...blend.mixture, { model: network.model, weight: 1 }]);
  const { history, item } = askedFor(1, 5);
  const asked = explain(new Recommender(f64, mixed, parts[0].parts), { history }, item, {
    method: 'additive',
  });
  await expect(asked).rejects.toMatchObject({ code: 'CONFIG' });
});
