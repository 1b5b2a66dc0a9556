import { EPSILON, type KernelCase, outputsOf, STALE, SUM_UNITS } from './case.js';
import { numbers } from './inputs.js';

function gaussianKernel(m: number, n: number, sharpness: number): KernelCase {
  const cosines = numbers(m * n, 130);
  return {
    kernel: 'gaussianKernel',
    name: `${m} x ${n} cosines, sharpness ${sharpness}`,
    run: (backend) =>
      outputsOf(backend, () => {
        const made = backend.tensor(cosines, [m, n]);
        backend.gaussianKernel({ cosines: made, sharpness });
        return { cosines: made };
      }),
    // The exponent z has two roundings of at most 2 sharpness, which exp turns into as many of the result; and WGSL lets
    // exp(z) be off by 3 + 2 |z| units in the last place, each 2 EPSILON.
    bound: ({ cosines: k }) => ({
      cosines: Float64Array.from(k, (x, i) => {
        const z = sharpness * Math.abs(cosines[i] - 1);
        return EPSILON * x * (4 * sharpness + 2 * (3 + 2 * z) + 1);
      }),
    }),
  };
}

interface StandardiseShape {
  readonly batch: number;
  readonly items: number;
  readonly offset?: number;
  readonly weight?: number;
  readonly accumulate?: boolean;
  /** Each row has a weight of its own. */
  readonly weighted?: boolean;
}

/** The second of three or more rows is all the same number. */
function standardise({
  batch,
  items,
  offset = 0,
  weight = 1,
  accumulate,
  weighted,
}: StandardiseShape): KernelCase {
  const scores = numbers(batch * items, 131).map((x, i) =>
    Math.floor(i / items) === 1 && batch > 2 ? Math.fround(0.1) : x + offset,
  );
  const rowWeights = numbers(batch, 132, 0, 1);
  return {
    kernel: 'standardise',
    name: `${batch} x ${items} scores about ${offset}, weight ${weight}${weighted ? ', rows weighted' : ''}${accumulate ? ', added to what is there' : ''}`,
    run: (backend) =>
      outputsOf(backend, () => {
        const out = backend.tensor(new Float32Array(batch * items).fill(STALE), [batch, items]);
        backend.standardise({
          scores: backend.tensor(scores, [batch, items]),
          out,
          weight,
          rowWeights: weighted ? backend.tensor(rowWeights) : undefined,
          accumulate,
        });
        return { out };
      }),
    /*
     * A deviation is off by the roundings of s - s0, of the mean of these, and its own: `apart` in all. The deviation
     * that is divided by carries the mean of these errors, and a few roundings of its own.
     */
    bound: ({ out }) => {
      const bounds = new Float64Array(batch * items);
      for (let b = 0; b < batch; b++) {
        const row = Array.from(scores.subarray(b * items, (b + 1) * items), (x) => x - scores[b * items]);
        const mean = row.reduce((sum, x) => sum + x, 0) / items;
        const size = row.reduce((sum, x) => sum + Math.abs(x), 0) / items;
        const sd = Math.sqrt(row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / items);
        if (sd === 0) continue;
        const apart = (x: number) => EPSILON * (Math.abs(x) + (SUM_UNITS + 2) * size + Math.abs(x - mean));
        const spread = Math.sqrt(row.reduce((sum, x) => sum + apart(x) ** 2, 0) / items);
        row.forEach((x, i) => {
          const own = weight * (weighted ? rowWeights[b] : 1);
          const z = Math.abs((own * (x - mean)) / sd);
          const relative = spread / sd + (SUM_UNITS + 5) * EPSILON;
          bounds[b * items + i] =
            (own * apart(x)) / sd + z * relative + (accumulate ? EPSILON * Math.abs(out[b * items + i]) : 0);
        });
      }
      return { out: bounds };
    },
  };
}

export const scoreCases: readonly KernelCase[] = [
  gaussianKernel(1, 1, 3),
  gaussianKernel(7, 33, 3),
  gaussianKernel(5, 257, 0.5),
  gaussianKernel(64, 64, 10),
  standardise({ batch: 1, items: 1, weighted: true }),
  standardise({ batch: 3, items: 5, weight: 0.3 }),
  standardise({ batch: 4, items: 257, offset: 100, weight: 0.5, accumulate: true }),
  standardise({ batch: 33, items: 64, accumulate: true, weighted: true }),
  standardise({ batch: 8, items: 1000, offset: -3 }),
];
