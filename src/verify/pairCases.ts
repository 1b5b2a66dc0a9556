import type { Backend } from '../backend/backend.js';
import { randomBits } from '../backend/random.js';
import {
  EPSILON,
  FUNCTION_UNITS,
  type KernelCase,
  magnitudes,
  outputsOf,
  SUM_UNITS,
  stale,
  unitsOf,
} from './case.js';
import { absolute, numbers } from './inputs.js';

interface PairShape {
  readonly name: string;
  readonly users: number;
  readonly items: number;
  /** Rows of the outputs; the ones from `count` on are padding. */
  readonly capacity: number;
  readonly count: number;
  readonly factors: number;
  readonly hidden: number;
  /** Factors are in ±high. */
  readonly high?: number;
}

/** Pairs in the buffer before those of the batch. */
const FIRST = 3;
const LOSS_REST = 3;
/** 1/7 is no f32: the scale is rounded on its way to a shader, as in training. */
const SCALE = 1 / 7;

const SHAPES: readonly PairShape[] = [
  { name: 'one pair, one factor', users: 1, items: 1, capacity: 1, count: 1, factors: 1, hidden: 1 },
  { name: '3 of 5 pairs', users: 2, items: 3, capacity: 5, count: 3, factors: 3, hidden: 7 },
  { name: '257 pairs', users: 9, items: 33, capacity: 257, count: 257, factors: 8, hidden: 32 },
  { name: '61 of 64 pairs', users: 70, items: 5, capacity: 64, count: 61, factors: 65, hidden: 50 },
  { name: 'no pair of 4', users: 2, items: 2, capacity: 4, count: 0, factors: 5, hidden: 300 },
  {
    name: '33 pairs, logits far out',
    users: 4,
    items: 4,
    capacity: 33,
    count: 33,
    factors: 4,
    hidden: 4,
    high: 30,
  },
];

/** Users, items, targets of 0, 1 and 0.25, weights in [0.5, 2); the first ones are none of the batch's. */
function pairsOf({ users, items, count }: PairShape): Uint32Array {
  const pairs = new Uint32Array(4 * (FIRST + count));
  const bits = new Float32Array(pairs.buffer);
  for (let k = 0; k < FIRST + count; k++) {
    pairs[4 * k] = randomBits(91, 0, 0, k) % users;
    pairs[4 * k + 1] = randomBits(91, 1, 0, k) % items;
    bits[4 * k + 2] = [0, 1, 0.25][randomBits(91, 2, 0, k) % 3];
    bits[4 * k + 3] = 0.5 + (randomBits(91, 3, 0, k) % 96) / 64;
  }
  return pairs;
}

const upload = (backend: Backend, rows: number, columns: number, values: Float32Array) =>
  backend.tensor(values, [rows, columns]);

function sum(shape: PairShape, activation: 'linear' | 'relu'): KernelCase {
  const { users, items, capacity, count, hidden } = shape;
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const out = stale(backend, capacity, hidden);
      backend.pairSum({
        pairs: backend.tensor(pairsOf(shape)),
        first: FIRST,
        count,
        users: upload(backend, users, hidden, sign(numbers(users * hidden, 92))),
        items: upload(backend, items, hidden, sign(numbers(items * hidden, 93))),
        out,
        activation,
      });
      return { out };
    });
  return {
    kernel: 'pairSum',
    name: `${shape.name}, ${activation}`,
    run: (backend) => run(backend),
    async bound() {
      const { out } = await magnitudes((backend) => run(backend, absolute));
      return { out: unitsOf(out) };
    },
  };
}

function loss(shape: PairShape): KernelCase {
  const { users, items, capacity, count, factors, high = 1 } = shape;
  const inputs = () => ({
    users: numbers(users * factors, 94, -high, high),
    items: numbers(items * factors, 95),
    logits: numbers(capacity, 96, -high, high),
  });
  return {
    kernel: 'pairLoss',
    name: shape.name,
    run: (backend) =>
      outputsOf(backend, () => {
        const given = inputs();
        const logits = upload(backend, capacity, 1, given.logits);
        // Longer than the capacity: the rest must keep its values.
        const losses = stale(backend, capacity + LOSS_REST);
        backend.pairLoss({
          pairs: backend.tensor(pairsOf(shape)),
          first: FIRST,
          count,
          users: upload(backend, users, factors, given.users),
          items: upload(backend, items, factors, given.items),
          logits,
          loss: losses,
          scale: SCALE,
        });
        return { loss: losses, logits };
      }),
    bound() {
      const given = inputs();
      const pairs = pairsOf(shape);
      const bits = new Float32Array(pairs.buffer);
      const bounds = {
        loss: new Float64Array(capacity + LOSS_REST),
        logits: new Float64Array(capacity),
      };
      for (let k = 0; k < count; k++) {
        const [user, item] = pairs.subarray(4 * (FIRST + k));
        const [target, weight] = bits.subarray(4 * (FIRST + k) + 2);
        // First-order: z's error goes through slopes of at most 1 + target and 1/4; see binaryCrossEntropyBound.
        let size = Math.abs(given.logits[k]);
        for (let f = 0; f < factors; f++) {
          size += Math.abs(given.users[user * factors + f] * given.items[item * factors + f]);
        }
        const zError = SUM_UNITS * size;
        const factor = EPSILON * SCALE * weight;
        bounds.loss[k] = factor * ((1 + target) * zError + FUNCTION_UNITS + SUM_UNITS * (1 + target) * size);
        bounds.logits[k] = factor * (zError / 4 + FUNCTION_UNITS + SUM_UNITS * (1 + target));
      }
      return bounds;
    },
  };
}

