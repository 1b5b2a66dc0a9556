import { describe, expect, it } from 'vitest';
import { MASKED, NO_ITEM } from '../../src/backend/ops.js';
import { uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { denseTargets, doubles, type LossProblem, lossArgs } from './differences.js';

// Each op a second time, written from its formula in another way: a dense matrix, a sort, numbers by hand.
const backend = createCpuBackend({ precision: 'f64' });
const close = (found: ArrayLike<number>, expected: ArrayLike<number>) => {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(found[i], `element ${i}`).toBeCloseTo(expected[i], 12);
};

describe('losses from dense matrices', () => {
  const problem: LossProblem = { batch: 4, count: 3, items: 9, seed: 31 };
  const logits = doubles(36, 32);
  const targets = denseTargets(problem);
  const row = (b: number) => Array.from(logits.subarray(9 * b, 9 * b + 9));
  const softmax = (z: number[]) => {
    const exps = z.map(Math.exp);
    const sum = exps.reduce((a, b) => a + b);
    return exps.map((e) => e / sum);
  };
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const stored = (x: number) => (Number.isNaN(x) ? 0 : x);

  it('softmaxNll is -sum x log softmax', async () => {
    const args = lossArgs(backend, problem, logits, 0.25);
    backend.softmaxNll(args);
    const expected = targets.map(
      (x, b) => -0.25 * sum(softmax(row(b)).map((p, i) => stored(x[i]) * Math.log(p))),
    );
    close(await backend.read(args.loss), [...expected, 0]);
  });

  it('squaredError weighs what is not stored', async () => {
    const args = lossArgs(backend, problem, logits, 0.25);
    backend.squaredError({ ...args, negativeWeight: 0.3 });
    const expected = targets.map(
      (x, b) => 0.25 * sum(row(b).map((z, i) => (Number.isNaN(x[i]) ? 0.3 * z ** 2 : (z - x[i]) ** 2))),
    );
    close(await backend.read(args.loss), [...expected, 0]);
  });

  it('activatedSquaredError is the same of the output', async () => {
    for (const output of ['softmax', 'sigmoid'] as const) {
      const args = lossArgs(backend, problem, logits, 0.25);
      backend.activatedSquaredError({ ...args, negativeWeight: 0.3, output });
      const outputOf = (z: number[]) =>
        output === 'softmax' ? softmax(z) : z.map((v) => 1 / (1 + Math.exp(-v)));
      const expected = targets.map(
        (x, b) =>
          0.25 * sum(outputOf(row(b)).map((y, i) => (Number.isNaN(x[i]) ? 0.3 * y ** 2 : (y - x[i]) ** 2))),
      );
      close(await backend.read(args.loss), [...expected, 0]);
    }
  });

  it('binaryCrossEntropy is -x log s - (1 - x) log(1 - s)', async () => {
    const args = lossArgs(backend, problem, logits, 0.25);
    backend.binaryCrossEntropy(args);
    const expected = targets.map((x, b) => {
      const s = row(b).map((z) => 1 / (1 + Math.exp(-z)));
      return -0.25 * sum(s.map((p, i) => stored(x[i]) * Math.log(p) + (1 - stored(x[i])) * Math.log(1 - p)));
    });
    close(await backend.read(args.loss), [...expected, 0]);
  });

  it('recordLoss adds the first parts and says NaN for what is not finite', async () => {
    const ring = backend.tensor([9, 9, 9]);
    backend.recordLoss({ parts: backend.tensor([1, 2, 3, 100]), ring, count: 3, slot: 1 });
    close(await backend.read(ring), [9, 6, 9]);
    const infinities = backend.tensor([1, Number.POSITIVE_INFINITY]);
    backend.recordLoss({ parts: infinities, ring, count: 2, slot: 0 });
    expect((await backend.read(ring))[0]).toBeNaN();
  });
});

describe('bagForward', () => {
  it('is the product with the dense rows', async () => {
    const input = { ...csrFromRows([[0, 3], [], [1, 2, 3]], 4), values: Float32Array.of(2, 0.5, 1, 1, 3) };
    const weights = doubles(8, 41);
    const out = backend.zeros('f32', [4, 2]);
    backend.bagForward({
      input: uploadRows(backend, input),
      batch: { rows: backend.tensor(Uint32Array.of(9, 2, 0, 1)), first: 1, count: 3 },
      weights: backend.tensor(weights, [4, 2]),
      bias: backend.tensor([10, 20]),
      out,
      activation: 'linear',
      dropout: { rate: 0, seed: 0, step: 0 },
    });
    const w = (item: number, h: number) => weights[2 * item + h];
    close(await backend.read(out), [
      10 + w(1, 0) + w(2, 0) + 3 * w(3, 0),
      20 + w(1, 1) + w(2, 1) + 3 * w(3, 1),
      10 + 2 * w(0, 0) + 0.5 * w(3, 0),
      20 + 2 * w(0, 1) + 0.5 * w(3, 1),
      10,
      20,
      0,
      0,
    ]);
  });
});

it('transpose: entry (i, j) lands at (j, i)', async () => {
  const out = backend.zeros('f32', [3, 2]);
  backend.transpose({ input: backend.tensor([1, 2, 3, 4, 5, 6], [2, 3]), out });
  close(await backend.read(out), [1, 4, 2, 5, 3, 6]);
});

describe('optimisers by hand', () => {
  const param = () => backend.tensor([1, -2]);

  it('sgd: two steps with momentum and L2', async () => {
    const args = { param: param(), grad: backend.tensor([0.5, 1]), velocity: backend.zeros('f32', [2]) };
    const options = { learningRate: 0.1, momentum: 0.9, l2: 0.25 };
    // g = (0.5 + 0.5, 1 - 1) = (1, 0)
    backend.sgd({ ...args, ...options });
    close(await backend.read(args.param), [0.9, -2]);
    close(await backend.read(args.velocity), [1, 0]);
    // g = (0.5 + 0.45, 0); velocity = 0.9 + 0.95
    backend.sgd({ ...args, ...options });
    close(await backend.read(args.velocity), [1.85, 0]);
    close(await backend.read(args.param), [0.9 - 0.185, -2]);
  });

  it('adam: the first step is the learning rate, the second follows algorithm 1', async () => {
    const args = {
      param: param(),
      grad: backend.tensor([0.5, -3]),
      moment1: backend.zeros('f32', [2]),
      moment2: backend.zeros('f32', [2]),
    };
    const options = { learningRate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 0, l2: 0, weightDecay: 0 };
    backend.adam({ ...args, ...options, step: 1 });
    close(await backend.read(args.param), [0.9, -1.9]);
    close(await backend.read(args.moment1), [0.25, -1.5]);
    close(await backend.read(args.moment2), [0.0625, 2.25]);
    backend.write(args.grad, Float64Array.of(1, 0));
    backend.adam({ ...args, ...options, step: 2 });
    // m = (0.625, -0.75), m / 0.75; v = (0.296875, 1.6875), v / 0.4375
    close(await backend.read(args.param), [
      0.9 - (0.1 * (0.625 / 0.75)) / Math.sqrt(0.296875 / 0.4375),
      -1.9 + (0.1 * (0.75 / 0.75)) / Math.sqrt(1.6875 / 0.4375),
    ]);
  });

  it('adam: L2 goes through the moments, weight decay past them', async () => {
    const moments = () => ({ moment1: backend.zeros('f32', [2]), moment2: backend.zeros('f32', [2]) });
    const options = { learningRate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 0, step: 1 };
    const grad = backend.tensor([0.5, 0.5]);
    const withL2 = { param: param(), grad, ...moments() };
    // g = (0.5 + 2, 0.5 - 4): only the sign counts in the first step.
    backend.adam({ ...withL2, ...options, l2: 1, weightDecay: 0 });
    close(await backend.read(withL2.param), [0.9, -1.9]);
    close(await backend.read(withL2.moment1), [1.25, -1.75]);
    const decayed = { param: param(), grad, ...moments() };
    backend.adam({ ...decayed, ...options, l2: 0, weightDecay: 0.5 });
    close(await backend.read(decayed.param), [1 - 0.1 - 0.05, -2 - 0.1 + 0.1]);
    close(await backend.read(decayed.moment1), [0.25, 0.25]);
  });
});

describe('ranking by sorting', () => {
  // Six scores with ties; user 0 has seen item 4.
  const scores = [3, 5, 3, 1, 9, 5];
  const seen = () => uploadRows(backend, csrFromRows([[4]], 6));
  const batch = () => ({ rows: backend.tensor(Uint32Array.of(0)), first: 0, count: 1 });
  const top = async (k: number, allowed = 0b111111) => {
    const [topItems, topScores] = [backend.tensor(new Uint32Array(k), [1, k]), backend.zeros('f32', [1, k])];
    const args = { scores: backend.tensor(scores, [1, 6]), seen: seen(), batch: batch() };
    backend.topK({ ...args, allowed: backend.tensor(Uint32Array.of(allowed)), topItems, topScores });
    return [Array.from(await backend.read(topItems)), Array.from(await backend.read(topScores))];
  };

  it('topK gives ties to the lower index and leaves out what was seen', async () => {
    expect(await top(3)).toEqual([
      [1, 5, 0],
      [5, 5, 3],
    ]);
    expect(await top(7)).toEqual([
      [1, 5, 0, 2, 3, NO_ITEM, NO_ITEM],
      [5, 5, 3, 3, 1, MASKED, MASKED],
    ]);
    expect(await top(3, 0b001100)).toEqual([
      [2, 3, NO_ITEM],
      [3, 1, MASKED],
    ]);
  });

  it('rankOf counts what is above and what is tied', async () => {
    const heldOut = uploadRows(backend, csrFromRows([[0, 2, 3, 5]], 6));
    const ranks = backend.tensor(new Uint32Array(12));
    const heldOutScores = backend.zeros('f32', [4]);
    const args = { scores: backend.tensor(scores, [1, 6]), heldOut, batch: batch(), firstEntry: 0 };
    backend.scoresOf({ ...args, out: heldOutScores });
    expect(Array.from(await backend.read(heldOutScores))).toEqual([3, 3, 1, 5]);
    backend.rankOf({
      scores: backend.tensor(scores, [1, 6]),
      seen: seen(),
      heldOut,
      heldOutScores,
      batch: batch(),
      ranks,
      firstEntry: 0,
    });
    expect(Array.from(await backend.read(ranks))).toEqual([2, 0, 1, 2, 1, 1, 4, 0, 0, 0, 1, 1]);
  });

  it('topK agrees with a sort of a thousand tied scores, for every k', async () => {
    const values = doubles(1000, 51).map((x) => Math.round(40 * x));
    const order = Array.from(values.keys()).sort((a, b) => values[b] - values[a] || a - b);
    for (const k of [1, 2, 10, 63, 64, 500, 999, 1000]) {
      const topItems = backend.tensor(new Uint32Array(k), [1, k]);
      backend.topK({
        scores: backend.tensor(values, [1, 1000]),
        seen: uploadRows(backend, csrFromRows([[]], 1000)),
        batch: batch(),
        allowed: backend.tensor(new Uint32Array(32).fill(0xffffffff)),
        topItems,
        topScores: backend.zeros('f32', [1, k]),
      });
      expect(Array.from(await backend.read(topItems))).toEqual(order.slice(0, k));
    }
  });
});
