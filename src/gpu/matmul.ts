import activateShader from '../../shaders/activate.wgsl';
import columnSumsShader from '../../shaders/columnSums.wgsl';
import matmulNNShader from '../../shaders/matmulNN.wgsl';
import matmulNTShader from '../../shaders/matmulNT.wgsl';
import matmulTNShader from '../../shaders/matmulTN.wgsl';
import reduceActivationShader from '../../shaders/reduceActivation.wgsl';
import type { Ops } from '../backend/ops.js';
import { ACTIVATIONS, gpu, grid, vec4s } from './launch.js';
import type { Queue } from './queue.js';

type MatmulOps = Pick<
  Ops,
  'matmulNN' | 'matmulNT' | 'matmulTN' | 'reduceActivation' | 'activate' | 'columnSums'
>;

/** Workgroups of 8 x 8 threads, each thread a block of 8 x 8: 64 outputs in each direction. */
const blocks = (n: number): number => Math.ceil(n / 64);

export const matmulOps = (queue: Queue): MatmulOps => ({
  matmulNN({ a, b, bias, out, activation }) {
    const [m, n] = out.shape;
    queue.launch({
      shader: matmulNNShader,
      tensors: { a: gpu(a), b: gpu(b), bias: gpu(bias), out: gpu(out) },
      params: {
        m,
        n,
        k4: Math.ceil(b.shape[0] / 4),
        aStride4: vec4s(gpu(a).stride),
        bStride4: vec4s(gpu(b).stride),
      },
      constants: { activation: ACTIVATIONS[activation] },
      workgroups: [blocks(n), blocks(m), 1],
    });
  },

  matmulNT({ a, b, out }) {
    const [m, k] = a.shape;
    const [n] = b.shape;
    const splits = out.shape[0] / m;
    queue.launch({
      shader: matmulNTShader,
      tensors: { a: gpu(a), b: gpu(b), out: gpu(out) },
      params: {
        m,
        n,
        k4: Math.ceil(k / 4),
        stride4: vec4s(gpu(a).stride),
        outStride: gpu(out).stride,
        splits,
      },
      workgroups: [Math.ceil(splits / 8), Math.ceil(n / 8), blocks(m)],
    });
  },

  matmulTN({ a, b, out }) {
    const [m, k] = a.shape;
    queue.launch({
      shader: matmulTNShader,
      tensors: { a: gpu(a), b: gpu(b), out: gpu(out) },
      params: { m, k, aStride4: vec4s(gpu(a).stride), bStride4: vec4s(gpu(b).stride) },
      workgroups: [blocks(b.shape[1]), blocks(k), 1],
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

  columnSums({ input, out }) {
    const stride4 = vec4s(gpu(input).stride);
    queue.launch({
      shader: columnSumsShader,
      tensors: { input: gpu(input), out: gpu(out) },
      params: { m: input.shape[0], stride4 },
      workgroups: grid(Math.ceil(stride4 / 32)),
    });
  },
});
