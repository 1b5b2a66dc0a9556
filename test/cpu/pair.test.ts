import { describe, expect, it } from 'vitest';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { dot, doubles, expectGradient } from './differences.js';

const backend = createCpuBackend({ precision: 'f64' });
const [users, items, factors, hidden, capacity] = [3, 4, 2, 5, 7];
/** User, item, target, weight. */
const PAIRS = [
  [0, 1, 1, 1],
  [0, 3, 0, 0.5],
  [2, 1, 0.25, 2],
  [1, 0, 1, 1],
  [2, 1, 0, 1],
  [2, 2, 1, 4],
] as const;
const count = PAIRS.length;
const pairs = Uint32Array.from(
  PAIRS.flatMap(([user, item, ...rest]) => [user, item, ...new Uint32Array(Float32Array.from(rest).buffer)]),
);

/** The rows of one side's entries, as pairBackward reads them. */
function columns(side: 0 | 1, rows: number) {
  const all: number[][] = Array.from({ length: rows }, () => []);
  PAIRS.forEach((pair, k) => {
    all[pair[side]].push(k, pair[side === 0 ? 1 : 0]);
  });
  const starts = [0];
  for (const row of all) starts.push(starts[starts.length - 1] + row.length / 2);
  return { starts: Uint32Array.from(starts), entries: Uint32Array.from(all.flat()) };
}

interface Inputs {
  readonly P: Float64Array;
  readonly Q: Float64Array;
  readonly A: Float64Array;
  readonly B: Float64Array;
  /** f64[hidden]: the tower is a product with it, which is enough to have a gradient for every unit. */
  readonly w: Float64Array;
}

/** The loss of all pairs, and its gradients. */
async function run({ P, Q, A, B, w }: Inputs) {
  const tensors = backend.scope(() => {
    const [p, a] = [backend.tensor(P, [users, factors]), backend.tensor(A, [users, hidden])];
    const [q, b] = [backend.tensor(Q, [items, factors]), backend.tensor(B, [items, hidden])];
    const sums = backend.zeros('f32', [capacity, hidden]);
    const batch = { pairs: backend.tensor(pairs), first: 0, count };
    backend.pairSum({ ...batch, users: a, items: b, out: sums, activation: 'tanh' });
    const [logits, weights] = [backend.zeros('f32', [capacity, 1]), backend.tensor(w, [hidden, 1])];
    const bias = backend.tensor([0.3]);
    backend.matmulNN({ a: sums, b: weights, bias, out: logits, activation: 'linear' });
    const loss = backend.zeros('f32', [capacity + 1]);
    backend.pairLoss({ ...batch, users: p, items: q, logits, loss, scale: 0.7 });
    const sumGrad = backend.zeros('f32', [capacity, hidden]);
    backend.matmulNTActivation({ a: logits, b: weights, saved: sums, out: sumGrad, activation: 'tanh' });
    const grads = ([0, 1] as const).map((side) => {
      const rows = side === 0 ? users : items;
      const { starts, entries } = columns(side, rows);
      const outDot = backend.zeros('f32', [rows, factors]);
      const outSum = backend.zeros('f32', [rows, hidden]);
      backend.pairBackward({
        starts: backend.tensor(starts),
        entries: backend.tensor(entries),
        firstStart: 0,
        logitGrad: logits,
        sumGrad,
        others: side === 0 ? q : p,
        outDot,
        outSum,
      });
      return { outDot, outSum };
    });
    return { loss, grads };
  });
  const read = async (tensor: typeof tensors.loss) => (await backend.read(tensor)) as Float64Array;
  return {
    loss: dot(await read(tensors.loss), new Float64Array(capacity + 1).fill(1)),
    P: await read(tensors.grads[0].outDot),
    Q: await read(tensors.grads[1].outDot),
    A: await read(tensors.grads[0].outSum),
    B: await read(tensors.grads[1].outSum),
  };
}

const inputs: Inputs = {
  P: doubles(users * factors, 1),
  Q: doubles(items * factors, 2),
  A: doubles(users * hidden, 3),
  B: doubles(items * hidden, 4),
  w: doubles(hidden, 5),
};

describe('pairSum, pairLoss, pairBackward', () => {
  for (const name of ['P', 'Q', 'A', 'B'] as const) {
    it(`gradient for ${name}`, async () => {
      const loss = async (x: Float64Array) => (await run({ ...inputs, [name]: x })).loss;
      await expectGradient(loss, inputs[name], (await run(inputs))[name]);
    });
  }

  it('the loss is the cross-entropy of the sigmoid, weighted', async () => {
    const { P, Q, A, B, w } = inputs;
    const losses = PAIRS.map(([user, item, target, weight]) => {
      let z = 0.3;
      for (let h = 0; h < hidden; h++) z += w[h] * Math.tanh(A[user * hidden + h] + B[item * hidden + h]);
      for (let f = 0; f < factors; f++) z += P[user * factors + f] * Q[item * factors + f];
      const p = 1 / (1 + Math.exp(-z));
      return -0.7 * weight * (target * Math.log(p) + (1 - target) * Math.log(1 - p));
    });
    expect((await run(inputs)).loss).toBeCloseTo(
      losses.reduce((sum, x) => sum + x, 0),
      10,
    );
  });
});

it('gridSum is pairSum with every item', async () => {
  const out = backend.zeros('f32', [9, 2]);
  const [rows, each] = [backend.tensor([9, 9, 1, -5, 0, 2], [3, 2]), backend.tensor([1, 1, 2, -3], [2, 2])];
  backend.gridSum({ users: rows, items: each, out, firstRow: 1, rows: 2, activation: 'relu' });
  const expected = [2, 0, 3, 0, 1, 3, 2, 0];
  expect([...(await backend.read(out))].slice(0, 8)).toEqual(expected);
});

it('pairScores adds to the rows it is told of, item by item', async () => {
  const scores = backend.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]);
  backend.pairScores({ parts: backend.tensor([10, 20, 30, 99], [4, 1]), scores, firstRow: 1, rows: 1 });
  expect([...(await backend.read(scores))]).toEqual([1, 2, 3, 14, 25, 36, 7, 8, 9]);
});
