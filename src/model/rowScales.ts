import type { Csr } from '../data/csr.js';

/** f32[nnz]: values divided by the Euclidean length of their row. */
export const scaledToLength = (matrix: Csr): Float32Array =>
  scaleRows(matrix, (sum, x) => sum + x * x, Math.sqrt);

/** f32[nnz]: values divided by the sum of their row. */
export const scaledToSum = (matrix: Csr): Float32Array =>
  scaleRows(
    matrix,
    (sum, x) => sum + x,
    (sum) => sum,
  );

function scaleRows(
  matrix: Csr,
  add: (sum: number, x: number) => number,
  sizeOf: (sum: number) => number,
): Float32Array {
  const scaled = new Float32Array(matrix.indices.length);
  for (let row = 0; row < matrix.rows; row++) {
    let sum = 0;
    for (let e = matrix.indptr[row]; e < matrix.indptr[row + 1]; e++) {
      sum = add(sum, matrix.values ? matrix.values[e] : 1);
    }
    const size = sizeOf(sum);
    for (let e = matrix.indptr[row]; e < matrix.indptr[row + 1]; e++) {
      scaled[e] = size > 0 ? (matrix.values ? matrix.values[e] : 1) / size : 0;
    }
  }
  return scaled;
}
