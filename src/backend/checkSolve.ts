import { ANY, atLeast, blockEnd, blockStart, matrix, sparse, vector, within } from './shapes.js';
import { PANEL, type SolveOps } from './solveOps.js';

/** The checks of SolveOps; see check.ts. */
export const solveChecks: { readonly [K in keyof SolveOps]: (args: Parameters<SolveOps[K]>[0]) => void } = {
  gram({ columns, users, ridge, out, outFirst = 0, first, count }) {
    matrix('gram', 'out', out, ANY, ANY);
    block('gram', 'outFirst', outFirst, out.shape[1], out.shape[0]);
    sparse('gram', columns, 'columns.indptr', 'columns.indices', 'columns.values');
    sparse('gram', users, 'users.indptr', 'users.indices', 'users.values');
    atLeast('gram', 'columns.indptr', columns.indptr, out.shape[0] + 1);
    vector('gram', 'ridge', ridge, out.shape[0]);
    within('gram', 'first + count', first + count, out.shape[0]);
  },
  matmulPanel({ a, b, bFirst = 0, out, outRow, first, rows, to, firstColumn, endColumn }) {
    matrix('matmulPanel', 'a', a, ANY, ANY);
    matrix('matmulPanel', 'b', b, a.shape[0], ANY);
    matrix('matmulPanel', 'out', out, ANY, b.shape[1]);
    within('matmulPanel', 'rows', rows, PANEL);
    within('matmulPanel', 'outRow + rows', outRow + rows, out.shape[0]);
    within('matmulPanel', 'first + rows', first + rows, a.shape[1]);
    within('matmulPanel', 'to', to, a.shape[0]);
    blockEnd('matmulPanel', 'endColumn', endColumn, b.shape[1]);
    blockStart('matmulPanel', 'first', first);
    blockStart('matmulPanel', 'firstColumn', firstColumn);
    blockStart('matmulPanel', 'bFirst', bFirst);
  },
  cholesky({ matrix: square, matrixFirst = 0, panel, diagonal, first }) {
    matrix('cholesky', 'matrix', square, ANY, ANY);
    const [n, columns] = square.shape;
    block('cholesky', 'matrixFirst', matrixFirst, columns, n);
    matrix('cholesky', 'panel', panel, PANEL, columns);
    matrix('cholesky', 'diagonal', diagonal, n, PANEL);
    blockStart('cholesky', 'first', first);
    within('cholesky', 'first + 1', first + 1, n);
    inBlock('cholesky', first, Math.min(PANEL, n - first), matrixFirst, columns);
  },
  triangularSolve({ diagonal, panel, out, first, firstColumn, endColumn }) {
    matrix('triangularSolve', 'out', out, ANY, ANY);
    matrix('triangularSolve', 'panel', panel, PANEL, out.shape[1]);
    matrix('triangularSolve', 'diagonal', diagonal, out.shape[0], PANEL);
    blockStart('triangularSolve', 'first', first);
    blockStart('triangularSolve', 'firstColumn', firstColumn);
    within('triangularSolve', 'first + 1', first + 1, out.shape[0]);
    blockEnd('triangularSolve', 'endColumn', endColumn, out.shape[1]);
  },
  residual({ a, aFirst = 0, b, out, bFirst = 0, first, count }) {
    matrix('residual', 'a', a, ANY, ANY);
    const [n, columns] = a.shape;
    block('residual', 'aFirst', aFirst, columns, n);
    matrix('residual', 'b', b, n, ANY);
    blockStart('residual', 'bFirst', bFirst);
    matrix('residual', 'out', out, n, b.shape[1]);
    blockStart('residual', 'first', first);
    within('residual', 'first + count', first + count, n);
    inBlock('residual', first, count, aFirst, columns);
  },
};

/** A block of so many columns that begins with `first` of `whole`. */
function block(op: string, argument: string, first: number, columns: number, whole: number): void {
  blockStart(op, argument, first);
  within(op, `${argument} + columns`, first + columns, whole);
}

/** Whether a block has the columns first .. first + count of the whole. */
function inBlock(op: string, first: number, count: number, blockFirst: number, columns: number): void {
  within(op, 'first - the first column of the block', first - blockFirst, columns);
  within(op, 'first + count - the first column of the block', first + count - blockFirst, columns);
}
