import { FoldinError } from '../errors.js';

/**
 * A sparse matrix by rows: row r holds columns `indices[indptr[r] .. indptr[r + 1]]`, ascending, each once.
 * `values` has one number an entry, or is absent when every entry is 1.
 */
export interface Csr {
  readonly rows: number;
  readonly columns: number;
  /** u32[rows + 1] */
  readonly indptr: Uint32Array;
  /** u32[nnz] */
  readonly indices: Uint32Array;
  /** f32[nnz] */
  readonly values?: Float32Array;
}

/** Number of stored entries. */
export const nnz = (matrix: Csr): number => matrix.indptr[matrix.rows];

/** The columns of one row. */
export const rowIndices = (matrix: Csr, row: number): Uint32Array =>
  matrix.indices.subarray(matrix.indptr[row], matrix.indptr[row + 1]);

/** A matrix from one array of columns a row; each row is sorted and must hold every column once. */
export function csrFromRows(rows: readonly ArrayLike<number>[], columns: number): Csr {
  const indptr = new Uint32Array(rows.length + 1);
  rows.forEach((row, r) => {
    indptr[r + 1] = indptr[r] + row.length;
  });
  const indices = new Uint32Array(indptr[rows.length]);
  rows.forEach((row, r) => {
    const sorted = Uint32Array.from(row).sort();
    for (let e = 0; e < sorted.length; e++) {
      if (sorted[e] >= columns || (e > 0 && sorted[e] === sorted[e - 1])) {
        throw new FoldinError(
          'SHAPE_MISMATCH',
          `row ${r} holds column ${sorted[e]} twice or beyond ${columns}`,
          {
            remedy: 'Give each column once, below the number of columns.',
          },
        );
      }
    }
    indices.set(sorted, indptr[r]);
  });
  return { rows: rows.length, columns, indptr, indices };
}

/** The given rows, in the given order, as a matrix of their own. */
export function selectRows(matrix: Csr, rows: ArrayLike<number>): Csr {
  const indptr = new Uint32Array(rows.length + 1);
  for (let r = 0; r < rows.length; r++) {
    indptr[r + 1] = indptr[r] + matrix.indptr[rows[r] + 1] - matrix.indptr[rows[r]];
  }
  const indices = new Uint32Array(indptr[rows.length]);
  const values = matrix.values && new Float32Array(indptr[rows.length]);
  for (let r = 0; r < rows.length; r++) {
    const from = matrix.indptr[rows[r]];
    const to = matrix.indptr[rows[r] + 1];
    indices.set(matrix.indices.subarray(from, to), indptr[r]);
    values?.set(matrix.values!.subarray(from, to), indptr[r]);
  }
  return { rows: rows.length, columns: matrix.columns, indptr, indices, values };
}

/** How many rows hold each column: u32[columns]. */
export function columnCounts(matrix: Csr): Uint32Array {
  const counts = new Uint32Array(matrix.columns);
  for (const column of matrix.indices) counts[column]++;
  return counts;
}
