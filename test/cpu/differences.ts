import { expect } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import type { LossArgs } from '../../src/backend/ops.js';
import { uploadRows } from '../../src/backend/sparse.js';
import { numbers, orderOf, randomCsr } from '../../src/verify/inputs.js';

/** Seeded numbers in [-1, 1) as doubles. */
export const doubles = (count: number, seed: number): Float64Array => Float64Array.from(numbers(count, seed));

/** The sum of a b, element by element: a loss whose gradient for a is b. */
export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/** Central differences of `loss` at x against a gradient; both in f64, so 1e-7 is far above their noise. */
export async function expectGradient(
  loss: (x: Float64Array) => Promise<number>,
  x: Float64Array,
  grad: ArrayLike<number>,
): Promise<void> {
  expect(grad.length).toBe(x.length);
  const h = 1e-5;
  for (let i = 0; i < x.length; i++) {
    const [up, down] = [x.slice(), x.slice()];
    up[i] += h;
    down[i] -= h;
    const slope = ((await loss(up)) - (await loss(down))) / (2 * h);
    const error = Math.abs(slope - grad[i]) / Math.max(1, Math.abs(slope));
    expect(error, `element ${i}: differences ${slope}, gradient ${grad[i]}`).toBeLessThan(1e-7);
  }
}

export interface LossProblem {
  readonly batch: number;
  readonly count: number;
  readonly items: number;
  readonly seed: number;
}

/** Targets in [0.5, 2) at three tenths of the items, dense: one array a row of the batch, NaN where nothing is stored. */
export function denseTargets(problem: LossProblem): number[][] {
  const { first, csr, users } = place(problem);
  return Array.from(orderOf(users).subarray(first, first + problem.count), (user) => {
    const row = new Array<number>(problem.items).fill(Number.NaN);
    for (let e = csr.indptr[user]; e < csr.indptr[user + 1]; e++) row[csr.indices[e]] = csr.values![e];
    return row;
  });
}

/** The arguments of a loss on these logits. */
export function lossArgs(
  backend: Backend,
  problem: LossProblem,
  logits: Float64Array,
  scale: number,
): LossArgs {
  const { first, csr, users } = place(problem);
  const { batch, items, count } = problem;
  return {
    logits: backend.tensor(logits, [batch, items]),
    targets: uploadRows(backend, csr),
    batch: { rows: backend.tensor(orderOf(users)), first, count },
    loss: backend.zeros('f32', [batch]),
    scale,
  };
}

function place({ batch, items, count, seed }: LossProblem) {
  const first = 2;
  const users = { users: batch + 3, first, count };
  return { first, users, csr: randomCsr(users.users, items, 0.3, seed, true) };
}
