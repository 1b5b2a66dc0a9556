import type { Tensor } from './backend.js';
import type { SparseRows } from './ops.js';

/** Rows of a block in the factorisation of a symmetric matrix: matmulPanel, cholesky, triangularSolve. */
export const PANEL = 64;

/**
 * What a symmetric matrix is made, factorised and inverted by; part of Ops. One that is too large for a tensor lies in
 * blocks of its columns: NAMEFirst is the column of the whole that the tensor NAME begins with, a multiple of PANEL; 0
 * where absent. Rows are always those of the whole, columns those of the tensors at hand.
 */
export interface SolveOps {
  /**
   * Rows first .. first + count of a Gram matrix plus a diagonal:
   * out[i, j] = sum over entries e of row i of `columns`: x_e users[user_e, j], and ridge[i] more where i = j.
   * `columns` is the transpose of `users`, its values multiplied by whatever weights the users carry. Other rows
   * of `out` keep their values. Of a block of columns, `users` has those of the block alone, counted from 0.
   */
  gram(args: {
    /** items x users */
    columns: SparseRows;
    /** users x n */
    users: SparseRows;
    /** f32[items] */
    ridge: Tensor;
    /** f32[items, n] */
    out: Tensor;
    outFirst?: number;
    first: number;
    count: number;
  }): void;

  /**
   * A block of aT b: out[outRow + r, c] = sum over from <= t < to: a[t, first + r] b[t, c], for r < rows and
   * firstColumn <= c < endColumn. `first`, `firstColumn` and, unless it is n, `endColumn` are multiples of PANEL;
   * rows <= PANEL. `bIsLower` promises that b[t, c] is 0 where t < bFirst + c, so that these terms need not be read. The rest of
   * `out` keeps its values.
   */
  matmulPanel(args: {
    /** f32[m, k] */
    a: Tensor;
    /** f32[m, n] */
    b: Tensor;
    bFirst?: number;
    /** f32[any, n] */
    out: Tensor;
    outRow: number;
    first: number;
    rows: number;
    from: number;
    to: number;
    firstColumn: number;
    endColumn: number;
    bIsLower: boolean;
  }): void;

  /**
   * Cholesky factor of one diagonal block: with S = matrix - panel on rows and columns first .. first + size of the whole,
   * size = min(PANEL, n - first), S = UT U; diagonal[first + r, c] = U[r, c], zeros beside it. Only the upper triangle
   * of S is read. A pivot that is not positive makes its row of U all zeros.
   */
  cholesky(args: {
    /** f32[n, m], which has all of these columns */
    matrix: Tensor;
    matrixFirst?: number;
    /** f32[PANEL, m], its row 0 belonging to row `first` of the matrix */
    panel: Tensor;
    /** f32[n, PANEL] */
    diagonal: Tensor;
    first: number;
  }): void;

  /**
   * Forward substitution with one block U of `diagonal`, see cholesky, for the columns firstColumn .. endColumn:
   * rows first .. first + size of `out` become the solution X of UT X = out - panel; 0 where U has a row of zeros.
   * Columns are in multiples of PANEL, see matmulPanel. The rest of `out` keeps its values.
   */
  triangularSolve(args: {
    /** f32[n, PANEL] */
    diagonal: Tensor;
    /** f32[PANEL, m] */
    panel: Tensor;
    /** f32[n, m] */
    out: Tensor;
    first: number;
    firstColumn: number;
    endColumn: number;
  }): void;

  /**
   * What is missing for b to be the inverse of a, with eleven more bits than f32: rows first .. first + count of
   * out = scale I - a b; the other rows stay. `a` is symmetric, and read by the columns first .. first + count, which it has
   * to have; `first` is a multiple of PANEL. Terms are exact and their sum is compensated (Ogita, Rump & Oishi 2005), so
   * that the error is that of rounding the result, and not of the sum, whose terms all but cancel.
   */
  residual(args: {
    /** f32[n, k] */
    a: Tensor;
    aFirst?: number;
    /** f32[n, m] */
    b: Tensor;
    /** f32[n, m] */
    out: Tensor;
    /** The column of the whole that `b` and `out` begin with. */
    bFirst?: number;
    scale: number;
    first: number;
    count: number;
  }): void;
}
