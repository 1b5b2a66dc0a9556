/** Sums over items that are worked out block by block: each case runs over all blocks of a small catalogue. */
import type { Backend, Tensor } from '../backend/backend.js';
import type { Activation, Dropout } from '../backend/ops.js';
import { uploadRows } from '../backend/sparse.js';
import type { Csr } from '../data/csr.js';
import { activated, type KernelCase, magnitudes, outputsOf, STALE, stale, unitsOf } from './case.js';
import { absolute, type BatchPlace, columnsOf, numbers, orderOf, randomCsr, uploadBatch } from './inputs.js';
import {
  binaryCrossEntropyBound,
  type LossBound,
  type LossRow,
  softmaxNllBound,
  squaredErrorBound,
} from './lossBounds.js';

interface Shape extends BatchPlace {
  readonly name: string;
  readonly batch: number;
  /** Items of each block; all but the last are multiples of 64. */
  readonly blocks: readonly number[];
  readonly hidden: number;
  readonly share: number | ((user: number) => number);
  readonly valued?: boolean;
  readonly rate?: number;
  readonly huge?: boolean;
}

const among = (batch: number, count: number): BatchPlace & { batch: number } => ({
  users: batch + 6,
  first: 4,
  count,
  batch,
});

const SHAPES: readonly Shape[] = [
  { name: 'one block', ...among(5, 5), blocks: [30], hidden: 8, share: 0.4, valued: true },
  {
    name: '3 of 5 rows, blocks of 64, 128 and 7',
    ...among(5, 3),
    blocks: [64, 128, 7],
    hidden: 50,
    share: 0.2,
  },
  {
    name: '33 rows, blocks of 64, every second history empty',
    ...among(33, 33),
    blocks: [64, 64, 64],
    hidden: 130,
    share: (user) => (user % 2) * 0.3,
    valued: true,
  },
  {
    name: 'full histories, dropout 0.5, the last block one item',
    ...among(5, 4),
    blocks: [64, 64, 1],
    hidden: 3,
    share: 1,
    rate: 0.5,
  },
  {
    name: 'logits at +-1e4',
    ...among(5, 5),
    blocks: [64, 64, 33],
    hidden: 8,
    share: 0.1,
    valued: true,
    huge: true,
  },
];

const itemsOf = ({ blocks }: Shape): number => blocks.reduce((sum, n) => sum + n, 0);
const historyOf = (shape: Shape): Csr =>
  randomCsr(shape.users, itemsOf(shape), shape.share, 121, shape.valued);
const dropoutOf = ({ rate = 0 }: Shape): Dropout => ({ rate, seed: 0xabcdef01, step: 17 });

/** Runs `work` for each block with the item it begins with. */
function eachBlock(shape: Shape, work: (firstItem: number, items: number, isLast: boolean) => void): void {
  let firstItem = 0;
  shape.blocks.forEach((items, b) => {
    work(firstItem, items, b === shape.blocks.length - 1);
    firstItem += items;
  });
}

function bagBlock(shape: Shape, activation: Activation): KernelCase {
  const { batch, hidden } = shape;
  const run = (backend: Backend, sign = (x: Float32Array) => x, kind = activation) =>
    outputsOf(backend, () => {
      const out = stale(backend, batch, hidden);
      const input = uploadRows(backend, historyOf(shape));
      const bias = backend.tensor(sign(numbers(hidden, 123)));
      const weights = sign(numbers(itemsOf(shape) * hidden, 122));
      eachBlock(shape, (firstItem, items, isLast) => {
        const mine = weights.subarray(firstItem * hidden, (firstItem + items) * hidden);
        backend.bagBlock({
          input,
          batch: uploadBatch(backend, shape),
          weights: backend.tensor(mine, [items, hidden]),
          bias,
          out,
          firstItem,
          isLast,
          activation: kind,
          dropout: dropoutOf(shape),
        });
      });
      return { out };
    });
  return {
    kernel: 'bagBlock',
    name: `${shape.name}, ${activation}`,
    run: (backend) => run(backend),
    async bound() {
      const { out } = await magnitudes((backend) => run(backend, absolute, 'linear'));
      return { out: activated(out, activation).fill(0, shape.count * hidden) };
    },
  };
}

