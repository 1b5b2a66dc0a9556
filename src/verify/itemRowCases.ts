/** Work on few rows of matrices over items, and what sampled logits need. */
import type { Backend } from '../backend/backend.js';
import { MASKED, NO_ITEM } from '../backend/ops.js';
import { randomUniform } from '../backend/random.js';
import { uploadRows } from '../backend/sparse.js';
import { type Bounds, type KernelCase, outputsOf, STALE, stale, unitsOf } from './case.js';
import { numbers, randomCsr, uploadBatch } from './inputs.js';
import { ADAM, type Adam, adamBounds } from './otherCases.js';

interface Rows {
  readonly name: string;
  /** Items of the block, and where it begins. */
  readonly n: number;
  readonly firstItem: number;
  /** Numbers a row; 0 for a vector over items. */
  readonly width: number;
  /** How many items of the catalogue are taken, of how many, and how many places behind them are empty. */
  readonly taken: number;
  readonly of: number;
  readonly empty: number;
}

const SHAPES: readonly Rows[] = [
  { name: 'one row of one', n: 1, firstItem: 0, width: 1, taken: 1, of: 1, empty: 0 },
  { name: 'all rows of 33', n: 33, firstItem: 0, width: 50, taken: 33, of: 33, empty: 0 },
  {
    name: 'few of a later block, some places empty',
    n: 100,
    firstItem: 128,
    width: 130,
    taken: 60,
    of: 300,
    empty: 7,
  },
  { name: 'none of the block', n: 64, firstItem: 64, width: 8, taken: 20, of: 40, empty: 3 },
  { name: 'of a vector', n: 333, firstItem: 64, width: 0, taken: 200, of: 500, empty: 5 },
  { name: 'one of a vector', n: 1, firstItem: 0, width: 0, taken: 1, of: 1, empty: 0 },
  { name: 'all of a vector', n: 65, firstItem: 0, width: 0, taken: 65, of: 65, empty: 1 },
];

/** Distinct items of the catalogue, ascending, then empty places. */
function itemsOf({ taken, of, empty }: Rows): Uint32Array {
  const byChance = Array.from({ length: of }, (_, item) => item).sort(
    (a, b) => randomUniform(131, 0, 0, a) - randomUniform(131, 0, 0, b),
  );
  const chosen = byChance.slice(0, taken).sort((a, b) => a - b);
  return Uint32Array.of(...chosen, ...new Array(empty).fill(NO_ITEM));
}

const shapeOf = (rows: number, { width }: Rows): number[] => (width === 0 ? [rows] : [rows, width]);
const sizeOf = (rows: number, { width }: Rows): number => rows * Math.max(1, width);

function gatherRows(shape: Rows): KernelCase {
  return {
    kernel: 'gatherRows',
    name: shape.name,
    run: (backend) =>
      outputsOf(backend, () => {
        const items = itemsOf(shape);
        const out = stale(backend, ...shapeOf(items.length, shape));
        backend.gatherRows({
          input: backend.tensor(numbers(sizeOf(shape.n, shape), 132), shapeOf(shape.n, shape)),
          items: backend.tensor(items),
          out,
          firstItem: shape.firstItem,
        });
        return { out };
      }),
    bound: () => ({ out: 0 }),
  };
}

function adamRows(shape: Rows, changed: Partial<Adam> = {}): KernelCase {
  const { n, firstItem } = shape;
  const width = Math.max(1, shape.width);
  const size = sizeOf(n, shape);
  const options = { ...ADAM, ...changed };
  const inputs = () => ({
    param: numbers(size, 133),
    grad: numbers(sizeOf(itemsOf(shape).length, shape), 134),
    moment1: numbers(size, 135, -0.1, 0.1),
    moment2: numbers(size, 136, 1e-4, 0.1),
  });
  return {
    kernel: 'adamRows',
    name: `${shape.name}, step ${options.step}, l2 ${options.l2}, decay ${options.weightDecay}`,
    run: (backend: Backend) =>
      outputsOf(backend, () => {
        const { param, grad, moment1, moment2 } = inputs();
        const items = itemsOf(shape);
        const tensors = {
          param: backend.tensor(param, shapeOf(n, shape)),
          moment1: backend.tensor(moment1, shapeOf(n, shape)),
          moment2: backend.tensor(moment2, shapeOf(n, shape)),
        };
        backend.adamRows({
          ...tensors,
          grad: backend.tensor(grad, shapeOf(items.length, shape)),
          items: backend.tensor(items),
          firstItem,
          ...options,
        });
        return tensors;
      }),
    bound(reference) {
      const given = inputs();
      // The rows' gradients, where they belong in the block; nothing else may change.
      const grad = new Float32Array(size);
      const touched = new Uint8Array(size);
      itemsOf(shape).forEach((item, e) => {
        const row = item - firstItem;
        if (row < 0 || row >= n) return;
        grad.set(given.grad.subarray(e * width, (e + 1) * width), row * width);
        touched.fill(1, row * width, (row + 1) * width);
      });
      const bounds = adamBounds({ ...given, grad }, reference.moment1, reference.moment2, options);
      for (const bound of Object.values(bounds)) {
        for (let i = 0; i < size; i++) if (!touched[i]) bound[i] = 0;
      }
      return bounds;
    },
  };
}

/** Some columns are masked, as those of items that only others have. */
function correctLogits(
  name: string,
  items: number,
  batch: number,
  count: number,
  share: number | ((user: number) => number),
): KernelCase {
  const place = { users: batch + 3, first: 2, count };
  const logits = () => numbers(batch * items, 137, -3, 3).fill(STALE, count * items);
  const corrections = () => numbers(items, 138, -4, 4).map((c, i) => (i % 3 === 1 ? MASKED : c));
  return {
    kernel: 'correctLogits',
    name,
    run: (backend) =>
      outputsOf(backend, () => {
        const tensor = backend.tensor(logits(), [batch, items]);
        backend.correctLogits({
          logits: tensor,
          positives: uploadRows(backend, randomCsr(place.users, items, share, 139)),
          batch: uploadBatch(backend, place),
          corrections: backend.tensor(corrections()),
        });
        return { logits: tensor };
      }),
    // One addition: the rounding of its result.
    bound: ({ logits }): Bounds => ({ logits: unitsOf(logits.map(Math.abs), 1) }),
  };
}

function accumulate(shape: readonly number[]): KernelCase {
  const size = shape.reduce((product, n) => product * n, 1);
  return {
    kernel: 'accumulate',
    name: `[${shape.join(', ')}]`,
    run: (backend) =>
      outputsOf(backend, () => {
        const out = backend.tensor(numbers(size, 140), shape);
        backend.accumulate({ input: backend.tensor(numbers(size, 141), shape), out });
        return { out };
      }),
    bound: ({ out }) => ({ out: unitsOf(out.map(Math.abs), 1) }),
  };
}

export const itemRowCases: readonly KernelCase[] = [
  ...SHAPES.map(gatherRows),
  ...SHAPES.map((shape) => adamRows(shape)),
  adamRows(SHAPES[2], { step: 900, l2: 0.01 }),
  adamRows(SHAPES[4], { step: 3, weightDecay: 0.1 }),
  correctLogits('one column, no target', 1, 1, 1, 0),
  correctLogits('one column, its target', 1, 1, 1, 1),
  correctLogits('3 of 5 rows, 65 columns', 65, 5, 3, 0.2),
  correctLogits('20,000 columns, empty and full rows', 20_000, 4, 4, (user) => [0.3, 0, 1][user % 3]),
  accumulate([1]),
  accumulate([33, 65]),
  accumulate([5000]),
];
