import type { Ops } from '../backend/ops.js';
import { floats, integers } from './tensor.js';

export const normalEquations: Ops['normalEquations'] = (args) => {
  const indptr = integers(args.input.indptr);
  const indices = integers(args.input.indices);
  const values = floats(args.input.values);
  const rows = integers(args.batch.rows);
  const factors = floats(args.factors);
  const base = floats(args.base);
  const systems = floats(args.systems);
  const rhs = floats(args.rhs);
  const [batch, d] = args.rhs.shape;
  const { first, count } = args.batch;
  const system = new Float64Array(d * d);
  const right = new Float64Array(d);

  for (let b = 0; b < batch; b++) {
    right.fill(0);
    if (b < count) {
      let ridge = args.ridge;
      for (let i = 0; i < d * d; i++) system[i] = args.baseWeight * base[i];
      const row = rows[first + b];
      for (let e = indptr[row]; e < indptr[row + 1]; e++) {
        const x = values[values.length === 1 ? 0 : e];
        const y = indices[e] * d;
        ridge += args.entryRidge * x;
        for (let i = 0; i < d; i++) {
          const xi = x * factors[y + i];
          right[i] += xi;
          for (let j = i; j < d; j++) system[i * d + j] += xi * factors[y + j];
        }
      }
      for (let i = 0; i < d; i++) {
        system[i * d + i] += ridge;
        systems.set(system.subarray(i * d + i, (i + 1) * d), (b * d + i) * d + i);
      }
    }
    rhs.set(right, b * d);
  }
};

export const solveSystems: Ops['solveSystems'] = (args) => {
  const systems = floats(args.systems);
  const rhs = floats(args.rhs);
  const solutions = floats(args.solutions);
  const [batch, d] = args.rhs.shape;
  const u = new Float64Array(d * d);
  const x = new Float64Array(d);

  solutions.fill(0);
  for (let b = 0; b < Math.min(args.count, batch); b++) {
    const at = b * d * d;
    for (let i = 0; i < d; i++) for (let j = i; j < d; j++) u[i * d + j] = systems[at + i * d + j];
    for (let i = 0; i < d; i++) x[i] = rhs[b * d + i];
    // Row by row: what a row has to do with those below it is taken off them as soon as it is known.
    for (let p = 0; p < d; p++) {
      const pivot = u[p * d + p];
      const scale = pivot > 0 ? 1 / Math.sqrt(pivot) : 0;
      for (let j = p; j < d; j++) u[p * d + j] *= scale;
      x[p] *= scale;
      for (let i = p + 1; i < d; i++) {
        const upi = u[p * d + i];
        x[i] -= upi * x[p];
        for (let j = i; j < d; j++) u[i * d + j] -= upi * u[p * d + j];
      }
    }
    for (let p = d - 1; p >= 0; p--) {
      for (let j = p + 1; j < d; j++) x[p] -= u[p * d + j] * x[j];
      const pivot = u[p * d + p];
      x[p] = pivot > 0 ? x[p] / pivot : 0;
    }
    for (let i = 0; i < d; i++) for (let j = i; j < d; j++) systems[at + i * d + j] = u[i * d + j];
    solutions.set(x, b * d);
  }
};
