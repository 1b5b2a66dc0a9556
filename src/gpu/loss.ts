import activatedSquaredErrorShader from '../../shaders/activatedSquaredError.wgsl';
import binaryCrossEntropyShader from '../../shaders/binaryCrossEntropy.wgsl';
import recordLossShader from '../../shaders/recordLoss.wgsl';
import softmaxNllShader from '../../shaders/softmaxNll.wgsl';
import squaredErrorShader from '../../shaders/squaredError.wgsl';
import sumSquaresShader from '../../shaders/sumSquares.wgsl';
import { type BlockLossArgs, type Ops, SQUARE_PARTS } from '../backend/ops.js';
import { FoldinError } from '../errors.js';
import { type Family, ROW_LANES } from './family.js';
import { batchParams, gpu, sparse, valueStep, vec4s } from './launch.js';
import type { Shader } from './layout.js';
import type { Memory } from './memory.js';
import type { Queue } from './queue.js';

type LossOps = Pick<
  Ops,
  'softmaxNll' | 'squaredError' | 'activatedSquaredError' | 'binaryCrossEntropy' | 'sumSquares' | 'recordLoss'
>;

export function lossOps(queue: Queue, memory: Memory, family: Family): LossOps {
  const lanes = ROW_LANES[family];
  const launch = (
    shader: Shader,
    args: BlockLossArgs,
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
        firstItem: args.firstItem ?? 0,
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
    softmaxNll: (args) => launch(softmaxNllShader, args, {}, { lanes }),
    squaredError: (args) =>
      launch(
        squaredErrorShader,
        args,
        { negativeWeight: args.negativeWeight, targetFactor: 1 / Math.sqrt(args.negativeWeight) },
        { lanes },
      ),
    activatedSquaredError: (args) =>
      launch(
        activatedSquaredErrorShader,
        args,
        { negativeWeight: args.negativeWeight },
        { output: args.output === 'softmax' ? 0 : 1 },
      ),
    binaryCrossEntropy: (args) => launch(binaryCrossEntropyShader, args, {}, { lanes }),

    sumSquares({ input, sums, slot, factor, count = gpu(input).rows * gpu(input).stride }) {
      const pieces = memory.pieces(gpu(input));
      if (pieces.length > SQUARE_PARTS) {
        throw new FoldinError('LIMIT_EXCEEDED', `f32[${input.shape}] is too large for one sum of squares`, {
          remedy: 'Use fewer items (--min-item), a smaller hidden layer, or another adapter.',
        });
      }
      pieces.forEach(({ tensor, start, numbers }, place) => {
        // The slots are shared out among the pieces.
        const first = Math.floor((place * SQUARE_PARTS) / pieces.length);
        const end = Math.floor(((place + 1) * SQUARE_PARTS) / pieces.length);
        queue.launch({
          shader: sumSquaresShader,
          tensors: { input: tensor, sums: gpu(sums) },
          params: { size4: vec4s(numbers), count: Math.max(0, count - start), slot: slot + first, factor },
          workgroups: [end - first, 1, 1],
        });
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