function bagBackward(shape: Shape): KernelCase {
  const { batch, hidden, first, count } = shape;
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const columns = columnsOf(historyOf(shape), orderOf(shape).subarray(first, first + count));
      const outs: Record<string, Tensor> = {};
      const sums = stale(backend, hidden);
      eachBlock(shape, (firstItem, items) => {
        const out = stale(backend, items, hidden);
        outs[`from ${firstItem}`] = out;
        backend.bagBackward({
          starts: backend.tensor(Uint32Array.of(...new Array(itemsOf(shape) + 1).fill(0), ...columns.starts)),
          entries: backend.tensor(Uint32Array.of(...columns.entries, 0, 0)),
          firstStart: itemsOf(shape) + 1,
          firstItem,
          outGrad: backend.tensor(sign(numbers(batch * hidden, 124)), [batch, hidden]),
          out,
          sums,
          dropout: dropoutOf(shape),
        });
      });
      return { ...outs, sums };
    });
  return {
    kernel: 'bagBackward',
    name: `by blocks: ${shape.name}`,
    run: (backend) => run(backend),
    async bound() {
      const sizes = await magnitudes((backend) => run(backend, absolute));
      return Object.fromEntries(Object.entries(sizes).map(([name, values]) => [name, unitsOf(values)]));
    },
  };
}

function bagInputGrad(shape: Shape): KernelCase {
  const { batch, hidden } = shape;
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const places = uploadRows(backend, historyOf(shape));
      // Entries of rows outside the batch keep what they hold, so this must be the same on both sides.
      const out = backend.zeros('f32', [places.indices.size]);
      const weights = sign(numbers(itemsOf(shape) * hidden, 126));
      const outGrad = backend.tensor(sign(numbers(batch * hidden, 127)), [batch, hidden]);
      eachBlock(shape, (firstItem, items) => {
        const mine = weights.subarray(firstItem * hidden, (firstItem + items) * hidden);
        backend.bagInputGrad({
          places,
          batch: uploadBatch(backend, shape),
          weights: backend.tensor(mine, [items, hidden]),
          outGrad,
          out,
          firstItem,
        });
      });
      return { out };
    });
  return {
    kernel: 'bagInputGrad',
    name: `by blocks: ${shape.name}`,
    run: (backend) => run(backend),
    bound: async () => ({ out: unitsOf((await magnitudes((backend) => run(backend, absolute))).out) }),
  };
}

const SCALE = 1 / 7;
const HUGE = [1e4, -1e4, 9999.5, -9999.5, 9990, 0.25];

function logitsOf(shape: Shape): Float32Array {
  const items = itemsOf(shape);
  const values = numbers(shape.batch * items, 125, -3, 3);
  if (shape.huge) values.set(values.map((_, i) => HUGE[(i * 2_654_435_761) % HUGE.length]));
  // What a padding row holds must not matter.
  return values.fill(STALE, shape.count * items);
}

/** The logits of a block, on the backend. */
function uploadLogits(backend: Backend, shape: Shape, firstItem: number, items: number): Tensor {
  const all = itemsOf(shape);
  const logits = logitsOf(shape);
  const mine = new Float32Array(shape.batch * items);
  for (let b = 0; b < shape.batch; b++) {
    mine.set(logits.subarray(b * all + firstItem, b * all + firstItem + items), b * items);
  }
  return backend.tensor(mine, [shape.batch, items]);
}

function rowsOf(shape: Shape, negativeWeight: number): LossRow[] {
  const items = itemsOf(shape);
  const csr = historyOf(shape);
  const logits = logitsOf(shape);
  return Array.from(orderOf(shape).subarray(shape.first, shape.first + shape.count), (user, b) => {
    const targets = new Float32Array(items);
    const stored = new Uint8Array(items);
    for (let e = csr.indptr[user]; e < csr.indptr[user + 1]; e++) {
      targets[csr.indices[e]] = csr.values?.[e] ?? 1;
      stored[csr.indices[e]] = 1;
    }
    const mine = logits.subarray(b * items, (b + 1) * items);
    return { logits: mine, targets, stored, scale: SCALE, negativeWeight };
  });
}

/** Bounds of the loss and of each block's gradient. */
function lossBounds(shape: Shape, bound: (row: LossRow) => LossBound, negativeWeight = 1) {
  const rows = rowsOf(shape, negativeWeight).map(bound);
  const bounds: Record<string, Float64Array> = {
    loss: Float64Array.from({ length: shape.batch + 3 }, (_, b) => rows[b]?.loss ?? 0),
  };
  eachBlock(shape, (firstItem, items) => {
    const grad = new Float64Array(shape.batch * items);
    rows.forEach((row, b) => {
      grad.set(row.grad.subarray(firstItem, firstItem + items), b * items);
    });
    bounds[`from ${firstItem}`] = grad;
  });
  return bounds;
}

