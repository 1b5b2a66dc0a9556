import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/backend/backend.js';
import type { Dropout } from '../../src/backend/ops.js';
import { MASKED } from '../../src/backend/ops.js';
import { uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { columnsOf, orderOf, randomCsr } from '../../src/verify/inputs.js';
import { doubles, expectGradient, type LossProblem, lossArgs } from './differences.js';

// What is worked out block by block is what the ops of whole catalogues find, and those are held to central differences.
const backend = createCpuBackend({ precision: 'f64' });
const ITEMS = 150;
const BLOCKS = [
  { firstItem: 0, items: 64 },
  { firstItem: 64, items: 64 },
  { firstItem: 128, items: 22 },
];
const place = { users: 9, first: 2, count: 4 };
const batch = () => ({ rows: backend.tensor(orderOf(place)), first: 2, count: 4 });
const csr = randomCsr(place.users, ITEMS, 0.2, 3, true);
const hidden = 3;

const read = (tensor: Tensor) => backend.read(tensor) as Promise<Float64Array>;
const columns = (all: Float64Array, rows: number, firstItem: number, items: number): Float64Array =>
  Float64Array.from(
    { length: rows * items },
    (_, i) => all[Math.floor(i / items) * ITEMS + firstItem + (i % items)],
  );

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThan(1e-12);
}

describe.each([0, 0.4])('the first layer by blocks, dropout %s', (rate) => {
  const dropout: Dropout = { rate, seed: 5, step: 9 };
  const weights = doubles(ITEMS * hidden, 4);
  const bias = doubles(hidden, 5);
  const blockOf = ({ firstItem, items }: { firstItem: number; items: number }) =>
    backend.tensor(weights.slice(firstItem * hidden, (firstItem + items) * hidden), [items, hidden]);

  it('bagBlock adds up to bagForward', async () => {
    const [whole, inBlocks] = [backend.zeros('f32', [5, hidden]), backend.zeros('f32', [5, hidden])];
    const common = { input: uploadRows(backend, csr), batch: batch(), bias: backend.tensor(bias), dropout };
    const activation = 'tanh' as const;
    backend.bagForward({
      ...common,
      weights: backend.tensor(weights, [ITEMS, hidden]),
      out: whole,
      activation,
    });
    for (const block of BLOCKS) {
      const isLast = block.firstItem === 128;
      const { firstItem } = block;
      backend.bagBlock({ ...common, weights: blockOf(block), out: inBlocks, firstItem, isLast, activation });
    }
    expectClose(await read(inBlocks), await read(whole));
  });

  it('bagBackward finds the same gradients', async () => {
    const { starts, entries } = columnsOf(csr, orderOf(place).subarray(2, 6));
    const common = {
      starts: backend.tensor(starts),
      entries: backend.tensor(entries),
      firstStart: 0,
      outGrad: backend.tensor(doubles(5 * hidden, 6), [5, hidden]),
      sums: backend.zeros('f32', [hidden]),
      dropout,
    };
    const whole = backend.zeros('f32', [ITEMS, hidden]);
    backend.bagBackward({ ...common, out: whole });
    const parts: number[] = [];
    for (const { firstItem, items } of BLOCKS) {
      const out = backend.zeros('f32', [items, hidden]);
      backend.bagBackward({ ...common, out, firstItem });
      parts.push(...(await read(out)));
    }
    expectClose(parts, await read(whole));
  });
});

describe('losses by blocks', () => {
  const logits = doubles(5 * ITEMS, 7).map((x) => 3 * x);
  const scale = 1 / 7;
  const common = () => ({ targets: uploadRows(backend, csr), batch: batch(), scale });

  for (const kernel of ['softmaxNll', 'squaredError', 'binaryCrossEntropy'] as const) {
    it(`${kernel}: the same loss and gradient`, async () => {
      const whole = {
        ...common(),
        logits: backend.tensor(logits, [5, ITEMS]),
        loss: backend.zeros('f32', [5]),
      };
      if (kernel === 'squaredError') backend.squaredError({ ...whole, negativeWeight: 0.3 });
      else backend[kernel](whole);
      const [loss, sums] = [backend.zeros('f32', [5]), backend.zeros('f32', [5, 4])];
      const blocks = BLOCKS.map(({ firstItem, items }) => ({
        ...common(),
        firstItem,
        logits: backend.tensor(columns(logits, 5, firstItem, items), [5, items]),
      }));
      if (kernel === 'softmaxNll') for (const block of blocks) backend.softmaxSums({ ...block, sums });
      for (const block of blocks) {
        if (kernel === 'softmaxNll') backend.softmaxGrad({ ...block, sums, loss });
        else if (kernel === 'squaredError') backend.squaredError({ ...block, loss, negativeWeight: 0.3 });
        else backend.binaryCrossEntropy({ ...block, loss });
      }
      expectClose(await read(loss), await read(whole.loss));
      const grad = await read(whole.logits);
      for (const [b, { firstItem, items }] of BLOCKS.entries()) {
        expectClose(await read(blocks[b].logits), columns(grad, 5, firstItem, items));
      }
    });
  }
});

