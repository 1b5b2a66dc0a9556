import gaussianKernelShader from '../../shaders/gaussianKernel.wgsl';
import standardiseShader from '../../shaders/standardise.wgsl';
import type { Ops } from '../backend/ops.js';
import { type Family, ROW_LANES } from './family.js';
import { gpu, grid, vec4s } from './launch.js';
import type { Memory } from './memory.js';
import type { Queue } from './queue.js';

export function scoreOps(
  queue: Queue,
  memory: Memory,
  family: Family,
): Pick<Ops, 'gaussianKernel' | 'standardise'> {
  return {
    gaussianKernel({ cosines, sharpness }) {
      const { stride, columns } = gpu(cosines);
      const size4 = vec4s(stride) * cosines.shape[0];
      queue.launch({
        shader: gaussianKernelShader,
        tensors: { cosines: gpu(cosines) },
        params: { size4, columns, stride4: vec4s(stride), sharpness },
        workgroups: grid(Math.ceil(size4 / 64)),
      });
    },

    standardise({ scores, out, weight, rowWeights, accumulate }) {
      const { stride, columns } = gpu(scores);
      const count = scores.shape[0];
      queue.launch({
        shader: standardiseShader,
        tensors: {
          scores: gpu(scores),
          // Something to bind where there are none; the kernel then does not touch it.
          rowWeights: rowWeights ? gpu(rowWeights) : memory.unused(),
          out: gpu(out),
        },
        params: {
          count,
          items: columns,
          stride4: vec4s(stride),
          weight,
          accumulate: accumulate ? 1 : 0,
          weighted: rowWeights ? 1 : 0,
        },
        constants: { lanes: ROW_LANES[family] },
        workgroups: grid(count),
      });
    },
  };
}
