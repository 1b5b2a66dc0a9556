import gruGatesBackwardShader from '../../shaders/gruGatesBackward.wgsl';
import gruGatesForwardShader from '../../shaders/gruGatesForward.wgsl';
import type { SequenceOps } from '../backend/sequenceOps.js';
import { gpu } from './launch.js';
import type { Queue } from './queue.js';

/** A workgroup has 32 units of 4 rows. */
const cover = (hidden: number, count: number): [number, number, number] => [
  Math.ceil(hidden / 32),
  Math.ceil(count / 4),
  1,
];

export const gruOps = (queue: Queue): Omit<SequenceOps, 'bagSparse' | 'dropout'> => ({
  gruGatesForward({ first, count, previousFirst, previousCount, ...tensors }) {
    const [, hidden] = tensors.states.shape;
    queue.launch({
      shader: gruGatesForwardShader,
      tensors: {
        inputGates: gpu(tensors.inputGates),
        weights: gpu(tensors.weights),
        bias: gpu(tensors.bias),
        states: gpu(tensors.states),
        gates: gpu(tensors.gates),
        recurrent: gpu(tensors.recurrent),
        previous: gpu(tensors.previous),
      },
      params: {
        first,
        count,
        previousFirst,
        previousCount,
        hidden,
        stride: gpu(tensors.states).stride,
        gatesStride: gpu(tensors.gates).stride,
      },
      workgroups: cover(hidden, count),
    });
  },

  gruGatesBackward({ first, count, nextFirst, nextCount, ...tensors }) {
    const [, hidden] = tensors.outGrad.shape;
    queue.launch({
      shader: gruGatesBackwardShader,
      tensors: {
        gates: gpu(tensors.gates),
        recurrent: gpu(tensors.recurrent),
        previous: gpu(tensors.previous),
        outGrad: gpu(tensors.outGrad),
        weightsT: gpu(tensors.weightsT),
        inputGrad: gpu(tensors.inputGrad),
        recurrentGrad: gpu(tensors.recurrentGrad),
        carried: gpu(tensors.carried),
      },
      params: {
        first,
        count,
        nextFirst,
        nextCount,
        hidden,
        stride: gpu(tensors.outGrad).stride,
        gatesStride: gpu(tensors.gates).stride,
      },
      workgroups: cover(hidden, count),
    });
  },
});
