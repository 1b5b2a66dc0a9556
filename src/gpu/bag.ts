import bagBackwardShader from '../../shaders/bagBackward.wgsl';
import bagForwardShader from '../../shaders/bagForward.wgsl';
import bagInputGradShader from '../../shaders/bagInputGrad.wgsl';
import bagSparseShader from '../../shaders/bagSparse.wgsl';
import dropoutShader from '../../shaders/dropout.wgsl';
import type { Tensor } from '../backend/backend.js';
import type { Ops } from '../backend/ops.js';
import type { Family } from './family.js';
import { ACTIVATIONS, batchParams, dropoutParams, gpu, grid, sparse, valueStep, vec4s } from './launch.js';
import type { Memory } from './memory.js';
import type { Queue } from './queue.js';

export function bagOps(
  queue: Queue,
  memory: Memory,
  family: Family,
): Pick<Ops, 'bagForward' | 'bagBackward' | 'bagInputGrad' | 'bagSparse' | 'dropout'> {
  const constants = family === 'tile' ? { lanes: 32, perThread: 1 } : { lanes: 8, perThread: 4 };
  const columnGroups = (stride: number) => Math.ceil(vec4s(stride) / (constants.lanes * constants.perThread));
  /** Something to bind where rows are not scaled to length 1; the kernel then does not touch it. */
  const scaling = (scales: Tensor | undefined) => ({
    tensor: scales ? gpu(scales) : memory.unused(),
    normalise: scales ? 1 : 0,
  });
  return {
    bagForward({ input, batch, weights, bias, out, activation, dropout, scales }) {
      const { rows, stride, columns } = gpu(out);
      const { tensor, normalise } = scaling(scales);
      queue.launch({
        shader: bagForwardShader,
        tensors: {
          ...sparse('input', input),
          rows: gpu(batch.rows),
          weights: gpu(weights),
          bias: gpu(bias),
          out: gpu(out),
          scales: tensor,
        },
        params: {
          ...batchParams(batch),
          ...dropoutParams(dropout),
          hidden: columns,
          stride4: vec4s(stride),
          valueStep: valueStep(input),
        },
        constants: { ...constants, activation: ACTIVATIONS[activation], normalise },
        workgroups: [rows, columnGroups(stride), 1],
      });
    },

    bagSparse({ input, batch, table, out }) {
      queue.launch({
        shader: bagSparseShader,
        tensors: {
          ...sparse('input', input),
          rows: gpu(batch.rows),
          ...sparse('table', table),
          out: gpu(out),
        },
        params: {
          ...batchParams(batch),
          stride: gpu(out).stride,
          inputStep: valueStep(input),
          tableStep: valueStep(table),
        },
        // One vector of a CPU, or a warp or two of a GPU: all of them wait after each entry.
        constants: { lanes: family === 'tile' ? 64 : 8 },
        workgroups: grid(batch.count),
      });
    },

    dropout({ values, dropout }) {
      const { stride } = gpu(values);
      const [m] = values.shape;
      queue.launch({
        shader: dropoutShader,
        tensors: { values: gpu(values) },
        params: { ...dropoutParams(dropout), m, stride4: vec4s(stride) },
        workgroups: grid(Math.ceil((m * vec4s(stride)) / 64)),
      });
    },

    bagBackward({
      starts,
      entries,
      firstStart,
      outGrad,
      out,
      sums,
      dropout,
      scales,
      firstItem = 0,
      accumulate = false,
    }) {
      const { tensor, normalise } = scaling(scales);
      const { stride, shape } = gpu(out);
      const [x, y] = grid(shape[0] + 1);
      queue.launch({
        shader: bagBackwardShader,
        tensors: {
          starts: gpu(starts),
          entries: gpu(entries),
          outGrad: gpu(outGrad),
          out: gpu(out),
          sums: gpu(sums),
          scales: tensor,
        },
        params: {
          ...dropoutParams(dropout),
          firstStart,
          items: shape[0],
          firstItem,
          batch: outGrad.shape[0],
          stride4: vec4s(stride),
          accumulate: accumulate ? 1 : 0,
        },
        constants: { ...constants, normalise },
        workgroups: [x, y, columnGroups(stride)],
      });
    },

    bagInputGrad({ places, batch, weights, outGrad, out, firstItem = 0 }) {
      const { placesIndptr, placesIndices } = sparse('places', places);
      queue.launch({
        shader: bagInputGradShader,
        tensors: {
          placesIndptr,
          placesIndices,
          rows: gpu(batch.rows),
          weights: gpu(weights),
          outGrad: gpu(outGrad),
          out: gpu(out),
        },
        params: {
          first: batch.first,
          items: weights.shape[0],
          firstItem,
          stride4: vec4s(gpu(weights).stride),
        },
        constants: { lanes: constants.lanes },
        workgroups: [batch.count, 1, 1],
      });
    },
  };
}
