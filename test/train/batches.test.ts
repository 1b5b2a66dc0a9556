import fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomOrder } from '../../src/backend/random.js';
import { csrFromRows } from '../../src/data/csr.js';
import {
  type BatchColumns,
  batchColumns,
  stepCount,
  windowCapacity,
  windows,
} from '../../src/train/batches.js';

/** A log with no empty row, values or none, the order of its users and the size of a batch. */
const logs = fc.integer({ min: 1, max: 30 }).chain((columns) =>
  fc
    .record({
      rows: fc.array(
        fc.uniqueArray(fc.integer({ min: 0, max: columns - 1 }), { minLength: 1, maxLength: columns }),
        { minLength: 1, maxLength: 20 },
      ),
      weighted: fc.boolean(),
      seed: fc.nat(),
    })
    .chain(({ rows, weighted, seed }) => {
      const values = rows.map((row, r) => row.map((item) => Math.fround((item - 7.3) / (r + 1))));
      const matrix = csrFromRows(rows, columns, weighted ? values : undefined);
      const order = randomOrder(rows.length, seed, 0, 0);
      return fc.record({
        matrix: fc.constant(matrix),
        order: fc.constant(order),
        batch: fc.integer({ min: 1, max: rows.length }),
        /** Of what the whole epoch takes. */
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      });
    }),
);

/** The columns of steps, as [row, value] of each column, by looking for every item in every row. */
function slowColumns(
  { matrix, order, batch }: { matrix: ReturnType<typeof csrFromRows>; order: Uint32Array; batch: number },
  steps: readonly number[],
): [number, number][][] {
  return steps.flatMap((step) =>
    Array.from({ length: matrix.columns }, (_, item) =>
      Array.from(order.slice(step * batch, (step + 1) * batch)).flatMap((row, b): [number, number][] => {
        const e = matrix.indices.indexOf(item, matrix.indptr[row]);
        return e < 0 || e >= matrix.indptr[row + 1] ? [] : [[b, matrix.values?.[e] ?? 1]];
      }),
    ),
  );
}

function readColumns({ starts, entries }: BatchColumns, columns: number): [number, number][][] {
  const numbers = new Float32Array(entries.buffer, entries.byteOffset, entries.length);
  return Array.from({ length: starts.length / (columns + 1) }, (_, step) =>
    Array.from({ length: columns }, (_, item) => {
      const [from, to] = starts.subarray(step * (columns + 1) + item);
      return Array.from({ length: to - from }, (_, e): [number, number] => [
        entries[2 * (from + e)],
        numbers[2 * (from + e) + 1],
      ]);
    }),
  ).flat();
}

const stepsOf = ({ firstStep, steps }: { firstStep: number; steps: number }): number[] =>
  Array.from({ length: steps }, (_, i) => firstStep + i);

it('has each item of a batch with the rows that hold it, in order, whatever the memory held before', () => {
  fc.assert(
    fc.property(logs, ({ matrix, order, batch }) => {
      const all = { firstStep: 0, steps: stepCount(order.length, batch) };
      const expected = slowColumns({ matrix, order, batch }, stepsOf(all));
      const made = batchColumns(matrix, matrix.values, order, batch, all);
      expect(readColumns(made, matrix.columns)).toEqual(expected);
      expect(made.entries).toHaveLength(2 * matrix.indices.length);
      const memory = {
        starts: new Uint32Array(made.starts.length + 5).fill(77),
        entries: new Uint32Array(made.entries.length + 5).fill(77),
      };
      expect(batchColumns(matrix, matrix.values, order, batch, all, memory)).toEqual(made);
      expect(memory.starts.subarray(made.starts.length)).toEqual(new Uint32Array(5).fill(77));
      expect(memory.entries.subarray(made.entries.length)).toEqual(new Uint32Array(5).fill(77));
    }),
  );
});

it('cuts an epoch into windows that follow each other and fit', () => {
  fc.assert(
    fc.property(logs, ({ matrix, order, batch, share }) => {
      const whole = windowCapacity(matrix, batch);
      // The least that can work is the largest step.
      const steps = stepCount(order.length, batch);
      const each = stepsOf({ firstStep: 0, steps }).map(
        (firstStep) => batchColumns(matrix, undefined, order, batch, { firstStep, steps: 1 }).entries.length,
      );
      const capacity = {
        starts: Math.max(matrix.columns + 1, Math.floor(share * whole.starts)),
        entries: Math.max(...each, Math.floor(share * whole.entries)),
      };
      const cut = windows(matrix, order, batch, capacity);
      expect(cut.flatMap(stepsOf)).toEqual(stepsOf({ firstStep: 0, steps }));
      for (const window of cut) {
        const { starts, entries } = batchColumns(matrix, undefined, order, batch, window);
        expect(window.steps).toBeGreaterThan(0);
        expect(starts.length).toBeLessThanOrEqual(capacity.starts);
        expect(entries.length).toBeLessThanOrEqual(capacity.entries);
      }
      expect(windows(matrix, order, batch, whole)).toEqual([{ firstStep: 0, steps }]);
    }),
  );
});
