import gridSumShader from '../../shaders/gridSum.wgsl';
import pairBackwardShader from '../../shaders/pairBackward.wgsl';
import pairLossShader from '../../shaders/pairLoss.wgsl';
import pairScoresShader from '../../shaders/pairScores.wgsl';
import pairSumShader from '../../shaders/pairSum.wgsl';
import type { PairOps } from '../backend/pairOps.js';
import { ACTIVATIONS, gpu, grid, vec4s } from './launch.js';
import type { Queue } from './queue.js';

export const pairOps = (queue: Queue): PairOps => ({
  pairSum({ pairs, first, count, users, items, out, activation }) {
    const { stride, columns } = gpu(out);
    const [capacity] = out.shape;
    const stride4 = vec4s(stride);
    queue.launch({
      shader: pairSumShader,
      tensors: { pairs: gpu(pairs), users: gpu(users), items: gpu(items), out: gpu(out) },
      params: { first, count, capacity, hidden: columns, stride4 },
      constants: { activation: ACTIVATIONS[activation] },
      workgroups: grid(Math.ceil((capacity * stride4) / 64)),
    });
  },

  pairLoss({ pairs, first, count, users, items, logits, loss, scale }) {
    const [capacity] = logits.shape;
    queue.launch({
      shader: pairLossShader,
      tensors: {
        pairs: gpu(pairs),
        users: gpu(users),
        items: gpu(items),
        logits: gpu(logits),
        loss: gpu(loss),
      },
      params: {
        first,
        count,
        capacity,
        factors4: vec4s(gpu(users).stride),
        logitStride: gpu(logits).stride,
        scale,
      },
      workgroups: grid(Math.ceil(capacity / 64)),
    });
  },

  pairBackward({ starts, entries, firstStart, logitGrad, sumGrad, others, outDot, outSum }) {
    const [rows] = outDot.shape;
    const factors4 = vec4s(gpu(outDot).stride);
    const hidden4 = vec4s(gpu(outSum).stride);
    queue.launch({
      shader: pairBackwardShader,
      tensors: {
        starts: gpu(starts),
        entries: gpu(entries),
        logitGrad: gpu(logitGrad),
        sumGrad: gpu(sumGrad),
        others: gpu(others),
        outDot: gpu(outDot),
        outSum: gpu(outSum),
      },
      params: { firstStart, rows, factors4, hidden4, logitStride: gpu(logitGrad).stride },
      workgroups: grid(Math.ceil((rows * (factors4 + hidden4)) / 64)),
    });
  },

  gridSum({ users, items, out, firstRow, rows, activation }) {
    const [itemCount, hidden] = items.shape;
    const stride4 = vec4s(gpu(items).stride);
    queue.launch({
      shader: gridSumShader,
      tensors: { users: gpu(users), items: gpu(items), out: gpu(out) },
      params: { firstRow, rows, itemCount, hidden, stride4 },
      constants: { activation: ACTIVATIONS[activation] },
      workgroups: grid(Math.ceil((rows * itemCount * stride4) / 64)),
    });
  },

  pairScores({ parts, scores, firstRow, rows }) {
    const { stride, columns } = gpu(scores);
    queue.launch({
      shader: pairScoresShader,
      tensors: { parts: gpu(parts), scores: gpu(scores) },
      params: { firstRow, rows, items: columns, stride, partStride: gpu(parts).stride },
      workgroups: grid(Math.ceil((rows * columns) / 64)),
    });
  },
});
