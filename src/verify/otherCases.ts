import type { Backend } from '../backend/backend.js';
import { SQUARE_PARTS } from '../backend/ops.js';
import { EPSILON, type KernelCase, outputsOf, STALE, SUM_UNITS, stale } from './case.js';
import { numbers } from './inputs.js';

const SIZES: readonly (readonly number[])[] = [[1], [7], [5, 3], [33, 65], [300_001]];
const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);
const named = (shape: readonly number[], words: string): string => `[${shape.join(', ')}]${words}`;

/** The parts are added here; the slots on both sides must keep their values. */
function sumSquares(shape: readonly number[], count?: number): KernelCase {
  const slot = 3;
  const input = () => numbers(sizeOf(shape), 51);
  return {
    kernel: 'sumSquares',
    name: named(shape, count === undefined ? '' : `, the first ${count}`),
    async run(backend) {
      const { sums } = await outputsOf(backend, () => {
        const sums = stale(backend, SQUARE_PARTS + 10);
        backend.sumSquares({ input: backend.tensor(input(), shape), sums, slot, factor: 0.375, count });
        return { sums };
      });
      const parts = Array.from(sums).splice(slot, SQUARE_PARTS);
      const others = Float64Array.from([...sums.subarray(0, slot), ...sums.subarray(slot + SQUARE_PARTS)]);
      return { total: Float64Array.of(parts.reduce((total, part) => total + part, 0)), others };
    },
    bound: ({ total }) => ({ total: SUM_UNITS * EPSILON * total[0], others: 0 }),
  };
}

function recordLoss(
  name: string,
  size: number,
  count: number,
  spoil?: { at: number; value: number },
): KernelCase {
  const slot = 5;
  const parts = () => {
    const values = numbers(size, 52, 0, 100);
    if (spoil) values[spoil.at] = spoil.value;
    return values;
  };
  return {
    kernel: 'recordLoss',
    name,
    run: (backend) =>
      outputsOf(backend, () => {
        const ring = stale(backend, 9);
        backend.recordLoss({ parts: backend.tensor(parts()), ring, count, slot });
        return { ring };
      }),
    bound() {
      const sum = parts()
        .subarray(0, count)
        .reduce((total, x) => total + Math.abs(x), 0);
      const ring = new Float64Array(9);
      ring[slot] = Number.isFinite(sum) ? SUM_UNITS * EPSILON * sum : 0;
      return { ring };
    },
  };
}

interface Sgd {
  readonly learningRate: number;
  readonly momentum: number;
  readonly l2: number;
  readonly decayed?: number;
}

function sgd(shape: readonly number[], options: Sgd): KernelCase {
  const size = sizeOf(shape);
  const param = () => numbers(size, 53);
  const grad = () => numbers(size, 54);
  const velocity = () => numbers(size, 55);
  const { learningRate, momentum, l2 } = options;
  return {
    kernel: 'sgd',
    name: named(
      shape,
      `, rate ${learningRate}, momentum ${momentum}, l2 ${l2}${options.decayed ? ` on the first ${options.decayed}` : ''}`,
    ),
    run: (backend) =>
      outputsOf(backend, () => {
        const tensors = {
          param: backend.tensor(param(), shape),
          velocity: backend.tensor(velocity(), shape),
        };
        backend.sgd({ ...tensors, grad: backend.tensor(grad(), shape), ...options });
        return tensors;
      }),
    bound() {
      const [p, g, v] = [param(), grad(), velocity()];
      const change = p.map((_, i) => Math.abs(g[i]) + 2 * l2 * Math.abs(p[i]) + momentum * Math.abs(v[i]));
      return {
        velocity: Float64Array.from(change, (c) => SUM_UNITS * EPSILON * c),
        param: Float64Array.from(change, (c, i) => SUM_UNITS * EPSILON * (Math.abs(p[i]) + learningRate * c)),
      };
    },
  };
}

export interface Adam {
  readonly step: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly l2: number;
  readonly weightDecay: number;
  readonly decayed?: number;
}

export const ADAM: Adam = {
  step: 1,
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  l2: 0,
  weightDecay: 0,
};

function adam(shape: readonly number[], words: string, changed: Partial<Adam> = {}): KernelCase {
  const size = sizeOf(shape);
  const options = { ...ADAM, ...changed };
  const fresh = options.step === 1;
  const inputs = () => ({
    param: numbers(size, 56),
    // Every fifth gradient is zero: an item that nobody in the batch has.
    grad: numbers(size, 57).map((g, i) => (i % 5 === 4 ? 0 : g)),
    moment1: fresh ? new Float32Array(size) : numbers(size, 58, -0.1, 0.1),
    moment2: fresh ? new Float32Array(size) : numbers(size, 59, 1e-4, 0.1),
  });
  return {
    kernel: 'adam',
    name: named(shape, words),
    run: (backend: Backend) =>
      outputsOf(backend, () => {
        const { param, grad, moment1, moment2 } = inputs();
        const tensors = {
          param: backend.tensor(param, shape),
          moment1: backend.tensor(moment1, shape),
          moment2: backend.tensor(moment2, shape),
        };
        backend.adam({ ...tensors, grad: backend.tensor(grad, shape), ...options });
        return tensors;
      }),
    bound: (reference) => adamBounds(inputs(), reference.moment1, reference.moment2, options),
  };
}

