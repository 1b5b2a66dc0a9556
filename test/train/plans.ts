import { randomUniform } from '../../src/backend/random.js';
import { csrFromRows } from '../../src/data/csr.js';
import { windowCapacity } from '../../src/train/batches.js';
import { Plan, type PlannedWindow, type PlanSpec } from '../../src/train/plan.js';

/** The plan of a log of 50 users and 40 items whose epochs take several windows. */
export function planSpec({ weighted }: { weighted: boolean }): PlanSpec {
  const rows = Array.from({ length: 50 }, (_, user) =>
    Array.from({ length: 40 }, (_, item) => item).filter(
      (item) => item === user % 40 || randomUniform(5, 0, user, item) < 0.3,
    ),
  );
  const values = rows.map((row) => row.map((item) => Math.fround(1 / (1 + item))));
  const histories = csrFromRows(rows, 40);
  const whole = windowCapacity(histories, 7);
  return {
    histories,
    values: weighted ? csrFromRows(rows, 40, values).values : undefined,
    batch: 7,
    seed: 3,
    capacity: { starts: 3 * 41, entries: whole.entries },
  };
}

/** A window as plain arrays that nobody changes any more. */
export const copyOf = ({ firstStep, steps, last, order, starts, entries }: PlannedWindow) => ({
  firstStep,
  steps,
  last,
  order: [...order],
  starts: [...starts],
  entries: [...entries],
});

/** What the reference plans, each window by a Plan that has done nothing before, into memory full of rubbish. */
export function expectedWindow(spec: PlanSpec, epoch: number, index: number) {
  const memory = {
    starts: new Uint32Array(spec.capacity.starts).fill(99),
    entries: new Uint32Array(spec.capacity.entries).fill(99),
  };
  return copyOf(new Plan(spec).window(epoch, index, memory));
}
