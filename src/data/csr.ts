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
  /**
   * u32[nnz]: the place of each entry among those of its row in the order in which they happened, 0 the first; absent
   * where that is not known. See order.ts.
   */
  readonly positions?: Uint32Array;
  /**
   * rows x features: of histories, what is known of the people themselves, row by row. Absent where nothing is; models that
   * go by it add it to what they make of the history.
   */
  readonly traits?: Csr;
}

/** Number of stored entries. */
export const nnz = (matrix: Csr): number => matrix.indptr[matrix.rows];

/** The columns of one row. */
export const rowIndices = (matrix: Csr, row: number): Uint32Array =>
  matrix.indices.subarray(matrix.indptr[row], matrix.indptr[row + 1]);

/**
 * A matrix from one array of columns a row, and one array of their values a row where not all are 1. Rows are
 * sorted; `inOrder` says that they come in the order in which things happened, which is then kept. SHAPE_MISMATCH when
 * a row holds a column twice or beyond the last.
 */
export function csrFromRows(
  rows: readonly ArrayLike<number>[],
  columns: number,
  values?: readonly ArrayLike<number>[],
  { inOrder = false }: { readonly inOrder?: boolean } = {},
): Csr {
  const indptr = new Uint32Array(rows.length + 1);
  rows.forEach((row, r) => {
    indptr[r + 1] = indptr[r] + row.length;
  });
  const indices = new Uint32Array(indptr[rows.length]);
  const numbers = values && new Float32Array(indices.length);
  const positions = inOrder ? new Uint32Array(indices.length) : undefined;
  rows.forEach((row, r) => {
    const order = Uint32Array.from({ length: row.length }, (_, e) => e).sort((a, b) => row[a] - row[b]);
    order.forEach((e, place) => {
      const at = indptr[r] + place;
      indices[at] = row[e];
      if (numbers) numbers[at] = values[r][e];
      if (positions) positions[at] = e;
      if (row[e] >= columns || (place > 0 && indices[at] === indices[at - 1])) {
        throw new FoldinError(
          'SHAPE_MISMATCH',
          `row ${r} holds column ${row[e]} twice or beyond ${columns}`,
          {
            remedy: 'Give each column once, below the number of columns.',
          },
        );
      }
    });
  });
  return { rows: rows.length, columns, indptr, indices, values: numbers, ...(positions && { positions }) };
}

/** The given rows, in the given order, as a matrix of their own. */
export function selectRows(matrix: Csr, rows: ArrayLike<number>): Csr {
  const indptr = new Uint32Array(rows.length + 1);
  for (let r = 0; r < rows.length; r++) {
    indptr[r + 1] = indptr[r] + matrix.indptr[rows[r] + 1] - matrix.indptr[rows[r]];
  }
  const indices = new Uint32Array(indptr[rows.length]);
  const values = matrix.values && new Float32Array(indptr[rows.length]);
  const positions = matrix.positions && new Uint32Array(indptr[rows.length]);
  for (let r = 0; r < rows.length; r++) {
    const from = matrix.indptr[rows[r]];
    const to = matrix.indptr[rows[r] + 1];
    indices.set(matrix.indices.subarray(from, to), indptr[r]);
    values?.set(matrix.values!.subarray(from, to), indptr[r]);
    positions?.set(matrix.positions!.subarray(from, to), indptr[r]);
  }
  return {
    rows: rows.length,
    columns: matrix.columns,
    indptr,
    indices,
    values,
    ...(positions && { positions }),
    ...(matrix.traits && { traits: selectRows(matrix.traits, rows) }),
  };
}

/** The given rows, in the given order; where one is undefined, a row of nothing. */
export function selectKnownRows(matrix: Csr, rows: readonly (number | undefined)[]): Csr {
  // One more row behind the last, which is empty.
  const indptr = new Uint32Array(matrix.rows + 2).fill(nnz(matrix));
  indptr.set(matrix.indptr);
  return selectRows(
    { ...matrix, rows: matrix.rows + 1, indptr },
    rows.map((row) => row ?? matrix.rows),
  );
}

/** The given columns (ascending), renumbered in that order; the others are left out. */
export function selectColumns(matrix: Csr, columns: Uint32Array): Csr {
  const renumbered = new Int32Array(matrix.columns).fill(-1);
  columns.forEach((column, index) => {
    renumbered[column] = index;
  });
  const { positions } = matrix;
  const kept = (row: number) => {
    const mine = Array.from(entries(matrix, row)).filter((e) => renumbered[matrix.indices[e]] >= 0);
    return positions ? mine.sort((a, b) => positions[a] - positions[b]) : mine;
  };
  const rows = Array.from({ length: matrix.rows }, (_, row) => kept(row));
  const selected = csrFromRows(
    rows.map((row) => row.map((e) => renumbered[matrix.indices[e]])),
    columns.length,
    matrix.values && rows.map((row) => row.map((e) => matrix.values![e])),
    { inOrder: positions !== undefined },
  );
  return matrix.traits ? { ...selected, traits: matrix.traits } : selected;
}

/** The columns first .. first + count, renumbered from 0, without the order of the rows. */
export function columnRange({ rows, indptr, indices, values }: Csr, first: number, count: number): Csr {
  const isInside = (e: number) => indices[e] >= first && indices[e] < first + count;
  const ends = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    ends[row + 1] = ends[row];
    for (let e = indptr[row]; e < indptr[row + 1]; e++) if (isInside(e)) ends[row + 1]++;
  }
  return {
    rows,
    columns: count,
    indptr: ends,
    indices: indices.filter((_, e) => isInside(e)).map((column) => column - first),
    values: values?.filter((_, e) => isInside(e)),
  };
}

function* entries(matrix: Csr, row: number): Generator<number> {
  for (let e = matrix.indptr[row]; e < matrix.indptr[row + 1]; e++) yield e;
}

/** How many rows hold each column: u32[columns]. */
export function columnCounts(matrix: Csr): Uint32Array {
  const counts = new Uint32Array(matrix.columns);
  for (const column of matrix.indices) counts[column]++;
  return counts;
}

/** The matrix by columns, each entry multiplied by its row's weight where weights are given. */
export function transposed(
  { rows, columns, indptr, indices, values }: Csr,
  weights?: ArrayLike<number>,
): Csr {
  const starts = new Uint32Array(columns + 1);
  for (const column of indices) starts[column + 1]++;
  for (let c = 0; c < columns; c++) starts[c + 1] += starts[c];
  const next = starts.slice(0, columns);
  const turned = new Uint32Array(indices.length);
  const weighted = values || weights ? new Float32Array(indices.length) : undefined;
  for (let row = 0; row < rows; row++) {
    for (let e = indptr[row]; e < indptr[row + 1]; e++) {
      const at = next[indices[e]]++;
      turned[at] = row;
      if (weighted) weighted[at] = (values?.[e] ?? 1) * (weights?.[row] ?? 1);
    }
  }
  return { rows: columns, columns: rows, indptr: starts, indices: turned, values: weighted };
}
