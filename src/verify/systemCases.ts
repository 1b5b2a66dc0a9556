import type { Backend } from '../backend/backend.js';
import { uploadRows } from '../backend/sparse.js';
import { createCpuBackend } from '../cpu/backend.js';
import { type KernelCase, magnitudes, type Outputs, outputsOf, STALE, stale, unitsOf } from './case.js';
import { absolute, type BatchPlace, numbers, randomCsr, uploadBatch } from './inputs.js';

interface EquationsShape extends BatchPlace {
  readonly batch: number;
  readonly columns: number;
  readonly unknowns: number;
  readonly share: number | ((user: number) => number);
  readonly valued?: boolean;
}

/** The numbers of the systems that mean something, or must have kept their value: the rest is 0. */
const meaningful = (systems: ArrayLike<number>, d: number, count: number): Float64Array =>
  Float64Array.from(systems, (x, i) => (i % d < Math.floor(i / d) % d && i < count * d * d ? 0 : x));

function normalEquations(shape: EquationsShape): KernelCase {
  const { users, columns, unknowns: d, batch, count, share, valued } = shape;
  const run = (backend: Backend, sign = (x: Float32Array) => x) =>
    outputsOf(backend, () => {
      const systems = stale(backend, batch * d, d);
      const rhs = stale(backend, batch, d);
      const base = sign(numbers(d * d, 122)).map(
        (_, i, all) => all[(i % d) * d + Math.floor(i / d)] + all[i],
      );
      backend.normalEquations({
        input: uploadRows(backend, randomCsr(users, columns, share, 120, valued)),
        batch: uploadBatch(backend, shape),
        factors: backend.tensor(sign(numbers(columns * d, 121)), [columns, d]),
        base: backend.tensor(base, [d, d]),
        systems,
        rhs,
        baseWeight: 0.3,
        ridge: 1.5,
        entryRidge: 0.25,
      });
      return { systems, rhs };
    });
  const parts = ({ systems, rhs }: Outputs): Outputs => ({
    systems: meaningful(systems as Float32Array, d, count),
    rhs,
  });
  const histories = typeof share === 'number' ? `${100 * share}% full` : 'some histories empty';
  return {
    kernel: 'normalEquations',
    name: `${count} of ${batch} rows, ${d} unknowns, ${columns} factors, ${histories}${valued ? ', values' : ''}`,
    run: async (backend) => parts(await run(backend)),
    async bound() {
      const { systems, rhs } = parts(await magnitudes((backend) => run(backend, absolute)));
      return { systems: unitsOf(systems).fill(0, count * d * d), rhs: unitsOf(rhs) };
    },
  };
}

/** Symmetric and well conditioned, or with pivots that are not positive at every third place. */
function systemsOf(batch: number, d: number, definite: boolean): Float32Array {
  const all = numbers(batch * d * d, 123);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < d; i++) {
      const at = (b * d + i) * d;
      for (let j = i + 1; j < d; j++) if (!definite) all[at + j] = 0;
      all[at + i] = definite || i % 3 !== 1 ? d + 1 + i / 8 : -(i % 2);
      // Nobody may read these.
      for (let j = 0; j < i; j++) all[at + j] = STALE;
    }
  }
  return all;
}

/**
 * Judged by what the factor and the solution give when they are put back: U's product is off by at most (d + 1) roundings
 * of |UT| |U| (Higham, Accuracy and Stability of Numerical Algorithms, theorem 10.3), the right-hand side by (3 d + 1) of
 * |UT| |U| |x| (theorem 10.4); here twice as many and a few more, for WGSL's divisions and roots are less exact.
 */
function solveSystems(batch: number, count: number, d: number, definite = true): KernelCase {
  const given = systemsOf(batch, d, definite);
  const solve = (backend: Backend) =>
    outputsOf(backend, () => {
      const systems = backend.tensor(given, [batch * d, d]);
      const solutions = stale(backend, batch, d);
      const rhs = backend.tensor(numbers(batch * d, 124), [batch, d]);
      backend.solveSystems({ systems, rhs, solutions, count });
      return { systems, solutions };
    });
  /** AT x and UT U, with A symmetric: upper triangles are all that is known of them. */
  function putBack({ systems: u, solutions: x }: Outputs, sign: (x: number) => number, magnitude = false) {
    const factors = new Float64Array(batch * d * d);
    const rhs = new Float64Array(batch * d);
    for (let b = 0; b < count; b++) {
      const at = b * d * d;
      for (let i = 0; i < d; i++) {
        for (let j = i; j < d; j++) {
          for (let p = 0; p <= i; p++)
            factors[at + i * d + j] += sign(u[at + p * d + i]) * sign(u[at + p * d + j]);
          const a = magnitude ? factors[at + i * d + j] : given[at + i * d + j];
          rhs[b * d + i] += a * sign(x[b * d + j]);
          if (j > i) rhs[b * d + j] += a * sign(x[b * d + i]);
        }
      }
    }
    return { factors, rhs };
  }
  const rest = ({ systems, solutions }: Outputs) => ({
    systems: Float64Array.from(systems.subarray(count * d * d)),
    solutions: Float64Array.from(solutions.subarray(count * d)),
  });
  const name = `${count} of ${batch} systems, ${d} unknowns${definite ? '' : ', not positive definite'}`;
  if (!definite) {
    // Diagonal, so that each unknown is by itself.
    return {
      kernel: 'solveSystems',
      name,
      run: async (backend) => ({ solutions: (await solve(backend)).solutions }),
      bound: ({ solutions }) => ({ solutions: unitsOf(solutions.map(Math.abs)) }),
    };
  }
  return {
    kernel: 'solveSystems',
    name,
    async run(backend) {
      const found = await solve(backend);
      return { ...rest(found), ...putBack(found, (x) => x) };
    },
    async bound() {
      const reference = createCpuBackend({ precision: 'f64' });
      try {
        const { factors, rhs } = putBack(await solve(reference), Math.abs, true);
        return {
          systems: 0,
          solutions: 0,
          factors: unitsOf(factors, 2 * (d + 4)),
          rhs: unitsOf(rhs, 2 * (3 * d + 4)),
        };
      } finally {
        reference.dispose();
      }
    },
  };
}

const whole = (users: number): BatchPlace => ({ users, first: 0, count: users });

export const systemCases: readonly KernelCase[] = [
  normalEquations({ ...whole(1), batch: 1, columns: 1, unknowns: 1, share: 1 }),
  normalEquations({ ...whole(3), batch: 3, columns: 9, unknowns: 3, share: 0.4, valued: true }),
  normalEquations({ users: 20, first: 4, count: 5, batch: 8, columns: 33, unknowns: 12, share: 0.3 }),
  normalEquations({ ...whole(9), batch: 9, columns: 40, unknowns: 8, share: (user) => 0.5 * (user % 2) }),
  normalEquations({ ...whole(2), batch: 2, columns: 30, unknowns: 130, share: 1, valued: true }),
  normalEquations({ ...whole(3), batch: 3, columns: 20, unknowns: 257, share: 0.5 }),
  solveSystems(1, 1, 1),
  solveSystems(3, 3, 4),
  solveSystems(9, 5, 3),
  solveSystems(4, 4, 33),
  solveSystems(2, 2, 128),
  solveSystems(3, 2, 130),
  solveSystems(1, 1, 257),
  solveSystems(2, 2, 14, false),
];