describe('a softmax over sampled items', () => {
  const problem: LossProblem = { batch: 4, count: 3, items: 9, seed: 21 };
  const logits = doubles(36, 22).map((x) => 2 * x);
  // One column is of an item that only others have.
  const corrections = doubles(9, 23).map((x, c) => (c === 4 ? MASKED : 3 * x));

  async function sampled(z: Float64Array) {
    const args = lossArgs(backend, problem, z, 0.7);
    backend.correctLogits({ ...args, positives: args.targets, corrections: backend.tensor(corrections) });
    backend.softmaxNll(args);
    return { loss: await read(args.loss), grad: await read(args.logits) };
  }

  it('correctLogits and softmaxNll give the gradient of their loss', async () => {
    const { grad } = await sampled(logits);
    const total = async (z: Float64Array) => (await sampled(z)).loss.reduce((sum, x) => sum + x, 0);
    await expectGradient(total, logits, grad);
  });

  it('corrects all but the targets, which count as themselves', async () => {
    const args = lossArgs(backend, problem, logits, 1);
    backend.correctLogits({ ...args, positives: args.targets, corrections: backend.tensor(corrections) });
    const found = await read(args.logits);
    const indptr = await backend.read(args.targets.indptr);
    const indices = await backend.read(args.targets.indices);
    const rows = await backend.read(args.batch.rows);
    for (let b = 0; b < problem.count; b++) {
      const user = rows[args.batch.first + b];
      const targets = new Set(indices.subarray(indptr[user], indptr[user + 1]));
      expect(targets.size).toBeGreaterThan(0);
      for (let c = 0; c < 9; c++) {
        const z = logits[b * 9 + c];
        expect(found[b * 9 + c]).toBe(targets.has(c) ? z : z + corrections[c]);
      }
    }
  });
});

describe('few rows', () => {
  const n = 70;
  const rates = {
    learningRate: 0.1,
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    l2: 0.3,
    weightDecay: 0.1,
    step: 4,
  };

  it.each([[[n, hidden]], [[n]]])('adamRows of all rows of %s is adam', async (shape) => {
    const size = shape.reduce((product, d) => product * d, 1);
    const make = () => {
      const [param, grad, moment1, moment2] = [1, 2, 3, 4].map((seed) =>
        backend.tensor(
          doubles(size, seed).map((x) => (seed === 4 ? Math.abs(x) : x)),
          shape,
        ),
      );
      return { param, grad, moment1, moment2 };
    };
    const [rows, whole] = [make(), make()];
    const items = backend.tensor(Uint32Array.from({ length: n }, (_, i) => i));
    backend.adamRows({ ...rows, ...rates, items, firstItem: 0 });
    backend.adam({ ...whole, ...rates });
    for (const name of ['param', 'moment1', 'moment2'] as const) {
      expectClose(await read(rows[name]), await read(whole[name]));
    }
  });

  it('gatherRows takes from every block what is in it', async () => {
    const weights = doubles(ITEMS * hidden, 4);
    const items = Uint32Array.of(149, 0, 63, 64, 128, 127);
    const out = backend.zeros('f32', [items.length, hidden]);
    for (const { firstItem, items: count } of BLOCKS) {
      const input = backend.tensor(weights.slice(firstItem * hidden, (firstItem + count) * hidden), [
        count,
        hidden,
      ]);
      backend.gatherRows({ input, items: backend.tensor(items), out, firstItem });
    }
    expectClose(
      await read(out),
      Array.from(items).flatMap((item) => [...weights.slice(3 * item, 3 * item + 3)]),
    );
  });
});
