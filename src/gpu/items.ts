import accumulateShader from '../../shaders/accumulate.wgsl';
import adamRowsShader from '../../shaders/adamRows.wgsl';
import bagBlockShader from '../../shaders/bagBlock.wgsl';
import correctLogitsShader from '../../shaders/correctLogits.wgsl';
import gatherRowsShader from '../../shaders/gatherRows.wgsl';
import softmaxGradShader from '../../shaders/softmaxGrad.wgsl';
import softmaxSumsShader from '../../shaders/softmaxSums.wgsl';
import type { Tensor } from '../backend/backend.js';
import type { Ops } from '../backend/ops.js';
import { type Family, ROW_LANES } from './family.js';
import { ACTIVATIONS, batchParams, dropoutParams, gpu, grid, sparse, valueStep, vec4s } from './launch.js';
import type { Memory } from './memory.js';
import type { Queue } from './queue.js';

type ItemOps = Pick<
  Ops,
  'bagBlock' | 'softmaxSums' | 'softmaxGrad' | 'correctLogits' | 'accumulate' | 'gatherRows' | 'adamRows'
>;

/** How gatherRows and adamRows see a matrix, or a vector as a matrix of one column, and the threads they need for m rows. */
function rowsOf(tensor: Tensor, m: number) {
  const { stride, shape } = gpu(tensor);
  const isVector = shape.length === 1;
  const stride4 = isVector ? 0 : vec4s(stride);
  return {
    params: { n: shape[0], m, stride4 },
    constants: { isVector: isVector ? 1 : 0 },
    workgroups: (eachVector: number) => grid(Math.ceil((isVector ? eachVector : m * stride4) / 64)),
  };
}

export function itemOps(queue: Queue, memory: Memory, family: Family): ItemOps {
  const lanes = family === 'tile' ? { lanes: 32, perThread: 1 } : { lanes: 8, perThread: 4 };

  return {
    bagBlock({ input, batch, weights, bias, out, firstItem, isLast, activation, dropout }) {
      const { rows, stride, columns } = gpu(out);
      queue.launch({
        shader: bagBlockShader,
        tensors: {
          ...sparse('input', input),
          rows: gpu(batch.rows),
          weights: gpu(weights),
          bias: gpu(bias),
          out: gpu(out),
        },
        params: {
          ...batchParams(batch),
          ...dropoutParams(dropout),
          items: weights.shape[0],
          firstItem,
          hidden: columns,
          stride4: vec4s(stride),
          valueStep: valueStep(input),
        },
        constants: { ...lanes, activation: ACTIVATIONS[isLast ? activation : 'linear'] },
        workgroups: [rows, Math.ceil(vec4s(stride) / (lanes.lanes * lanes.perThread)), 1],
      });
    },

    softmaxSums({ logits, targets, batch, sums, firstItem }) {
      const { rows, stride, columns } = gpu(logits);
      queue.launch({
        shader: softmaxSumsShader,
        tensors: {
          logits: gpu(logits),
          ...sparse('targets', targets),
          rows: gpu(batch.rows),
          sums: gpu(sums),
        },
        params: {
          ...batchParams(batch),
          items: columns,
          firstItem,
          stride4: vec4s(stride),
          sumsStride4: vec4s(gpu(sums).stride),
          valueStep: valueStep(targets),
        },
        constants: { lanes: ROW_LANES[family] },
        workgroups: [rows, 1, 1],
      });
    },

    softmaxGrad({ logits, targets, batch, sums, loss, scale, firstItem }) {
      const { rows, stride, columns } = gpu(logits);
      queue.launch({
        shader: softmaxGradShader,
        tensors: {
          logits: gpu(logits),
          ...sparse('targets', targets),
          rows: gpu(batch.rows),
          sums: gpu(sums),
          loss: gpu(loss),
        },
        params: {
          ...batchParams(batch),
          capacity: logits.shape[0],
          items: columns,
          firstItem,
          stride4: vec4s(stride),
          sumsStride4: vec4s(gpu(sums).stride),
          valueStep: valueStep(targets),
          scale,
        },
        constants: { lanes: ROW_LANES[family] },
        workgroups: [rows, 1, 1],
      });
    },

    correctLogits({ logits, positives, batch, corrections }) {
      const { positivesIndptr, positivesIndices } = sparse('positives', positives);
      const { stride, columns } = gpu(logits);
      queue.launch({
        shader: correctLogitsShader,
        tensors: {
          logits: gpu(logits),
          positivesIndptr,
          positivesIndices,
          rows: gpu(batch.rows),
          corrections: gpu(corrections),
        },
        params: { ...batchParams(batch), items: columns, stride4: vec4s(stride) },
        workgroups: [batch.count, 1, 1],
      });
    },

    accumulate({ input, out }) {
      const targets = memory.pieces(gpu(out));
      memory.pieces(gpu(input)).forEach(({ tensor, numbers }, i) => {
        queue.launch({
          shader: accumulateShader,
          tensors: { input: tensor, out: targets[i].tensor },
          params: { size4: vec4s(numbers) },
          workgroups: grid(Math.ceil(vec4s(numbers) / 64)),
        });
      });
    },

    gatherRows({ input, items, out, firstItem }) {
      const { params, constants, workgroups } = rowsOf(input, items.size);
      queue.launch({
        shader: gatherRowsShader,
        tensors: { input: gpu(input), items: gpu(items), out: gpu(out) },
        params: { ...params, firstItem },
        constants,
        workgroups: workgroups(Math.ceil(items.size / 4)),
      });
    },

    adamRows({ param, grad, moment1, moment2, items, firstItem, step, ...rates }) {
      const { beta1, beta2 } = rates;
      const { params, constants, workgroups } = rowsOf(param, items.size);
      queue.launch({
        shader: adamRowsShader,
        tensors: {
          param: gpu(param),
          grad: gpu(grad),
          moment1: gpu(moment1),
          moment2: gpu(moment2),
          items: gpu(items),
        },
        params: {
          ...params,
          ...rates,
          firstItem,
          oneMinusBeta1: 1 - beta1,
          oneMinusBeta2: 1 - beta2,
          correction1: 1 / (1 - beta1 ** step),
          correction2: 1 / (1 - beta2 ** step),
        },
        constants,
        workgroups: workgroups(items.size),
      });
    },
  };
}
