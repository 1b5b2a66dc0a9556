import type { Csr } from '../data/csr.js';

/** What is wrong with a matrix of histories, or undefined if it is sound. Expects `rows` x `columns`. */
export function historiesProblem(matrix: Csr, rows: number, columns: number): string | undefined {
  const { indptr, indices, values, positions } = matrix;
  if (matrix.rows !== rows || indptr.length !== rows + 1) {
    return `${indptr.length - 1} histories stand for ${rows} users`;
  }
  if (matrix.columns !== columns) return `histories over ${matrix.columns} items stand for ${columns} items`;
  if (indptr[0] !== 0 || indptr[rows] !== indices.length) return 'the histories do not cover their entries';
  if (values && values.length !== indices.length) {
    return `the histories have ${values.length} values for ${indices.length} entries`;
  }
  if (positions && positions.length !== indices.length) {
    return `the histories have ${positions.length} positions for ${indices.length} entries`;
  }
  for (let row = 0; row < rows; row++) {
    const taken = new Set(positions?.subarray(indptr[row], indptr[row + 1]));
    if (indptr[row] > indptr[row + 1]) return `history ${row} ends before it starts`;
    for (let e = indptr[row]; e < indptr[row + 1]; e++) {
      // Ends beyond the entries are caught here too: undefined is below no number of columns.
      if (!(indices[e] < columns)) return `history ${row} holds item ${indices[e]} of only ${columns}`;
      if (e > indptr[row] && indices[e] <= indices[e - 1]) return `history ${row} is not in ascending order`;
      if (positions && !taken.delete(positions[e]))
        return `history ${row} has two things at place ${positions[e]}`;
      if (positions && positions[e] >= indptr[row + 1] - indptr[row])
        return `history ${row} has gaps in its order`;
      if (values && !Number.isFinite(values[e])) return `history ${row} holds the value ${values[e]}`;
    }
  }
  return undefined;
}