/** The entries of users by pair, behind those of a row that is not asked for. */
function backward(shape: PairShape): KernelCase {
  const { users, items, capacity, count, factors, hidden } = shape;
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const pairs = pairsOf(shape).subarray(4 * FIRST);
      const rows: number[][] = Array.from({ length: users }, () => []);
      for (let k = 0; k < count; k++) rows[pairs[4 * k]].push(k, pairs[4 * k + 1]);
      const starts = [0, 1];
      for (const row of rows) starts.push(starts[starts.length - 1] + row.length / 2);
      const outDot = stale(backend, users, factors);
      const outSum = stale(backend, users, hidden);
      backend.pairBackward({
        starts: backend.tensor(Uint32Array.from(starts)),
        entries: backend.tensor(Uint32Array.of(0, 0, ...rows.flat())),
        firstStart: 1,
        logitGrad: upload(backend, capacity, 1, sign(numbers(capacity, 97))),
        sumGrad: upload(backend, capacity, hidden, sign(numbers(capacity * hidden, 98))),
        others: upload(backend, items, factors, sign(numbers(items * factors, 99))),
        outDot,
        outSum,
      });
      return { outDot, outSum };
    });
  return {
    kernel: 'pairBackward',
    name: shape.name,
    run: (backend) => run(backend),
    async bound() {
      const { outDot, outSum } = await magnitudes((backend) => run(backend, absolute));
      return { outDot: unitsOf(outDot), outSum: unitsOf(outSum) };
    },
  };
}

function gridSum(users: number, items: number, hidden: number, firstRow: number, rows: number): KernelCase {
  const capacity = rows * items + 2;
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const out = stale(backend, capacity, hidden);
      backend.gridSum({
        users: upload(backend, users, hidden, sign(numbers(users * hidden, 102))),
        items: upload(backend, items, hidden, sign(numbers(items * hidden, 103))),
        out,
        firstRow,
        rows,
        activation: 'relu',
      });
      return { out };
    });
  return {
    kernel: 'gridSum',
    name: `rows ${firstRow}..${firstRow + rows} of ${users}, ${items} items, ${hidden} units`,
    run: (backend) => run(backend),
    async bound() {
      const { out } = await magnitudes((backend) => run(backend, absolute));
      return { out: unitsOf(out).fill(0, rows * items * hidden) };
    },
  };
}

function scores(batch: number, items: number, firstRow: number, rows: number): KernelCase {
  const parts = rows * items + 2;
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const all = upload(backend, batch, items, sign(numbers(batch * items, 100)));
      const given = upload(backend, parts, 1, sign(numbers(parts, 101)));
      backend.pairScores({ parts: given, scores: all, firstRow, rows });
      return { scores: all };
    });
  return {
    kernel: 'pairScores',
    name: `rows ${firstRow}..${firstRow + rows} of ${batch}, ${items} items`,
    run: (backend) => run(backend),
    async bound() {
      const { scores } = await magnitudes((backend) => run(backend, absolute));
      return { scores: unitsOf(scores) };
    },
  };
}

export const pairCases: readonly KernelCase[] = [
  ...SHAPES.map((shape) => sum(shape, 'relu')),
  sum(SHAPES[1], 'linear'),
  ...SHAPES.map((shape) => loss(shape)),
  ...SHAPES.map((shape) => backward(shape)),
  gridSum(1, 1, 1, 0, 1),
  gridSum(5, 7, 3, 1, 3),
  gridSum(33, 65, 50, 30, 3),
  gridSum(4, 30, 8, 4, 0),
  scores(1, 1, 0, 1),
  scores(5, 7, 1, 3),
  scores(33, 257, 30, 3),
  scores(4, 30, 4, 0),
];
