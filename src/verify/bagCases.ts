import type { Backend, Tensor } from '../backend/backend.js';
import type { Activation, Dropout } from '../backend/ops.js';
import { uploadRows } from '../backend/sparse.js';
import {
  ACTIVATIONS,
  activated,
  EPSILON,
  type KernelCase,
  magnitudes,
  outputsOf,
  SUM_UNITS,
  stale,
  unitsOf,
} from './case.js';
import { absolute, type BatchPlace, columnsOf, numbers, orderOf, randomCsr, uploadBatch } from './inputs.js';

interface BagShape extends BatchPlace {
  readonly name: string;
  /** Rows of the output; the ones from `count` on are padding. */
  readonly batch: number;
  readonly items: number;
  readonly hidden: number;
  readonly share: number | ((user: number) => number);
  readonly valued?: boolean;
  readonly rate?: number;
  /** What is kept of a history is scaled to length 1. */
  readonly normalise?: boolean;
}

const SHAPES: readonly BagShape[] = [
  one('one user, one item, hidden 1', { items: 1, hidden: 1, share: 1 }),
  one('one user, empty history, 7 items, hidden 3', { items: 7, hidden: 3, share: 0 }),
  one('one user, full history, 257 items, hidden 50', { items: 257, hidden: 50, share: 1, valued: true }),
  many('no history at all, 30 items, hidden 8', 5, 5, { items: 30, hidden: 8, share: 0 }),
  many('every second history empty, 65 items, hidden 64', 33, 33, {
    items: 65,
    hidden: 64,
    share: (user) => (user % 2) * 0.3,
    valued: true,
  }),
  many('3 of 5 rows, 30 items, hidden 8', 5, 3, { items: 30, hidden: 8, share: 0.4, valued: true }),
  many('33 rows, all histories full, 30 items, hidden 50', 33, 33, { items: 30, hidden: 50, share: 1 }),
  many('33 rows, 1000 items, hidden 128', 33, 33, { items: 1000, hidden: 128, share: 0.05, valued: true }),
  many('33 rows, 65 items, hidden 130, no values', 33, 31, { items: 65, hidden: 130, share: 0.2 }),
  many('33 rows, 257 items, hidden 50, dropout 0.5', 33, 33, {
    items: 257,
    hidden: 50,
    share: 0.3,
    valued: true,
    rate: 0.5,
  }),
  many('5 rows, 65 items, hidden 3, dropout 0.3', 5, 4, { items: 65, hidden: 3, share: 0.5, rate: 0.3 }),
  many('5 rows, 30 items, hidden 8, dropout 0.999', 5, 5, { items: 30, hidden: 8, share: 1, rate: 0.999 }),
];

const NORMALISED: readonly BagShape[] = [
  many('33 rows, 257 items, hidden 50, dropout 0.5, then length 1', 33, 31, {
    items: 257,
    hidden: 50,
    share: (user) => (user % 5) * 0.1,
    valued: true,
    rate: 0.5,
    normalise: true,
  }),
  many('5 rows, 65 items, hidden 3, length 1, no values', 5, 5, {
    items: 65,
    hidden: 3,
    share: 0.5,
    normalise: true,
  }),
  many('5 rows, 30 items, hidden 130, dropout 0.9, then length 1', 5, 4, {
    items: 30,
    hidden: 130,
    share: 0.3,
    rate: 0.9,
    normalise: true,
  }),
];

type Rest = Pick<BagShape, 'items' | 'hidden' | 'share' | 'valued' | 'rate' | 'normalise'>;

function one(name: string, rest: Rest): BagShape {
  return { name, users: 1, first: 0, count: 1, batch: 1, ...rest };
}

/** A batch that starts in the middle of the shuffled users. */
function many(name: string, batch: number, count: number, rest: Rest): BagShape {
  return { name, users: batch + 7, first: 5, count, batch, ...rest };
}

const dropoutOf = (shape: BagShape): Dropout => ({ rate: shape.rate ?? 0, seed: 0xfedcba98, step: 41 });
const historyOf = (shape: BagShape) => randomCsr(shape.users, shape.items, shape.share, 21, shape.valued);

function bagForward(shape: BagShape, activation: Activation): KernelCase {
  const { items, hidden, batch } = shape;
  const run = (backend: Backend, sign = (x: Float32Array) => x, kind = activation) =>
    outputsOf(backend, () => {
      const out = stale(backend, batch, hidden);
      const scales: Record<string, Tensor> = shape.normalise ? { scales: stale(backend, batch) } : {};
      backend.bagForward({
        ...scales,
        input: uploadRows(backend, historyOf(shape)),
        batch: uploadBatch(backend, shape),
        weights: backend.tensor(sign(numbers(items * hidden, 22)), [items, hidden]),
        bias: backend.tensor(sign(numbers(hidden, 23))),
        out,
        activation: kind,
        dropout: dropoutOf(shape),
      });
      return { out, ...scales };
    });
  const units = unitsFor(shape);
  return {
    kernel: 'bagForward',
    name: `${shape.name}, ${activation}`,
    run: (backend) => run(backend),
    async bound({ scales }) {
      const { out } = await magnitudes((backend) => run(backend, absolute, 'linear'));
      return {
        out: activated(out, activation, units).fill(0, shape.count * hidden),
        ...(scales && { scales: unitsOf(scales) }),
      };
    },
  };
}

/** The length of a row is a sum of its own, and its inverse root is off by 4 EPSILON. */
const unitsFor = ({ normalise = false }: BagShape): number => SUM_UNITS * (normalise ? 2 : 1);

