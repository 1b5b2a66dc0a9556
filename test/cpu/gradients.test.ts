import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/backend/backend.js';
import type { Dropout, LossArgs } from '../../src/backend/ops.js';
import { uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { ACTIVATIONS } from '../../src/verify/case.js';
import { columnsOf, orderOf, randomCsr } from '../../src/verify/inputs.js';
import { dot, doubles, expectGradient, type LossProblem, lossArgs } from './differences.js';

// Every gradient the library computes, against central differences in f64. The GPU is then held to these
// ops by the kernel table: this is the bottom of the chain of trust.
const backend = createCpuBackend({ precision: 'f64' });

/** Runs `work` and reads the tensor it returns; nothing is left behind. */
async function resultOf(work: () => Tensor): Promise<Float64Array> {
  const tensor = backend.scope(work);
  const values = (await backend.read(tensor)) as Float64Array;
  tensor.free();
  return values;
}

describe('bagForward, bagBackward', () => {
  const [batch, count, items, hidden] = [5, 4, 11, 3];
  const place = { users: 9, first: 2, count };
  const csr = randomCsr(place.users, items, 0.5, 3, true);
  const columns = columnsOf(csr, orderOf(place).subarray(2, 2 + count));
  const weights = doubles(items * hidden, 4);
  const bias = doubles(hidden, 5);
  const outGrad = doubles(batch * hidden, 6);
  // Padding rows are zeros whatever the weights: their gradient must not count.
  const realGrad = outGrad.slice().fill(0, count * hidden);

  const forward = (
    w: Float64Array,
    b: Float64Array,
    activation: 'linear' | 'tanh',
    dropout: Dropout,
    scales?: Tensor,
  ) =>
    resultOf(() => {
      const out = backend.zeros('f32', [batch, hidden]);
      backend.bagForward({
        input: uploadRows(backend, csr),
        batch: { rows: backend.tensor(orderOf(place)), first: 2, count },
        weights: backend.tensor(w, [items, hidden]),
        bias: backend.tensor(b),
        out,
        activation,
        dropout,
        scales,
      });
      return out;
    });
  const backward = async (grad: Float64Array, dropout: Dropout, scales?: Tensor) => {
    const { out, sums } = backend.scope(() => {
      const tensors = { out: backend.zeros('f32', [items, hidden]), sums: backend.zeros('f32', [hidden]) };
      backend.bagBackward({
        starts: backend.tensor(columns.starts),
        entries: backend.tensor(columns.entries),
        firstStart: 0,
        outGrad: backend.tensor(grad, [batch, hidden]),
        ...tensors,
        dropout,
        scales,
      });
      return tensors;
    });
    return { weights: await backend.read(out), bias: await backend.read(sums) };
  };

  for (const rate of [0, 0.5, 0.3]) {
    const dropout = { rate, seed: 7, step: 8 };
    it(`dropout ${rate}: the weights`, async () => {
      const loss = async (w: Float64Array) => dot(await forward(w, bias, 'linear', dropout), outGrad);
      await expectGradient(loss, weights, (await backward(realGrad, dropout)).weights);
    });
    it(`dropout ${rate}: weights and bias through tanh`, async () => {
      const saved = await forward(weights, bias, 'tanh', dropout);
      const grad = await resultOf(() => {
        const out = backend.zeros('f32', [batch, hidden]);
        backend.reduceActivation({
          parts: backend.tensor(realGrad, [batch, hidden]),
          saved: backend.tensor(saved, [batch, hidden]),
          out,
          activation: 'tanh',
        });
        return out;
      });
      const ofWeights = async (w: Float64Array) => dot(await forward(w, bias, 'tanh', dropout), outGrad);
      const found = await backward(grad, dropout);
      await expectGradient(ofWeights, weights, found.weights);
      const ofBias = async (b: Float64Array) => dot(await forward(weights, b, 'tanh', dropout), outGrad);
      await expectGradient(ofBias, bias, found.bias);
    });
  }

  it('the inputs, by bagInputGrad', async () => {
    const values = Float64Array.from(csr.values!);
    const scored = (x: Float64Array) =>
      resultOf(() => {
        const out = backend.zeros('f32', [batch, hidden]);
        const { indptr, indices } = uploadRows(backend, csr);
        backend.bagForward({
          input: { indptr, indices, values: backend.tensor(x) },
          batch: { rows: backend.tensor(orderOf(place)), first: 2, count },
          weights: backend.tensor(weights, [items, hidden]),
          bias: backend.tensor(bias),
          out,
          activation: 'linear',
          dropout: { rate: 0, seed: 0, step: 0 },
        });
        return out;
      });
    const found = await resultOf(() => {
      const out = backend.zeros('f32', [csr.indices.length]);
      backend.bagInputGrad({
        places: uploadRows(backend, csr),
        batch: { rows: backend.tensor(orderOf(place)), first: 2, count },
        weights: backend.tensor(weights, [items, hidden]),
        outGrad: backend.tensor(realGrad, [batch, hidden]),
        out,
      });
      return out;
    });
    await expectGradient(async (x) => dot(await scored(x), outGrad), values, found);
  });

  it('dropped, then scaled to length 1: weights and lengths', async () => {
    const dropout = { rate: 0.4, seed: 7, step: 8 };
    const scales = backend.zeros('f32', [batch]);
    const loss = async (w: Float64Array) => dot(await forward(w, bias, 'linear', dropout, scales), outGrad);
    await loss(weights);
    await expectGradient(loss, weights, (await backward(realGrad, dropout, scales)).weights);
    // With the weights of the identity the output is the input: as long as its row's scale says, or nothing at all.
    const identity = Float64Array.from({ length: items * items }, (_, i) => (i % (items + 1) === 0 ? 1 : 0));
    const input = await resultOf(() => {
      const out = backend.zeros('f32', [batch, items]);
      backend.bagForward({
        input: uploadRows(backend, csr),
        batch: { rows: backend.tensor(orderOf(place)), first: 2, count },
        weights: backend.tensor(identity, [items, items]),
        bias: backend.zeros('f32', [items]),
        out,
        activation: 'linear',
        dropout,
        scales,
      });
      return out;
    });
    const lengths = Array.from({ length: batch }, (_, b) =>
      Math.hypot(...input.subarray(b * items, (b + 1) * items)),
    );
    const found = await backend.read(scales);
    expect(lengths.map((length) => Math.abs(length - 1) < 1e-12)).toEqual(Array.from(found, (x) => x > 0));
    expect(found[count]).toBe(0);
    scales.free();
  });

  it('about half of the inputs are dropped at 0.5, others in another step', async () => {
    const full = randomCsr(9, 400, 1, 1);
    const mask = (step: number) =>
      resultOf(() => {
        const out = backend.zeros('f32', [4, 400]);
        const identity = Float64Array.from({ length: 400 * 400 }, (_, i) => (i % 401 === 0 ? 1 : 0));
        backend.bagForward({
          input: uploadRows(backend, full),
          batch: { rows: backend.tensor(orderOf(place)), first: 2, count },
          weights: backend.tensor(identity, [400, 400]),
          bias: backend.zeros('f32', [400]),
          out,
          activation: 'linear',
          dropout: { rate: 0.5, seed: 7, step },
        });
        return out;
      });
    const [one, two] = [await mask(1), await mask(2)];
    const kept = one.filter((x) => x === 2).length;
    // 1600 coins: the standard deviation is 20.
    expect(Math.abs(kept - 800)).toBeLessThan(100);
    expect(Math.abs(one.filter((x, i) => x === two[i]).length - 800)).toBeLessThan(100);
  });
});

describe('products', () => {
  const [m, k, n] = [4, 5, 3];
  const a = doubles(m * k, 11);
  const b = doubles(k * n, 12);
  const bias = doubles(n, 13);
  const grad = doubles(m * n, 14);

  for (const activation of ACTIVATIONS) {
    it(`matmulNN with ${activation}: a by matmulNT, b by matmulTN, bias by its sums`, async () => {
      const product = (A: Float64Array, B: Float64Array, c: Float64Array, kind = activation) =>
        resultOf(() => {
          const out = backend.zeros('f32', [m, n]);
          const tensors = {
            a: backend.tensor(A, [m, k]),
            b: backend.tensor(B, [k, n]),
            bias: backend.tensor(c),
          };
          backend.matmulNN({ ...tensors, out, activation: kind });
          return out;
        });
      const saved = await product(a, b, bias, activation === 'gelu' ? 'linear' : activation);
      const [aGrad, bGrad, biasGrad] = backend.scope(() => {
        const inner = backend.zeros('f32', [m, n]);
        // The gradient in two parts, as matmulNT leaves it.
        const parts = backend.tensor(
          Float64Array.of(...grad.map((g) => g / 4), ...grad.map((g) => g * 0.75)),
          [2 * m, n],
        );
        backend.reduceActivation({ parts, saved: backend.tensor(saved, [m, n]), out: inner, activation });
        const [forA, forB, forBias] = [[2 * m, k], [k, n], [n]].map((shape) => backend.zeros('f32', shape));
        // a's gradient is inner b'; b is f32[k, n] as matmulNT takes it.
        backend.matmulNT({ a: inner, b: backend.tensor(b, [k, n]), out: forA });
        backend.matmulTN({ a: backend.tensor(a, [m, k]), b: inner, out: forB, sums: forBias });
        return [forA, forB, forBias];
      });
      const halves = await backend.read(aGrad);
      const whole = Float64Array.from({ length: m * k }, (_, i) => halves[i] + halves[m * k + i]);
      await expectGradient(async (x) => dot(await product(x, b, bias), grad), a, whole);
      await expectGradient(async (x) => dot(await product(a, x, bias), grad), b, await backend.read(bGrad));
      await expectGradient(
        async (x) => dot(await product(a, b, x), grad),
        bias,
        await backend.read(biasGrad),
      );
    });

    it(`activate and reduceActivation: ${activation}`, async () => {
      const x = doubles(24, 15).map((value) => 4 * value);
      const forward = (values: Float64Array) =>
        resultOf(() => {
          const out = backend.zeros('f32', [4, 6]);
          backend.activate({ input: backend.tensor(values, [4, 6]), out, activation });
          return out;
        });
      const outGrad = doubles(24, 16);
      const saved = activation === 'gelu' ? x : await forward(x);
      const xGrad = await resultOf(() => {
        const out = backend.zeros('f32', [4, 6]);
        const [parts, kept] = [outGrad, saved].map((values) => backend.tensor(values, [4, 6]));
        backend.reduceActivation({ parts, saved: kept, out, activation });
        return out;
      });
      await expectGradient(async (values) => dot(await forward(values), outGrad), x, xGrad);
    });
  }
});

describe('losses', () => {
  const problem: LossProblem = { batch: 4, count: 3, items: 9, seed: 21 };
  const logits = doubles(problem.batch * problem.items, 22).map((x) => 2 * x);
  const losses: Record<string, (args: LossArgs) => void> = {
    softmaxNll: (args) => backend.softmaxNll(args),
    squaredError: (args) => backend.squaredError({ ...args, negativeWeight: 1 }),
    'squaredError, w 0.3': (args) => backend.squaredError({ ...args, negativeWeight: 0.3 }),
    'activatedSquaredError, softmax': (args) =>
      backend.activatedSquaredError({ ...args, negativeWeight: 1, output: 'softmax' }),
    'activatedSquaredError, softmax, w 0.3': (args) =>
      backend.activatedSquaredError({ ...args, negativeWeight: 0.3, output: 'softmax' }),
    'activatedSquaredError, sigmoid, w 4': (args) =>
      backend.activatedSquaredError({ ...args, negativeWeight: 4, output: 'sigmoid' }),
    binaryCrossEntropy: (args) => backend.binaryCrossEntropy(args),
  };

  for (const [name, launch] of Object.entries(losses)) {
    it(name, async () => {
      const run = (z: Float64Array, which: 'loss' | 'logits') =>
        resultOf(() => {
          const args = lossArgs(backend, problem, z, 0.37);
          launch(args);
          return args[which];
        });
      const total = async (z: Float64Array) =>
        dot(await run(z, 'loss'), new Float64Array(problem.batch).fill(1));
      expect(await total(logits)).toBeGreaterThan(0);
      await expectGradient(total, logits, await run(logits, 'logits'));
    });
  }
});