type Loss = 'squaredError' | 'binaryCrossEntropy' | 'softmaxGrad';

function lossByBlocks(kernel: Loss, shape: Shape, negativeWeight = 1): KernelCase {
  const bound = {
    squaredError: squaredErrorBound,
    binaryCrossEntropy: binaryCrossEntropyBound,
    softmaxGrad: softmaxNllBound,
  };
  return {
    kernel,
    name: `by blocks: ${shape.name}${negativeWeight === 1 ? '' : `, w ${negativeWeight}`}`,
    run: (backend) =>
      outputsOf(backend, () => {
        const loss = stale(backend, shape.batch + 3);
        const sums = stale(backend, shape.batch, 4);
        const common = {
          targets: uploadRows(backend, historyOf(shape)),
          batch: uploadBatch(backend, shape),
          scale: SCALE,
        };
        const blocks: { firstItem: number; logits: Tensor }[] = [];
        eachBlock(shape, (firstItem, items) => {
          blocks.push({ firstItem, logits: uploadLogits(backend, shape, firstItem, items) });
        });
        if (kernel === 'softmaxGrad')
          for (const block of blocks) backend.softmaxSums({ ...common, ...block, sums });
        for (const block of blocks) {
          if (kernel === 'squaredError') backend.squaredError({ ...common, ...block, loss, negativeWeight });
          else if (kernel === 'softmaxGrad') backend.softmaxGrad({ ...common, ...block, loss, sums });
          else backend.binaryCrossEntropy({ ...common, ...block, loss });
        }
        const grads = blocks.map(({ firstItem, logits }) => [`from ${firstItem}`, logits]);
        return { loss, ...Object.fromEntries(grads) };
      }),
    bound: () => lossBounds(shape, bound[kernel], negativeWeight),
  };
}

/** The four sums after all blocks: the largest logit is exact; see softmaxNllBound for the sum of exponentials. */
function softmaxSums(shape: Shape): KernelCase {
  return {
    kernel: 'softmaxSums',
    name: shape.name,
    run: (backend) =>
      outputsOf(backend, () => {
        const sums = stale(backend, shape.batch, 4);
        eachBlock(shape, (firstItem, items) => {
          backend.softmaxSums({
            logits: uploadLogits(backend, shape, firstItem, items),
            targets: uploadRows(backend, historyOf(shape)),
            batch: uploadBatch(backend, shape),
            sums,
            firstItem,
          });
        });
        return { sums };
      }),
    bound() {
      const bounds = new Float64Array(4 * shape.batch);
      rowsOf(shape, 1).forEach(({ logits, targets }, b) => {
        const max = logits.reduce((m, z) => Math.max(m, z), Number.NEGATIVE_INFINITY);
        const exps = Float64Array.from(logits, (z) => Math.exp(z - max));
        // exp(x) may be off by 3 + 2|x| units in the last place; a block's share is scaled once more.
        const sumError = exps.reduce((sum, e, i) => sum + e * (16 + 12 * (max - logits[i])), 0);
        const size = logits.reduce((sum, z, i) => sum + Math.abs(targets[i] * z), 0);
        const total = targets.reduce((sum, x) => sum + x, 0);
        bounds.set([0, unitsOf([sumError], 1)[0], unitsOf([total])[0], unitsOf([size])[0]], 4 * b);
      });
      return { sums: bounds };
    },
  };
}

export const itemCases: readonly KernelCase[] = [
  ...SHAPES.map((shape) => bagBlock(shape, 'relu')),
  bagBlock(SHAPES[1], 'linear'),
  bagBlock(SHAPES[1], 'gelu'),
  ...SHAPES.map(bagBackward),
  ...SHAPES.map(bagInputGrad),
  ...SHAPES.map(softmaxSums),
  ...SHAPES.map((shape) => lossByBlocks('softmaxGrad', shape)),
  ...SHAPES.map((shape) => lossByBlocks('squaredError', shape)),
  lossByBlocks('squaredError', SHAPES[1], 0.3),
  ...SHAPES.map((shape) => lossByBlocks('binaryCrossEntropy', shape)),
];
