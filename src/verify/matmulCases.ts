import { type Backend, SLICE, type Tensor } from '../backend/backend.js';
import { type Activation, SQUARE_PARTS } from '../backend/ops.js';
import {
  ACTIVATIONS,
  activated,
  EPSILON,
  FUNCTION_UNITS,
  type KernelCase,
  magnitudes,
  type Outputs,
  outputsOf,
  STALE,
  SUM_UNITS,
  stale,
  unitsOf,
} from './case.js';
import { absolute, numbers } from './inputs.js';

type Sign = (x: Float32Array) => Float32Array;
const same: Sign = (x) => x;

/** m, k, n: off the padding, on it, one, and the shapes of the article's network. */
const SHAPES: readonly [m: number, k: number, n: number][] = [
  [1, 1, 1],
  [1, 64, 1],
  [1, 128, 64],
  [5, 3, 7],
  [5, 64, 257],
  [8, 8, 8],
  [32, 64, 64],
  [33, 50, 65],
  [33, 64, 1000],
  [65, 1, 30],
];

function matmulNN([m, k, n]: readonly [number, number, number], activation: Activation): KernelCase {
  const run = (backend: Backend, sign = same, kind = activation) =>
    outputsOf(backend, () => {
      const out = stale(backend, m, n);
      backend.matmulNN({
        a: backend.tensor(sign(numbers(m * k, 31)), [m, k]),
        b: backend.tensor(sign(numbers(k * n, 32)), [k, n]),
        bias: backend.tensor(sign(numbers(n, 33))),
        out,
        activation: kind,
      });
      return { out };
    });
  return {
    kernel: 'matmulNN',
    name: `[${m}, ${k}] x [${k}, ${n}], ${activation}`,
    run: (backend) => run(backend),
    bound: async () => ({
      out: activated((await magnitudes((backend) => run(backend, absolute, 'linear'))).out, activation),
    }),
  };
}

/** m, k, n, splits. The parts are added here: which terms a part sums is the backend's choice. */
const SPLIT_SHAPES: readonly [m: number, k: number, n: number, splits: number][] = [
  [1, 1, 1, 1],
  [1, 1, 1, 3],
  [5, 7, 3, 1],
  [5, 30, 64, 3],
  [33, 65, 50, 7],
  [32, 64, 128, 1],
  [1, 257, 64, 7],
  [33, 1000, 64, 1],
  [33, 1000, 64, 7],
  [8, 1000, 8, 32],
];

function matmulNT([m, k, n, splits]: readonly [number, number, number, number]): KernelCase {
  const run = async (backend: Backend, sign = same): Promise<Outputs> => {
    const { parts } = await outputsOf(backend, () => {
      const out = stale(backend, splits * m, n);
      backend.matmulNT({
        a: backend.tensor(sign(numbers(m * k, 34)), [m, k]),
        b: backend.tensor(sign(numbers(n * k, 35)), [n, k]),
        out,
      });
      return { parts: out };
    });
    const out = new Float64Array(m * n);
    parts.forEach((part, i) => {
      out[i % out.length] += part;
    });
    return { out };
  };
  return {
    kernel: 'matmulNT',
    name: `[${m}, ${k}] x [${n}, ${k}]', ${splits} parts`,
    run: (backend) => run(backend),
    bound: async () => ({ out: unitsOf((await magnitudes((backend) => run(backend, absolute))).out) }),
  };
}

function matmulNTActivation(
  [m, k, n]: readonly [number, number, number],
  activation: Activation,
): KernelCase {
  const run = (backend: Backend, sign = same, kind = activation) =>
    outputsOf(backend, () => {
      const out = stale(backend, m, n);
      backend.matmulNTActivation({
        a: backend.tensor(sign(numbers(m * k, 43)), [m, k]),
        b: backend.tensor(sign(numbers(n * k, 44)), [n, k]),
        saved: backend.tensor(savedFor(activation, m * n), [m, n]),
        out,
        activation: kind,
      });
      return { out };
    });
  return {
    kernel: 'matmulNTActivation',
    name: `[${m}, ${k}] x [${n}, ${k}]', ${activation}`,
    run: (backend) => run(backend),
    async bound() {
      const { out } = await magnitudes((backend) => run(backend, absolute, 'linear'));
      return { out: derived(out, activation) };
    },
  };
}