/** Weights of the identity: the output is the input itself, dropped (0) or doubled (2), and must match exactly. */
function dropoutMask(items: number, batch: number): KernelCase {
  const place = { users: batch, first: 0, count: batch };
  return {
    kernel: 'bagForward',
    name: `the dropout mask of ${batch} rows, ${items} items, to the bit`,
    run: (backend) =>
      outputsOf(backend, () => {
        const identity = new Float32Array(items * items);
        for (let i = 0; i < items; i++) identity[i * items + i] = 1;
        const out = stale(backend, batch, items);
        backend.bagForward({
          input: uploadRows(backend, randomCsr(batch, items, 1, 1)),
          batch: uploadBatch(backend, place),
          weights: backend.tensor(identity, [items, items]),
          bias: backend.zeros('f32', [items]),
          out,
          activation: 'linear',
          dropout: { rate: 0.5, seed: 0xffffffff, step: 123_456_789 },
        });
        return { out };
      }),
    bound: () => ({ out: 0 }),
  };
}

/** Whole numbers at a rate of a half or scaled once: which are dropped, and one product each. */
function dropout(m: number, n: number, rate: number): KernelCase {
  const values = () => numbers(m * n, 26);
  return {
    kernel: 'dropout',
    name: `[${m}, ${n}], rate ${rate}`,
    run: (backend) =>
      outputsOf(backend, () => {
        const tensor = backend.tensor(values(), [m, n]);
        backend.dropout({ values: tensor, dropout: { rate, seed: 0xffffffff, step: 123_456_789 } });
        return { values: tensor };
      }),
    bound: () => ({ values: Float64Array.from(values(), (x) => (2 * EPSILON * Math.abs(x)) / (1 - rate)) }),
  };
}

/** The batch is the second of two whose columns lie in one buffer, as in training. */
function bagBackward(shape: BagShape, accumulate = false): KernelCase {
  const { items, hidden, batch, first, count } = shape;
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const history = historyOf(shape);
      const users = orderOf(shape);
      const before = columnsOf(history, users.subarray(0, Math.min(3, first)));
      const columns = columnsOf(history, users.subarray(first, first + count));
      const offset = before.entries.length / 2;
      const held = accumulate ? sign(numbers(items * hidden, 25)) : undefined;
      const out = held ? backend.tensor(held, [items, hidden]) : stale(backend, items, hidden);
      const sums = stale(backend, hidden);
      const scales = shape.normalise && { scales: backend.tensor(numbers(batch, 25, 0.1, 1)) };
      backend.bagBackward({
        ...scales,
        starts: backend.tensor(
          Uint32Array.of(...before.starts, ...columns.starts.map((start) => start + offset)),
        ),
        // One entry that no column holds, so that a batch without entries has a buffer too.
        entries: backend.tensor(Uint32Array.of(...before.entries, ...columns.entries, 0, 0)),
        firstStart: items + 1,
        outGrad: backend.tensor(sign(numbers(batch * hidden, 24)), [batch, hidden]),
        out,
        sums,
        dropout: dropoutOf(shape),
        ...(accumulate && { accumulate }),
      });
      return { out, sums };
    });
  return {
    kernel: 'bagBackward',
    name: `${shape.name}${accumulate ? ', added to what is there' : ''}`,
    run: (backend) => run(backend),
    async bound() {
      const { out, sums } = await magnitudes((backend) => run(backend, absolute));
      return { out: unitsOf(out, unitsFor(shape)), sums: unitsOf(sums) };
    },
  };
}

function bagInputGrad(shape: BagShape): KernelCase {
  const { items, hidden, batch } = shape;
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const places = uploadRows(backend, historyOf(shape));
      // Entries of rows outside the batch keep what they hold, so this must be the same on both sides.
      const out = backend.zeros('f32', [places.indices.size]);
      backend.bagInputGrad({
        places,
        batch: uploadBatch(backend, shape),
        weights: backend.tensor(sign(numbers(items * hidden, 25)), [items, hidden]),
        outGrad: backend.tensor(sign(numbers(batch * hidden, 26)), [batch, hidden]),
        out,
      });
      return { out };
    });
  return {
    kernel: 'bagInputGrad',
    name: shape.name,
    run: (backend) => run(backend),
    bound: async () => ({ out: unitsOf((await magnitudes((backend) => run(backend, absolute))).out) }),
  };
}

const everyActivation: BagShape = many('5 rows, 30 items, hidden 50', 5, 4, {
  items: 30,
  hidden: 50,
  share: 0.3,
  valued: true,
});

export const bagCases: readonly KernelCase[] = [
  ...NORMALISED.map((shape) => bagForward(shape, 'tanh')),
  ...NORMALISED.map((shape) => bagBackward(shape)),
  ...SHAPES.map((shape) => bagForward(shape, 'linear')),
  ...ACTIVATIONS.map((activation) => bagForward(everyActivation, activation)),
  dropoutMask(65, 33),
  dropoutMask(257, 5),
  ...SHAPES.map((shape) => bagBackward(shape)),
  ...SHAPES.filter(({ rate }) => rate === undefined).map((shape) => bagInputGrad(shape)),
  bagBackward(SHAPES[3], true),
  bagBackward(SHAPES[7], true),
  bagBackward(SHAPES[9], true),
  ...[
    [1, 1, 0.5],
    [5, 7, 0.3],
    [33, 130, 0.5],
    [200, 64, 0.2],
    [5, 30, 0.999],
  ].map(([m, n, rate]) => dropout(m, n, rate)),
];
