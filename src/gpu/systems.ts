import normalEquationsShader from '../../shaders/normalEquations.wgsl';
import solveSystemsShader from '../../shaders/solveSystems.wgsl';
import type { Ops } from '../backend/ops.js';
import { type Family, ROW_LANES } from './family.js';
import { batchParams, gpu, sparse, valueStep, vec4s } from './launch.js';
import type { Queue } from './queue.js';

export function systemOps(queue: Queue, family: Family): Pick<Ops, 'normalEquations' | 'solveSystems'> {
  const lanes = ROW_LANES[family];
  return {
    normalEquations({ input, batch, factors, base, systems, rhs, baseWeight, ridge, entryRidge }) {
      const { stride } = gpu(rhs);
      // A thread has a block of 8 x 8 of the upper triangle, or eight numbers of the right-hand side.
      const blocks = stride / 8;
      const parts = (blocks * (blocks + 1)) / 2 + blocks;
      queue.launch({
        shader: normalEquationsShader,
        tensors: {
          ...sparse('input', input),
          rows: gpu(batch.rows),
          factors: gpu(factors),
          base: gpu(base),
          systems: gpu(systems),
          rhs: gpu(rhs),
        },
        params: {
          ...batchParams(batch),
          unknowns: rhs.shape[1],
          stride4: vec4s(stride),
          valueStep: valueStep(input),
          baseWeight,
          ridge,
          entryRidge,
        },
        constants: { lanes },
        workgroups: [gpu(rhs).rows, Math.ceil(parts / lanes), 1],
      });
    },

    solveSystems({ systems, rhs, solutions, count }) {
      queue.launch({
        shader: solveSystemsShader,
        tensors: { systems: gpu(systems), rhs: gpu(rhs), solutions: gpu(solutions) },
        params: { count, unknowns: rhs.shape[1], stride4: vec4s(gpu(rhs).stride) },
        constants: { lanes },
        workgroups: [gpu(solutions).rows, 1, 1],
      });
    },
  };
}
