import { describe, expect, it } from 'vitest';
import { uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { initialVae, Vae } from '../../src/model/vae.js';
import { VAE_DEFAULTS, type VaeConfig } from '../../src/model/vaeConfig.js';
import { randomCsr } from '../../src/verify/inputs.js';
import { expectModelGradients } from './modelGradients.js';
import { oneStep } from './oneStep.js';

const backend = createCpuBackend({ precision: 'f64' });
const items = 7;
const train = randomCsr(6, items, (user) => (user === 4 ? 0 : 0.5), 31);

/** A model, and its loss in one step over the users 2, 5, 0 and 4, the last of whom has nothing. */
function stepOf(changed: Partial<VaeConfig>, step: number, steps = 10) {
  const config = { ...VAE_DEFAULTS, hidden: [4], latent: 2, ...changed };
  const model = new Vae(backend, items, config, initialVae(train, config, 5));
  return { model, run: oneStep(backend, model, train, step, steps).loss };
}

describe('gradients of the whole model', () => {
  const cases: Record<string, Partial<VaeConfig>> = {
    'as Liang et al. have it': {},
    'no hidden layer': { hidden: [], latent: 3 },
    'two hidden layers, dropout before the length, users weighed': {
      hidden: [4, 3],
      normalise: 'l2AfterDropout',
      userPower: 0.5,
    },
    'gelu, no dropout, raw histories': {
      activation: 'gelu',
      dropout: 0,
      normalise: 'none',
      outputBias: 'zero',
    },
  };
  for (const [name, config] of Object.entries(cases)) {
    it(name, async () => {
      const { model, run } = stepOf({ kl: 0.7, anneal: 0.5, ...config }, 3);
      await expectModelGradients(backend, model.parameters, run);
      model.dispose();
    });
  }
});

describe('the loss', () => {
  it('is that of the formula, with the numbers of its place', async () => {
    const one = csrFromRows([[0, 2]], 3);
    const config = { ...VAE_DEFAULTS, hidden: [], latent: 1, dropout: 0, kl: 0 };
    const model = new Vae(backend, 3, config, initialVae(one, config, 5));
    const scores = backend.zeros('f32', [1, 3]);
    model.score(
      uploadRows(backend, one, model.inputValues(one)),
      { rows: backend.tensor(Uint32Array.of(0)), first: 0, count: 1 },
      scores,
    );
    const [W1, b1, W2, b2] = await Promise.all(
      ['W1', 'b1', 'W2', 'b2'].map((name) => backend.read(model.tensors.get(name)!)),
    );
    const mean = (W1[0] + W1[4]) / Math.SQRT2 + b1[0];
    const expected = [0, 1, 2].map((i) => mean * W2[i] + b2[i]);
    for (const [i, score] of (await backend.read(scores)).entries()) {
      expect(score).toBeCloseTo(expected[i], 6);
    }
    // Items 0 and 2 are everybody's, item 1 counts as half a user.
    expect([...b2].map((b) => Math.round(1e6 * b))).toEqual([0, Math.round(1e6 * Math.log(0.5)), 0]);
    model.dispose();
  });

  it('the divergence counts linearly more over the first updates, then no more', async () => {
    const lossAt = async (step: number, kl: number) => {
      const { model, run } = stepOf({ kl, anneal: 0.4, dropout: 0 }, step);
      const loss = await run();
      model.dispose();
      return loss;
    };
    // The noise of a step does not depend on kl, so the difference is the divergence alone.
    const weights = await Promise.all(
      [1, 2, 3, 4, 9].map(async (step) => (await lossAt(step, 0.8)) - (await lossAt(step, 0))),
    );
    const rise = weights.map((w) => w / weights[4]);
    [0.25, 0.5, 0.75, 1, 1].forEach((expected, i) => {
      expect(rise[i]).toBeCloseTo(expected, 9);
    });
  });
});