function matmulTN([k, m, n]: readonly [number, number, number], accumulate = false): KernelCase {
  const run = (backend: Backend, sign = same) =>
    outputsOf(backend, () => {
      const held = accumulate && [sign(numbers(k * n, 43)), sign(numbers(n, 44))];
      const out = held ? backend.tensor(held[0], [k, n]) : stale(backend, k, n);
      const sums = held ? backend.tensor(held[1]) : stale(backend, n);
      backend.matmulTN({
        a: backend.tensor(sign(numbers(m * k, 36)), [m, k]),
        b: backend.tensor(sign(numbers(m * n, 37)), [m, n]),
        out,
        sums,
        ...(accumulate && { accumulate }),
      });
      return { out, sums };
    });
  return {
    kernel: 'matmulTN',
    name: `[${m}, ${k}]' x [${m}, ${n}]${accumulate ? ', added to what is there' : ''}`,
    run: (backend) => run(backend),
    async bound() {
      const { out, sums } = await magnitudes((backend) => run(backend, absolute));
      return { out: unitsOf(out), sums: unitsOf(sums) };
    },
  };
}

/** A matrix between stale rows: slices must neither read nor need what lies around them. */
function between(backend: Backend, values: Float32Array, [m, n]: readonly [number, number]): Tensor {
  const rows = new Float32Array((SLICE + m + 9) * n).fill(STALE);
  rows.set(values, SLICE * n);
  return backend.slice(backend.tensor(rows, [SLICE + m + 9, n]), SLICE, m);
}

/** The three products of slices, into a slice, and into a tensor whose squares show that its padding is zero. */
function sliced(
  kernel: 'matmulNN' | 'matmulNT' | 'matmulTN',
  [m, k, n]: readonly [number, number, number],
): KernelCase {
  const rows = kernel === 'matmulTN' ? k : m;
  const run = (backend: Backend, sign = same) =>
    outputsOf(backend, () => {
      const a = between(backend, sign(numbers(m * k, 45)), [m, k]);
      const depth = { matmulNN: [k, n], matmulNT: [n, k], matmulTN: [m, n] } as const;
      const b = between(backend, sign(numbers(depth[kernel][0] * depth[kernel][1], 46)), depth[kernel]);
      const product = (out: Tensor) => {
        if (kernel === 'matmulTN') backend.matmulTN({ a, b, out, sums: stale(backend, n) });
        else if (kernel === 'matmulNT') backend.matmulNT({ a, b, out });
        else backend.matmulNN({ a, b, bias: backend.zeros('f32', [n]), out, activation: 'linear' });
      };
      const slice = between(backend, new Float32Array(rows * n).fill(STALE), [rows, n]);
      product(slice);
      const out = stale(backend, rows, n);
      backend.activate({ input: slice, out, activation: 'linear' });
      const whole = stale(backend, rows, n);
      product(whole);
      const parts = backend.zeros('f32', [SQUARE_PARTS]);
      backend.sumSquares({ input: whole, sums: parts, slot: 0, factor: 1 });
      const squares = backend.zeros('f32', [1]);
      backend.recordLoss({ parts, ring: squares, count: SQUARE_PARTS, slot: 0 });
      return { out, squares };
    });
  return {
    kernel,
    name: `${m}, ${k}, ${n}: of slices`,
    run: (backend) => run(backend),
    async bound() {
      const { out, squares } = await magnitudes((backend) => run(backend, absolute));
      return { out: unitsOf(out), squares: unitsOf(squares, 3 * SUM_UNITS) };
    },
  };
}

function transpose(m: number, n: number): KernelCase {
  return {
    kernel: 'transpose',
    name: `[${m}, ${n}]`,
    run: (backend) =>
      outputsOf(backend, () => {
        const out = stale(backend, n, m);
        backend.transpose({ input: backend.tensor(numbers(m * n, 42), [m, n]), out });
        return { out };
      }),
    bound: () => ({ out: 0 }),
  };
}

/** Numbers on both sides of every bend, zero of both signs, and far out where exp overflows. */
const FAR = [0, -0, 1e-20, 0.5, -0.5, 3, -3, 8, -8, 12, -12, 50, -50, 100, -100, 1e4, -1e4];

function arguments_(count: number, seed: number, high: number): Float32Array {
  const values = numbers(count, seed, -high, high);
  values.set(FAR.slice(0, count));
  return values;
}