/** First-order: the errors of the moments, carried through m / (sqrt(v) + epsilon). */
export function adamBounds(
  inputs: { param: Float32Array; grad: Float32Array; moment1: Float32Array; moment2: Float32Array },
  newMoment1: ArrayLike<number>,
  newMoment2: ArrayLike<number>,
  { step, learningRate, beta1, beta2, epsilon, l2, weightDecay }: Adam,
) {
  const size = inputs.param.length;
  const bounds = {
    param: new Float64Array(size),
    moment1: new Float64Array(size),
    moment2: new Float64Array(size),
  };
  const correction1 = 1 - beta1 ** step;
  const correction2 = 1 - beta2 ** step;
  for (let i = 0; i < size; i++) {
    const p = Math.abs(inputs.param[i]);
    const g = Math.abs(inputs.grad[i]) + 2 * l2 * p;
    const v = newMoment2[i];
    const mError = SUM_UNITS * EPSILON * (beta1 * Math.abs(inputs.moment1[i]) + (1 - beta1) * g);
    const vError = SUM_UNITS * EPSILON * (beta2 * inputs.moment2[i] + (1 - beta2) * g * g);
    const divisor = Math.sqrt(v / correction2) + epsilon;
    const change = Math.abs(newMoment1[i]) / correction1 / divisor;
    const changeError =
      mError / correction1 / divisor + change * ((v > 0 ? vError / v : 0) + 2 * SUM_UNITS * EPSILON);
    bounds.moment1[i] = mError;
    bounds.moment2[i] = vError;
    bounds.param[i] = learningRate * changeError + SUM_UNITS * EPSILON * p * (1 + learningRate * weightDecay);
  }
  return bounds;
}

/** `squares` are random, as if of another gradient: their root is the length. */
function clipNorm(size: number, most: number): KernelCase {
  const grad = () => numbers(size, 62);
  return {
    kernel: 'clipNorm',
    name: `[${size}] to ${most}`,
    run: (backend) =>
      outputsOf(backend, () => {
        const tensor = backend.tensor(grad());
        backend.clipNorm({ grad: tensor, squares: backend.tensor(numbers(SQUARE_PARTS, 63, 0, 1)), most });
        return { grad: tensor };
      }),
    bound: (reference) => ({
      grad: Float64Array.from(reference.grad, (g) => SUM_UNITS * EPSILON * Math.abs(g)),
    }),
  };
}

function zeroDiagonal(n: number): KernelCase {
  return {
    kernel: 'zeroDiagonal',
    name: `[${n}, ${n}]`,
    run: (backend) =>
      outputsOf(backend, () => {
        const matrix = backend.tensor(numbers(n * n, 60, STALE, STALE + 1), [n, n]);
        backend.zeroDiagonal({ matrix });
        return { matrix };
      }),
    bound: () => ({ matrix: 0 }),
  };
}

function uniform(
  rows: number,
  columns: number,
  seed: number,
  stream: number,
  firstRow: number,
  firstColumn?: number,
): KernelCase {
  return {
    kernel: 'uniform',
    name: `[${rows}, ${columns}] from row ${firstRow}${firstColumn ? `, column ${firstColumn}` : ''}, seed ${seed}, to the bit`,
    run: (backend) =>
      outputsOf(backend, () => {
        const out = stale(backend, rows, columns);
        backend.uniform({ out, seed, stream, firstRow, firstColumn });
        return { out };
      }),
    bound: () => ({ out: 0 }),
  };
}

export const otherCases: readonly KernelCase[] = [
  ...SIZES.map((shape) => sumSquares(shape)),
  sumSquares([1003], 517),
  recordLoss('1 part', 1, 1),
  recordLoss('no part of 7', 7, 0),
  recordLoss('5 of 7 parts, NaN beyond them', 7, 5, { at: 5, value: Number.NaN }),
  recordLoss('1000 parts', 1000, 1000),
  recordLoss('33 parts, one NaN', 33, 33, { at: 32, value: Number.NaN }),
  recordLoss('257 parts, one infinite', 257, 257, { at: 64, value: Number.POSITIVE_INFINITY }),
  ...SIZES.map((shape) => sgd(shape, { learningRate: 0.05, momentum: 0.9, l2: 0.01 })),
  sgd([30, 50], { learningRate: 0.5, momentum: 0, l2: 0 }),
  sgd([1003], { learningRate: 0.5, momentum: 0.9, l2: 0.1, decayed: 517 }),
  ...SIZES.map((shape) => adam(shape, ', step 1')),
  adam([30, 50], ', step 100', { step: 100 }),
  adam([30, 50], ', step 100000, betas 0.5 and 0.9', { step: 100_000, beta1: 0.5, beta2: 0.9 }),
  adam([33, 65], ', step 7, l2 0.01', { step: 7, l2: 0.01 }),
  adam([33, 65], ', step 7, weight decay 0.1', { step: 7, weightDecay: 0.1, learningRate: 0.05 }),
  adam([1003], ', weight decay and l2 on the first 517', { l2: 0.01, weightDecay: 0.1, decayed: 517 }),
  clipNorm(1, 1),
  clipNorm(1003, 0.25),
  clipNorm(30_001, 100),
  ...[1, 7, 64, 65, 257].map((n) => zeroDiagonal(n)),
  uniform(1, 1, 1, 3, 0),
  uniform(5, 7, 0, 6, 0),
  uniform(33, 65, 0xffffffff, 3, 1000),
  uniform(5, 1000, 12_345, 4, 4_000_000_000),
  uniform(5, 100, 12_345, 4, 3, 900),
];
