import choleskyShader from '../../shaders/cholesky.wgsl';
import gramShader from '../../shaders/gram.wgsl';
import matmulPanelShader from '../../shaders/matmulPanel.wgsl';
import residualShader from '../../shaders/residual.wgsl';
import triangularSolveShader from '../../shaders/triangularSolve.wgsl';
import { PANEL, type SolveOps } from '../backend/solveOps.js';
import { type Family, ROW_LANES } from './family.js';
import { gpu, grid, sparse, valueStep, vec4s } from './launch.js';
import type { Queue } from './queue.js';
import { cover, DEFAULT_VARIANT, VARIANTS, type Variant } from './variants.js';

/** The vec4 columns that hold columns first .. end. */
const columns4 = (first: number, end: number) => ({
  firstColumn4: first / 4,
  endColumn4: Math.ceil(end / 4),
});

export function solveOps(queue: Queue, family: Family): SolveOps {
  const product: Variant = VARIANTS[DEFAULT_VARIANT[family]];
  return {
    gram({ columns, users, ridge, out, outFirst = 0, first, count }) {
      queue.launch({
        shader: gramShader,
        tensors: {
          ...sparse('columns', columns),
          ...sparse('users', users),
          ridge: gpu(ridge),
          out: gpu(out),
        },
        params: {
          first,
          count,
          outFirst,
          outColumns: out.shape[1],
          stride: gpu(out).stride,
          columnsStep: valueStep(columns),
          usersStep: valueStep(users),
        },
        // One vector of a CPU, or a warp or two of a GPU: all of them wait after each user.
        constants: { lanes: ROW_LANES[family] },
        workgroups: grid(count),
      });
    },

    matmulPanel({ a, b, bFirst = 0, out, outRow, first, rows, from, to, firstColumn, endColumn, bIsLower }) {
      const columns = endColumn - firstColumn;
      if (columns <= 0 || rows === 0) return;
      const { workgroups, rowsOfGroup } = cover(product, rows, columns);
      queue.launch({
        shader: matmulPanelShader,
        tensors: { a: gpu(a), b: gpu(b), out: gpu(out) },
        params: {
          ...columns4(firstColumn, endColumn),
          aStride4: vec4s(gpu(a).stride),
          bStride4: vec4s(gpu(b).stride),
          outRow,
          first,
          rows,
          begin: from,
          end: to,
          bIsLower: bIsLower ? 1 : 0,
          rowsOfGroup,
          bFirst,
        },
        constants: product.constants,
        workgroups: [...workgroups, 1],
      });
    },

    cholesky({ matrix, matrixFirst = 0, panel, diagonal, first }) {
      const [n] = matrix.shape;
      queue.launch({
        shader: choleskyShader,
        tensors: { matrix: gpu(matrix), panel: gpu(panel), diagonal: gpu(diagonal) },
        params: {
          first,
          column: first - matrixFirst,
          size: Math.min(PANEL, n - first),
          stride: gpu(matrix).stride,
        },
        workgroups: [1, 1, 1],
      });
    },

    triangularSolve({ diagonal, panel, out, first, firstColumn, endColumn }) {
      if (endColumn <= firstColumn) return;
      queue.launch({
        shader: triangularSolveShader,
        tensors: { diagonal: gpu(diagonal), panel: gpu(panel), out: gpu(out) },
        params: {
          ...columns4(firstColumn, endColumn),
          first,
          size: Math.min(PANEL, out.shape[0] - first),
          stride4: vec4s(gpu(out).stride),
        },
        workgroups: [Math.ceil((endColumn - firstColumn) / 128), 1, 1],
      });
    },

    residual({ a, aFirst = 0, b, out, bFirst = 0, scale, first, count }) {
      const stride4 = vec4s(gpu(out).stride);
      queue.launch({
        shader: residualShader,
        tensors: { a: gpu(a), b: gpu(b), out: gpu(out) },
        params: {
          first4: vec4s(first),
          aFirst4: vec4s(aFirst),
          bFirst,
          end: first + count,
          n: b.shape[0],
          m: b.shape[1],
          aStride4: vec4s(gpu(a).stride),
          stride4,
          scale,
          nothing: 0,
        },
        workgroups: [Math.ceil(stride4 / 8), Math.ceil(count / 32), 1],
      });
    },
  };
}
