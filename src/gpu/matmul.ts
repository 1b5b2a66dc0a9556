import activateShader from '../../shaders/activate.wgsl';
import matmulNNShader from '../../shaders/matmulNN.wgsl';
import matmulNTShader from '../../shaders/matmulNT.wgsl';
import matmulNTActivationShader from '../../shaders/matmulNTActivation.wgsl';
import matmulTNShader from '../../shaders/matmulTN.wgsl';
import reduceActivationShader from '../../shaders/reduceActivation.wgsl';
import transposeShader from '../../shaders/transpose.wgsl';
import type { Tensor } from '../backend/backend.js';
import type { Ops } from '../backend/ops.js';
import type { Family } from './family.js';
import { ACTIVATIONS, gpu, grid, vec4s } from './launch.js';
import type { GpuTensor, Memory } from './memory.js';
import type { Queue } from './queue.js';

type MatmulOps = Pick<
  Ops,
  'matmulNN' | 'matmulNT' | 'matmulNTActivation' | 'matmulTN' | 'reduceActivation' | 'transpose' | 'activate'
>;

/** How many blocks of `size` cover n. */
const blocks = (n: number, size: number): number => Math.ceil(n / size);

export function matmulOps(queue: Queue, memory: Memory, family: Family): MatmulOps {
  const tile = family === 'tile';
  const constants = { tile: tile ? 1 : 0, threads: tile ? 64 : 8 };
  /** Workgroups that cover m x n outputs. */
  const cover = (m: number, n: number): [number, number] =>
    tile ? [blocks(n, 32), blocks(m, 32)] : [blocks(n, 64), blocks(m, 8)];

  const transpose = ({ input, out }: { input: Tensor; out: Tensor }): void => {
    const outRows4 = vec4s(gpu(out).rows);
    queue.launch({
      shader: transposeShader,
      tensors: { input: gpu(input), out: gpu(out) },
      params: {
        m: input.shape[0],
        outRows4,
        inputStride4: vec4s(gpu(input).stride),
        outStride4: vec4s(gpu(out).stride),
      },
      workgroups: [blocks(outRows4, 8), blocks(vec4s(gpu(out).stride), 8), 1],
    });
  };

  const turned = (input: Tensor, use: 'left' | 'right'): GpuTensor => {
    const out = memory.scratch([input.shape[1], input.shape[0]], use);
    transpose({ input, out });
    return out;
  };

  /** What both products with a transposed b bind. */
  const turnedProduct = (a: Tensor, b: Tensor, out: Tensor) => {
    const [m, k] = a.shape;
    const left = tile ? gpu(a) : turned(a, 'left');
    const right = tile ? gpu(b) : turned(b, 'right');
    const strides = { aStride4: vec4s(left.stride), bStride4: vec4s(right.stride) };
    return {
      operands: { a: left, b: right },
      params: { m, n: b.shape[0], k, ...strides, outStride4: vec4s(gpu(out).stride) },
    };
  };

  return {
    transpose,

    matmulNN({ a, b, bias, out, activation }) {
      const [m, n] = out.shape;
      const left = tile ? gpu(a) : turned(a, 'left');
      queue.launch({
        shader: matmulNNShader,
        tensors: { a: left, b: gpu(b), bias: gpu(bias), out: gpu(out) },
        params: { m, n, k: b.shape[0], aStride4: vec4s(left.stride), bStride4: vec4s(gpu(b).stride) },
        constants: { ...constants, activation: ACTIVATIONS[activation] },
        workgroups: [...cover(m, n), 1],
      });
    },

    matmulNT({ a, b, out }) {
      const [m, k] = a.shape;
      const splits = out.shape[0] / m;
      const { operands, params } = turnedProduct(a, b, out);
      queue.launch({
        shader: matmulNTShader,
        tensors: { ...operands, out: gpu(out) },
        params: { ...params, slice: 8 * blocks(k, 8 * splits) },
        constants,
        workgroups: [...cover(m, b.shape[0]), splits],
      });
    },

    matmulNTActivation({ a, b, saved, out, activation }) {
      const { operands, params } = turnedProduct(a, b, out);
      queue.launch({
        shader: matmulNTActivationShader,
        tensors: { ...operands, saved: gpu(saved), out: gpu(out) },
        params,
        constants: { ...constants, activation: ACTIVATIONS[activation] },
        workgroups: [...cover(a.shape[0], b.shape[0]), 1],
      });
    },

    matmulTN({ a, b, out, sums, accumulate = false }) {
      const [m, k] = a.shape;
      queue.launch({
        shader: matmulTNShader,
        tensors: { a: gpu(a), b: gpu(b), out: gpu(out), sums: gpu(sums) },
        params: {
          m,
          k,
          aStride4: vec4s(gpu(a).stride),
          bStride4: vec4s(gpu(b).stride),
          accumulate: accumulate ? 1 : 0,
        },
        constants,
        workgroups: [...cover(k, b.shape[1]), 1],
      });
    },

    reduceActivation({ parts, saved, out, activation }) {
      const [m] = out.shape;
      const stride4 = vec4s(gpu(out).stride);
      queue.launch({
        shader: reduceActivationShader,
        tensors: { parts: gpu(parts), saved: gpu(saved), out: gpu(out) },
        params: { m, stride4, splits: parts.shape[0] / m },
        constants: { activation: ACTIVATIONS[activation] },
        workgroups: grid(Math.ceil((m * stride4) / 64)),
      });
    },

    activate({ input, out, activation }) {
      const [m, n] = out.shape;
      const stride4 = vec4s(gpu(out).stride);
      queue.launch({
        shader: activateShader,
        tensors: { input: gpu(input), out: gpu(out) },
        params: { m, n, stride4 },
        constants: { activation: ACTIVATIONS[activation] },
        workgroups: grid(Math.ceil((m * stride4) / 64)),
      });
    },
  };
}
