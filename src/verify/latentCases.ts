import { randomNormal } from '../backend/random.js';
import { EPSILON, type KernelCase, outputsOf, SUM_UNITS, stale } from './case.js';
import { numbers } from './inputs.js';

interface LatentShape {
  readonly name: string;
  /** Rows of the tensors; the ones from `count` on are padding. */
  readonly batch: number;
  readonly count: number;
  readonly latent: number;
  /** Means and logarithms of variances are in ±high. */
  readonly high?: number;
}

const SHAPES: readonly LatentShape[] = [
  { name: 'one row, one unit', batch: 1, count: 1, latent: 1 },
  { name: '3 of 5 rows, 7 units', batch: 5, count: 3, latent: 7 },
  { name: '33 rows, 65 units', batch: 33, count: 33, latent: 65 },
  { name: '31 of 33 rows, 128 units', batch: 33, count: 31, latent: 128 },
  { name: 'no row of 4, 200 units', batch: 4, count: 0, latent: 200 },
  { name: '5 rows, 300 units, means and logarithms in +-20', batch: 5, count: 5, latent: 300, high: 20 },
];

const NOISE = { seed: 0xfedcba98, step: 41 };
const SCALE = 1 / 7;
const LOSS_REST = 3;

/**
 * Of a normal number: relative, in units of EPSILON. The rational functions have no cancellation; what they are taken of is
 * off by EPSILON at 0.18 near the middle, and by that of a logarithm (3 units in the last place) and a root (2) further out,
 * which the functions multiply by less than 3.
 */
const NORMAL_UNITS = 32;
/** exp(x) may be off by 3 + 2|x| units in the last place, each 2 EPSILON; its argument by one rounding. */
const expUnits = (x: number): number => 6 + 5 * Math.abs(x);

const encodedOf = ({ batch, latent, high = 3 }: LatentShape) => numbers(batch * 2 * latent, 81, -high, high);

const nameOf = ({ name }: LatentShape, draws: boolean): string => `${name}${draws ? '' : ', the means'}`;

function sample(shape: LatentShape, draws: boolean): KernelCase {
  const { batch, count, latent } = shape;
  return {
    kernel: 'gaussianSample',
    name: nameOf(shape, draws),
    run: (backend) =>
      outputsOf(backend, () => {
        const out = stale(backend, batch, latent);
        const encoded = backend.tensor(encodedOf(shape), [batch, 2 * latent]);
        backend.gaussianSample({ encoded, out, count, ...(draws && { noise: NOISE }) });
        return { out };
      }),
    bound() {
      const encoded = encodedOf(shape);
      const out = new Float64Array(batch * latent);
      for (let at = 0; draws && at < count * latent; at++) {
        const [b, c] = [Math.floor(at / latent), at % latent];
        const half = encoded[(2 * b + 1) * latent + c] / 2;
        const drawn = Math.exp(half) * Math.abs(randomNormal(NOISE.seed, NOISE.step, b, c));
        out[at] =
          EPSILON *
          (SUM_UNITS * Math.abs(encoded[2 * b * latent + c]) +
            drawn * (NORMAL_UNITS + SUM_UNITS + expUnits(half)));
      }
      return { out };
    },
  };
}

function backward(shape: LatentShape, draws = true): KernelCase {
  const { batch, count, latent } = shape;
  const outGradOf = () => numbers(batch * latent, 82);
  const lossOf = () => numbers(batch + LOSS_REST, 83, 1, 2);
  return {
    kernel: 'gaussianBackward',
    name: nameOf(shape, draws),
    run: (backend) =>
      outputsOf(backend, () => {
        const out = stale(backend, batch, 2 * latent);
        // Longer than the batch: the rest must keep its values.
        const loss = backend.tensor(lossOf());
        backend.gaussianBackward({
          encoded: backend.tensor(encodedOf(shape), [batch, 2 * latent]),
          outGrad: backend.tensor(outGradOf(), [batch, latent]),
          out,
          loss,
          count,
          ...(draws && { noise: NOISE }),
          scale: SCALE,
        });
        return { out, loss };
      }),
    bound() {
      const [encoded, outGrad, held] = [encodedOf(shape), outGradOf(), lossOf()];
      const out = new Float64Array(batch * 2 * latent);
      const loss = new Float64Array(batch + LOSS_REST);
      for (let b = 0; b < count; b++) {
        loss[b] = SUM_UNITS * EPSILON * held[b];
        for (let c = 0; c < latent; c++) {
          const at = 2 * b * latent + c;
          const mean = Math.abs(encoded[at]);
          const logVariance = encoded[at + latent];
          const variance = Math.exp(logVariance);
          const g = Math.abs(outGrad[b * latent + c]);
          const normal = draws ? Math.abs(randomNormal(NOISE.seed, NOISE.step, b, c)) : 0;
          const drawn = g * Math.sqrt(variance) * normal;
          const terms = mean * mean + variance + Math.abs(logVariance) + 1;
          loss[b] += EPSILON * SCALE * (SUM_UNITS * terms + variance * expUnits(logVariance));
          out[at] = SUM_UNITS * EPSILON * (g + SCALE * mean);
          out[at + latent] =
            EPSILON *
            (drawn * (NORMAL_UNITS + SUM_UNITS + expUnits(logVariance / 2)) +
              SCALE * (SUM_UNITS * (variance + 1) + variance * expUnits(logVariance)));
        }
      }
      return { out, loss };
    },
  };
}

export const latentCases: readonly KernelCase[] = [
  ...SHAPES.map((shape) => sample(shape, true)),
  sample(SHAPES[1], false),
  sample(SHAPES[2], false),
  ...SHAPES.map((shape) => backward(shape)),
  backward(SHAPES[1], false),
];
