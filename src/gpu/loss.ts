import activatedSquaredErrorShader from '../../shaders/activatedSquaredError.wgsl';
import binaryCrossEntropyShader from '../../shaders/binaryCrossEntropy.wgsl';
import recordLossShader from '../../shaders/recordLoss.wgsl';
import softmaxNllShader from '../../shaders/softmaxNll.wgsl';
import squaredErrorShader from '../../shaders/squaredError.wgsl';
import sumSquaresShader from '../../shaders/sumSquares.wgsl';
import { type LossArgs, type Ops, SQUARE_PARTS } from '../backend/ops.js';
import { batchParams, gpu, sparse, valueStep, vec4s } from './launch.js';
import type { Shader } from './layout.js';
import type { Queue } from './queue.js';

type LossOps = Pick<
  Ops,
  'softmaxNll' | 'squaredError' | 'activatedSquaredError' | 'binaryCrossEntropy' | 'sumSquares' | 'recordLoss'
>;

export function lossOps(queue: Queue): LossOps {
  const launch = (
    shader: Shader,
    args: LossArgs,
    extra: Record<string, number> = {},
    constants: Record<string, number> = {},
  ): void => {
    const { rows, stride, columns } = gpu(args.logits);
    queue.launch({
      shader,
      tensors: {
        logits: gpu(args.logits),
        ...sparse('targets', args.targets),
        rows: gpu(args.batch.rows),
        loss: gpu(args.loss),
      },
      params: {
        ...batchParams(args.batch),
        capacity: args.logits.shape[0],
        items: columns,
        stride,
        stride4: vec4s(stride),
        valueStep: valueStep(args.targets),
        scale: args.scale,
        ...extra,
      },
      constants,
      workgroups: [rows, 1, 1],
    });
  };
  return {
    softmaxNll: (args) => launch(softmaxNllShader, args),
    squaredError: (args) =>
      launch(squaredErrorShader, args, {
        negativeWeight: args.negativeWeight,
        targetFactor: 1 / Math.sqrt(args.negativeWeight),
      }),
    activatedSquaredError: (args) =>
      launch(
        activatedSquaredErrorShader,
        args,
        { negativeWeight: args.negativeWeight },
        { output: args.output === 'softmax' ? 0 : 1 },
      ),
    binaryCrossEntropy: (args) => launch(binaryCrossEntropyShader, args),

    sumSquares({ input, sums, slot, factor, count = gpu(input).rows * gpu(input).stride }) {
      queue.launch({
        shader: sumSquaresShader,
        tensors: { input: gpu(input), sums: gpu(sums) },
        params: { size4: vec4s(gpu(input).rows * gpu(input).stride), count, slot, factor },
        workgroups: [SQUARE_PARTS, 1, 1],
      });
    },

    recordLoss({ parts, ring, count, slot }) {
      queue.launch({
        shader: recordLossShader,
        tensors: { parts: gpu(parts), ring: gpu(ring) },
        params: { count, slot },
        workgroups: [1, 1, 1],
      });
    },
  };
}
