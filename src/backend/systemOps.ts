import type { Tensor } from './backend.js';
import type { BatchRows, SparseRows } from './ops.js';

/** The most unknowns of a system that solveSystems takes: so many numbers fit the memory of a workgroup. */
export const MOST_UNKNOWNS = 1024;

/** Many small systems of equations in one launch; part of Ops. */
export interface SystemOps {
  /**
   * The normal equations of one weighted regression a row of the batch, of unknowns w in R^d: the minimum of
   * sum_e x_e (1 - w y_e)² + baseWeight wT base w + r |w|², where y_e are the rows of `factors` that the row's entries
   * name and r = ridge + entryRidge sum_e x_e, is where systems_b w = rhs_b:
   * systems[d b + i, j] = baseWeight base[i, j] + sum_e x_e y_ei y_ej, and r more where i = j; rhs[b, i] = sum_e x_e y_ei.
   * Of each system only the upper triangle (i <= j) means anything; systems of rows count..batch keep their values, their
   * right-hand sides become zeros.
   */
  normalEquations(args: {
    input: SparseRows;
    batch: BatchRows;
    /** f32[columns, d] */
    factors: Tensor;
    /** f32[d, d], symmetric */
    base: Tensor;
    /** f32[batch * d, d] */
    systems: Tensor;
    /** f32[batch, d] */
    rhs: Tensor;
    baseWeight: number;
    ridge: number;
    entryRidge: number;
  }): void;

  /**
   * Solves symmetric positive definite systems, of which the upper triangles are read, by Cholesky's factorisation:
   * solutions[b] = systems_b^-1 rhs[b] for b < count, zeros beyond. The upper triangles are overwritten by U,
   * systems_b = UT U. A pivot that is not positive makes its row of U, and its unknown, 0. d <= MOST_UNKNOWNS.
   */
  solveSystems(args: {
    /** f32[batch * d, d] */
    systems: Tensor;
    /** f32[batch, d] */
    rhs: Tensor;
    /** f32[batch, d] */
    solutions: Tensor;
    count: number;
  }): void;
}
