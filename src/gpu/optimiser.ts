import adamShader from '../../shaders/adam.wgsl';
import clipNormShader from '../../shaders/clipNorm.wgsl';
import sgdShader from '../../shaders/sgd.wgsl';
import zeroDiagonalShader from '../../shaders/zeroDiagonal.wgsl';
import type { Tensor } from '../backend/backend.js';
import type { Ops } from '../backend/ops.js';
import { gpu, grid, vec4s } from './launch.js';
import type { Shader } from './layout.js';
import type { GpuTensor, Memory } from './memory.js';
import type { Queue } from './queue.js';

export function optimiserOps(
  queue: Queue,
  memory: Memory,
): Pick<Ops, 'sgd' | 'adam' | 'clipNorm' | 'zeroDiagonal'> {
  /** Launches on vectors of one shape, piece by piece where they are larger than a binding. */
  const elementwise = (
    shader: Shader,
    vectors: Readonly<Record<string, Tensor>>,
    decayed: number | undefined,
    params: Readonly<Record<string, number>>,
  ): void => {
    const pieces = Object.entries(vectors).map(
      ([name, vector]) => [name, memory.pieces(gpu(vector))] as const,
    );
    pieces[0][1].forEach(({ start, numbers }, place) => {
      const tensors: Record<string, GpuTensor> = {};
      for (const [name, all] of pieces) tensors[name] = all[place].tensor;
      queue.launch({
        shader,
        tensors,
        params: {
          ...params,
          size4: vec4s(numbers),
          // Padding counts, too: it is zero and stays zero under every optimiser.
          decayed: decayed === undefined ? numbers : Math.max(0, decayed - start),
        },
        workgroups: grid(Math.ceil(vec4s(numbers) / 64)),
      });
    });
  };

  return {
    sgd({ param, grad, velocity, decayed, ...params }) {
      elementwise(sgdShader, { param, grad, velocity }, decayed, params);
    },

    adam({ param, grad, moment1, moment2, decayed, step, ...params }) {
      const { beta1, beta2 } = params;
      elementwise(adamShader, { param, grad, moment1, moment2 }, decayed, {
        ...params,
        oneMinusBeta1: 1 - beta1,
        oneMinusBeta2: 1 - beta2,
        correction1: 1 / (1 - beta1 ** step),
        correction2: 1 / (1 - beta2 ** step),
      });
    },

    clipNorm({ grad, squares, most }) {
      for (const { tensor, numbers } of memory.pieces(gpu(grad))) {
        queue.launch({
          shader: clipNormShader,
          tensors: { grad: tensor, squares: gpu(squares) },
          params: { size4: vec4s(numbers), most },
          workgroups: grid(Math.ceil(vec4s(numbers) / 64)),
        });
      }
    },

    zeroDiagonal({ matrix }) {
      const [n] = matrix.shape;
      queue.launch({
        shader: zeroDiagonalShader,
        tensors: { matrix: gpu(matrix) },
        params: { n, stride: gpu(matrix).stride },
        workgroups: grid(Math.ceil(n / 64)),
      });
    },
  };
}
