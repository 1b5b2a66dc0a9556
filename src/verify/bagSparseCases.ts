import type { Backend } from '../backend/backend.js';
import { uploadRows } from '../backend/sparse.js';
import { type KernelCase, magnitudes, outputsOf, unitsOf } from './case.js';
import { absolute, type BatchPlace, numbers, randomCsr, uploadBatch } from './inputs.js';

interface Shape extends BatchPlace {
  readonly name: string;
  /** Rows of the output; the ones from `count` on keep what they hold. */
  readonly batch: number;
  readonly items: number;
  /** Of histories, and of the table. */
  readonly share: number;
  readonly tableShare: number | ((item: number) => number);
  readonly valued?: boolean;
}

const SHAPES: readonly Shape[] = [
  { name: 'one row, one item', users: 1, first: 0, count: 1, batch: 1, items: 1, share: 1, tableShare: 1 },
  many('5 rows, empty histories, 30 items', 5, 5, 30, 0, 0.5),
  many('5 rows, empty table, 30 items', 5, 5, 30, 0.5, 0),
  many('3 of 5 rows, 65 items', 5, 3, 65, 0.3, 0.2, true),
  many(
    '33 rows, 257 items, every third row of the table empty',
    33,
    31,
    257,
    0.1,
    (i) => (i % 3) * 0.1,
    true,
  ),
  many('5 rows, 1000 items, all full, no values', 5, 5, 1000, 1, 1),
  many('9 rows, 300 items, full histories', 9, 9, 300, 1, 0.05, true),
];

function many(
  name: string,
  batch: number,
  count: number,
  items: number,
  share: number,
  tableShare: Shape['tableShare'],
  valued = false,
): Shape {
  return { name, users: batch + 7, first: 5, count, batch, items, share, tableShare, valued };
}

function bagSparse(shape: Shape): KernelCase {
  const { items, batch, users, share, tableShare, valued } = shape;
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const history = randomCsr(users, items, share, 27);
      const table = randomCsr(items, items, tableShare, 28);
      const valuesOf = (size: number, seed: number) => {
        // Every fourth weighs nothing.
        const values = numbers(size, seed).map((x, i) => (i % 4 === 3 ? 0 : x));
        return valued ? sign(values) : undefined;
      };
      const out = backend.tensor(sign(numbers(batch * items, 29)), [batch, items]);
      backend.bagSparse({
        input: uploadRows(backend, history, valuesOf(history.indices.length, 30)),
        batch: uploadBatch(backend, shape),
        table: uploadRows(backend, table, valuesOf(table.indices.length, 31)),
        out,
      });
      return { out };
    });
  return {
    kernel: 'bagSparse',
    name: shape.name,
    run: (backend) => run(backend),
    bound: async () => ({ out: unitsOf((await magnitudes((backend) => run(backend, absolute))).out) }),
  };
}

export const bagSparseCases: readonly KernelCase[] = SHAPES.map(bagSparse);
