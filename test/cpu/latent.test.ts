import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/backend/random.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { dot, doubles, expectGradient } from './differences.js';

const backend = createCpuBackend({ precision: 'f64' });
const [batch, count, latent] = [4, 3, 5];
const noise = { seed: 3, step: 4 };
const encoded = doubles(batch * 2 * latent, 1).map((x) => 1.5 * x);
const outGrad = doubles(batch * latent, 2);

async function sample(values: Float64Array, draws: boolean): Promise<Float64Array> {
  const out = backend.scope(() => {
    const out = backend.zeros('f32', [batch, latent]);
    const tensor = backend.tensor(values, [batch, 2 * latent]);
    backend.gaussianSample({ encoded: tensor, out, count, ...(draws && { noise }) });
    return out;
  });
  return (await backend.read(out)) as Float64Array;
}

async function backward(values: Float64Array, scale: number, draws = true) {
  const { out, loss } = backend.scope(() => {
    const tensors = {
      out: backend.zeros('f32', [batch, 2 * latent]),
      loss: backend.tensor(new Float64Array(batch).fill(10)),
    };
    backend.gaussianBackward({
      ...tensors,
      encoded: backend.tensor(values, [batch, 2 * latent]),
      outGrad: backend.tensor(outGrad, [batch, latent]),
      count,
      ...(draws && { noise }),
      scale,
    });
    return tensors;
  });
  return { grad: await backend.read(out), loss: await backend.read(loss) };
}

describe('gaussianSample, gaussianBackward', () => {
  for (const [scale, draws] of [
    [0, true],
    [0.37, true],
    [0.37, false],
  ] as const) {
    it(`gradient of ${draws ? 'what is drawn' : 'the means'} and of ${scale} times the divergence`, async () => {
      const total = async (values: Float64Array) => {
        const { loss } = await backward(values, scale, draws);
        const divergence = dot(loss, new Float64Array(batch).fill(1)) - 10 * batch;
        return dot(await sample(values, draws), outGrad) + divergence;
      };
      await expectGradient(total, encoded, (await backward(encoded, scale, draws)).grad);
    });
  }

  it('the divergence is that of the textbook, and 0 only for the standard normal', async () => {
    const standard = (await backward(new Float64Array(batch * 2 * latent), 1)).loss;
    expect([...standard]).toEqual([10, 10, 10, 10]);
    const { loss } = await backward(encoded, 1);
    for (let b = 0; b < count; b++) {
      // By integrating q log(q / p) on a fine grid, unit by unit.
      let kl = 0;
      for (let c = 0; c < latent; c++) {
        const mean = encoded[2 * b * latent + c];
        const deviation = Math.exp(encoded[(2 * b + 1) * latent + c] / 2);
        const h = 0.005;
        for (let t = -12; t < 12; t += h) {
          const x = mean + deviation * t;
          const q = Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
          kl += h * q * (-(t * t) / 2 - Math.log(deviation) + (x * x) / 2);
        }
      }
      expect(loss[b] - 10).toBeCloseTo(kl, 8);
    }
    expect(loss[count]).toBe(10);
  });

  it('draws the numbers of their places, or gives the means', async () => {
    const drawn = await sample(encoded, true);
    const means = await sample(encoded, false);
    for (let b = 0; b < batch; b++) {
      for (let c = 0; c < latent; c++) {
        const [mean, logVariance] = [0, latent].map((half) => encoded[2 * b * latent + half + c]);
        const normal = randomNormal(noise.seed, noise.step, b, c);
        expect(means[b * latent + c]).toBe(b < count ? mean : 0);
        const expected = b < count ? mean + Math.exp(logVariance / 2) * normal : 0;
        expect(drawn[b * latent + c]).toBeCloseTo(expected, 12);
      }
    }
  });
});
