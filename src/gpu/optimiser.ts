import adamShader from '../../shaders/adam.wgsl';
import sgdShader from '../../shaders/sgd.wgsl';
import zeroDiagonalShader from '../../shaders/zeroDiagonal.wgsl';
import type { Tensor } from '../backend/backend.js';
import type { Ops } from '../backend/ops.js';
import { gpu, grid, vec4s } from './launch.js';
import type { Queue } from './queue.js';

export const optimiserOps = (queue: Queue): Pick<Ops, 'sgd' | 'adam' | 'zeroDiagonal'> => ({
  sgd({ param, grad, velocity, learningRate, momentum, l2, decayed = storedNumbers(param) }) {
    const size4 = vec4s(storedNumbers(param));
    queue.launch({
      shader: sgdShader,
      tensors: { param: gpu(param), grad: gpu(grad), velocity: gpu(velocity) },
      params: { size4, decayed, learningRate, momentum, l2 },
      workgroups: grid(Math.ceil(size4 / 64)),
    });
  },

  adam({
    param,
    grad,
    moment1,
    moment2,
    step,
    learningRate,
    beta1,
    beta2,
    epsilon,
    l2,
    weightDecay,
    ...rest
  }) {
    const { decayed = storedNumbers(param) } = rest;
    const size4 = vec4s(storedNumbers(param));
    queue.launch({
      shader: adamShader,
      tensors: { param: gpu(param), grad: gpu(grad), moment1: gpu(moment1), moment2: gpu(moment2) },
      params: {
        size4,
        learningRate,
        beta1,
        beta2,
        oneMinusBeta1: 1 - beta1,
        oneMinusBeta2: 1 - beta2,
        epsilon,
        l2,
        decayed,
        weightDecay,
        correction1: 1 / (1 - beta1 ** step),
        correction2: 1 / (1 - beta2 ** step),
      },
      workgroups: grid(Math.ceil(size4 / 64)),
    });
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
});

/** Padding included: it is zero and stays zero under every optimiser. */
const storedNumbers = (tensor: Tensor): number => gpu(tensor).rows * gpu(tensor).stride;
