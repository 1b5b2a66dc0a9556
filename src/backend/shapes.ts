import { FoldinError } from '../errors.js';
import { type DType, SLICE, type Tensor } from './backend.js';
import { ITEM_BLOCK } from './blocks.js';
import { type BatchRows, PANEL, type SparseRows } from './ops.js';

/** A dimension that may have any length. */
export const ANY = -1;

/** SHAPE_MISMATCH unless both have the same shape and type: for copy(). */
export const checkAlike = (op: string, argument: string, tensor: Tensor, other: Tensor): void =>
  alike(op, argument, tensor, other);

/** The error of a wrong argument. */
export function mismatch(op: string, argument: string, expected: string, got: string): FoldinError {
  return new FoldinError('SHAPE_MISMATCH', `${op}: ${argument} should be ${expected}, got ${got}`, {
    remedy: 'Pass tensors with the shapes that the op documents.',
    details: { op, argument, expected, got },
  });
}

/** E.g. "f32[256, 3706]". */
export const describe = (tensor: Tensor): string => `${tensor.dtype}[${tensor.shape.join(', ')}]`;

export function matrix(
  op: string,
  argument: string,
  tensor: Tensor,
  rows: number,
  columns: number,
  dtype: DType = 'f32',
) {
  const { shape } = tensor;
  if (tensor.dtype !== dtype || shape.length !== 2 || !fits(rows, shape[0]) || !fits(columns, shape[1])) {
    throw mismatch(op, argument, `${dtype}[${length(rows)}, ${length(columns)}]`, describe(tensor));
  }
}

export function vector(
  op: string,
  argument: string,
  tensor: Tensor,
  size: number,
  dtype: DType = 'f32',
): void {
  if (tensor.dtype !== dtype || tensor.shape.length !== 1 || !fits(size, tensor.size)) {
    throw mismatch(op, argument, `${dtype}[${length(size)}]`, describe(tensor));
  }
}

export function atLeast(op: string, argument: string, tensor: Tensor, size: number): void {
  if (!(tensor.size >= size)) throw mismatch(op, argument, `at least ${size} long`, describe(tensor));
}

/** SHAPE_MISMATCH unless the rows are there and begin where a slice may begin. */
export function checkSlice(tensor: Tensor, first: number, count: number): void {
  within('slice', 'first + count', first + count, tensor.shape[0]);
  if (first % SLICE !== 0) throw mismatch('slice', 'first', `a multiple of ${SLICE}`, String(first));
  if (count < 1) throw mismatch('slice', 'count', 'at least 1', String(count));
}

export function floating(op: string, argument: string, tensor: Tensor): void {
  if (tensor.dtype !== 'f32') throw mismatch(op, argument, 'f32', describe(tensor));
}

export function alike(op: string, argument: string, tensor: Tensor, other: Tensor): void {
  const { shape } = tensor;
  const same =
    tensor.dtype === other.dtype &&
    shape.length === other.shape.length &&
    shape[0] === other.shape[0] &&
    shape[1] === other.shape[1];
  if (!same) throw mismatch(op, argument, describe(other), describe(tensor));
}

export function parts(op: string, argument: string, tensor: Tensor, rows: number, columns: number): void {
  matrix(op, argument, tensor, ANY, columns);
  const splits = tensor.shape[0] / rows;
  if (!(Number.isInteger(splits) && splits >= 1)) {
    throw mismatch(op, argument, `f32[splits * ${rows}, ${columns}]`, describe(tensor));
  }
}

export function sparse(op: string, csr: SparseRows, indptr: string, indices: string, values: string): void {
  vector(op, indptr, csr.indptr, ANY, 'u32');
  vector(op, indices, csr.indices, ANY, 'u32');
  vector(op, values, csr.values, csr.values.size === 1 ? 1 : csr.indices.size);
}

export function batchRows(op: string, batch: BatchRows, size: number): void {
  vector(op, 'batch.rows', batch.rows, ANY, 'u32');
  atLeast(op, 'batch.rows', batch.rows, batch.first + batch.count);
  if (!(batch.count >= 0 && batch.count <= size)) {
    throw mismatch(op, 'batch.count', `0 to ${size}`, String(batch.count));
  }
}

export function within(op: string, argument: string, got: number, most: number): void {
  if (!(got >= 0 && got <= most)) throw mismatch(op, argument, `0 to ${most}`, String(got));
}

export function blockStart(op: string, argument: string, got: number): void {
  if (!(got >= 0 && got % PANEL === 0)) throw mismatch(op, argument, `a multiple of ${PANEL}`, String(got));
}

export function firstOfBlock(op: string, got: number): void {
  if (!(got >= 0 && got % ITEM_BLOCK === 0)) {
    throw mismatch(op, 'firstItem', `a multiple of ${ITEM_BLOCK}`, String(got));
  }
}

export function blockEnd(op: string, argument: string, got: number, last: number): void {
  if (got !== last) blockStart(op, argument, got);
  within(op, argument, got, last);
}

const fits = (expected: number, got: number): boolean => expected === ANY || expected === got;
const length = (expected: number): string => (expected === ANY ? 'any' : String(expected));
