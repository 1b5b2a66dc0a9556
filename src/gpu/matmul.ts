import activateShader from '../../shaders/activate.wgsl';
import matmulNNShader from '../../shaders/matmulNN.wgsl';
import matmulNTShader from '../../shaders/matmulNT.wgsl';
import matmulNTActivationShader from '../../shaders/matmulNTActivation.wgsl';
import matmulTNShader from '../../shaders/matmulTN.wgsl';
import reduceActivationShader from '../../shaders/reduceActivation.wgsl';
import transposeShader from '../../shaders/transpose.wgsl';
import type { Tensor } from '../backend/backend.js';
import type { Ops } from '../backend/ops.js';
import { ACTIVATIONS, gpu, grid, vec4s } from './launch.js';
import type { Queue } from './queue.js';
import type { Choice } from './tune.js';
import { cover, VARIANTS, type Variant } from './variants.js';

export type MatmulOps = Pick<
  Ops,
  'matmulNN' | 'matmulNT' | 'matmulNTActivation' | 'matmulTN' | 'reduceActivation' | 'transpose' | 'activate'
>;

/** `choice` is looked at in every launch: tuning may change it between two trainings. */
export function matmulOps(queue: Pick<Queue, 'launch'>, choice: Choice): MatmulOps {
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
      workgroups: [Math.ceil(outRows4 / 8), Math.ceil(vec4s(gpu(out).stride) / 8), 1],
    });
  };

  /** What both products with a transposed b take. */
  const turnedProduct = (a: Tensor, b: Tensor, out: Tensor, parts: number) => {
    const [m, k] = a.shape;
    const variant: Variant = VARIANTS[choice.matmulNT];
    const { workgroups, rowsOfGroup } = cover(variant, m, b.shape[0], parts);
    return {
      variant,
      workgroups,
      params: {
        m,
        n: b.shape[0],
        k,
        aStride4: vec4s(gpu(a).stride),
        bStride4: vec4s(gpu(b).stride),
        outStride4: vec4s(gpu(out).stride),
        rowsOfGroup,
      },
    };
  };

  return {
    transpose,

    matmulNN({ a, b, bias, out, activation }) {
      const [m, n] = out.shape;
      const variant: Variant = VARIANTS[choice.matmulNN];
      const { workgroups, rowsOfGroup } = cover(variant, m, n);
      queue.launch({
        shader: matmulNNShader,
        tensors: { a: gpu(a), b: gpu(b), bias: gpu(bias), out: gpu(out) },
        params: {
          m,
          n,
          k: b.shape[0],
          aStride4: vec4s(gpu(a).stride),
          bStride4: vec4s(gpu(b).stride),
          rowsOfGroup,
        },
        constants: { ...variant.constants, activation: ACTIVATIONS[activation] },
        workgroups: [...workgroups, 1],
      });
    },

    matmulNT({ a, b, out }) {
      const [m, k] = a.shape;
      const splits = out.shape[0] / m;
      const { variant, workgroups, params } = turnedProduct(a, b, out, splits);
      queue.launch({
        shader: matmulNTShader,
        tensors: { a: gpu(a), b: gpu(b), out: gpu(out) },
        params: { ...params, slice: 8 * Math.ceil(k / (8 * splits)) },
        constants: variant.constants,
        workgroups: [...workgroups, splits],
      });
    },

    matmulNTActivation({ a, b, saved, out, activation }) {
      const { variant, workgroups, params } = turnedProduct(a, b, out, 1);
      queue.launch({
        shader: matmulNTActivationShader,
        tensors: { a: gpu(a), b: gpu(b), saved: gpu(saved), out: gpu(out) },
        params,
        constants: { ...variant.constants, activation: ACTIVATIONS[activation] },
        workgroups: [...workgroups, 1],
      });
    },

    matmulTN({ a, b, out, sums, accumulate = false }) {
      const [m, k] = a.shape;
      const variant: Variant = VARIANTS[choice.matmulTN];
      const { workgroups, rowsOfGroup } = cover(variant, k, b.shape[1]);
      queue.launch({
        shader: matmulTNShader,
        tensors: { a: gpu(a), b: gpu(b), out: gpu(out), sums: gpu(sums) },
        params: {
          m,
          k,
          aStride4: vec4s(gpu(a).stride),
          bStride4: vec4s(gpu(b).stride),
          accumulate: accumulate ? 1 : 0,
          rowsOfGroup,
        },
        constants: variant.constants,
        workgroups: [...workgroups, 1],
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