function activate(m: number, n: number, activation: Activation): KernelCase {
  const values = () => arguments_(m * n, 39, 6);
  return {
    kernel: 'activate',
    name: `[${m}, ${n}], ${activation}`,
    run: (backend) =>
      outputsOf(backend, () => {
        const out = stale(backend, m, n);
        backend.activate({ input: backend.tensor(values(), [m, n]), out, activation });
        return { out };
      }),
    bound: () => ({
      out: Float64Array.from(values(), (x) => {
        if (activation === 'linear' || activation === 'relu') return 0;
        return FUNCTION_UNITS * EPSILON * (activation === 'gelu' ? Math.max(1, Math.abs(x)) : 1);
      }),
    }),
  };
}

/** `saved` is an output of the activation, for gelu an input. */
function savedFor(activation: Activation, count: number): Float32Array {
  if (activation === 'gelu') return arguments_(count, 40, 6);
  if (activation === 'sigmoid') return numbers(count, 40, 0, 1).map((y, i) => (i < 2 ? i : y));
  if (activation === 'tanh') return numbers(count, 40, -1, 1).map((y, i) => (i < 2 ? 2 * i - 1 : y));
  return numbers(count, 40).map((y) => Math.max(0, y));
}

/** How far f32 may be from the derivative. */
function derivativeError(activation: Activation, saved: number): number {
  if (activation !== 'gelu') return SUM_UNITS * EPSILON;
  // Beyond 10 the tanh is 1 to the last bit. Below, the error t of the tanh comes through 1 + t and x (1 - t t) u'.
  const x = Math.min(10, Math.abs(saved));
  const slope = Math.abs(saved) > 10 ? 0 : x * 0.8 * (1 + 0.1342 * x * x);
  return EPSILON * (SUM_UNITS + FUNCTION_UNITS * (0.5 + slope));
}

/** Bounds of sums multiplied by derivatives, from the sums of the terms' magnitudes. */
function derived(sums: ArrayLike<number>, activation: Activation): Float64Array {
  const saved = savedFor(activation, sums.length);
  return Float64Array.from(
    sums,
    (sum, i) => sum * (SUM_UNITS * EPSILON + derivativeError(activation, saved[i])),
  );
}

function reduceActivation(m: number, n: number, splits: number, activation: Activation): KernelCase {
  const run = (backend: Backend, sign = same, kind = activation) =>
    outputsOf(backend, () => {
      const out = stale(backend, m, n);
      backend.reduceActivation({
        parts: backend.tensor(sign(numbers(splits * m * n, 41)), [splits * m, n]),
        saved: backend.tensor(savedFor(activation, m * n), [m, n]),
        out,
        activation: kind,
      });
      return { out };
    });
  return {
    kernel: 'reduceActivation',
    name: `[${m}, ${n}], ${splits} parts, ${activation}`,
    run: (backend) => run(backend),
    async bound() {
      const { out } = await magnitudes((backend) => run(backend, absolute, 'linear'));
      return { out: derived(out, activation) };
    },
  };
}

export const matmulCases: readonly KernelCase[] = [
  ...SHAPES.map((shape) => matmulNN(shape, 'linear')),
  ...ACTIVATIONS.slice(1).map((activation) => matmulNN([5, 50, 30], activation)),
  ...SPLIT_SHAPES.map((shape) => matmulNT(shape)),
  ...SHAPES.map((shape) => matmulNTActivation(shape, 'linear')),
  ...ACTIVATIONS.slice(1).map((activation) => matmulNTActivation([5, 50, 30], activation)),
  ...SHAPES.map((shape) => matmulTN(shape)),
  matmulTN([3, 256, 1000]),
  matmulTN([5, 1000, 3]),
  matmulTN([5, 3, 7], true),
  matmulTN([33, 50, 65], true),
  matmulTN([1000, 64, 33], true),
  ...ACTIVATIONS.map((activation) => reduceActivation(5, 50, 3, activation)),
  reduceActivation(1, 1, 1, 'linear'),
  reduceActivation(33, 65, 7, 'tanh'),
  reduceActivation(32, 128, 1, 'relu'),
  ...ACTIVATIONS.map((activation) => activate(5, 50, activation)),
  activate(1, 1, 'tanh'),
  activate(33, 257, 'sigmoid'),
  sliced('matmulNN', [13, 33, 70]),
  sliced('matmulNT', [13, 33, 70]),
  sliced('matmulTN', [13, 33, 70]),
  sliced('matmulNT', [90, 20, 301]),
  transpose(1, 1),
  transpose(5, 7),
  transpose(64, 257),
  transpose(300, 33),
];
