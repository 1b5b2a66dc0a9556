import type { Csr } from '../data/csr.js';
import type { Backend, Tensor } from './backend.js';
import type { BatchRows, SparseRows } from './ops.js';

/** Histories on the device, with what is known of the people, in the same rows. */
export interface InputRows extends SparseRows {
  readonly traits?: SparseRows;
}

/** A Csr on the backend. Who uploads it frees it. */
export interface DeviceRows extends InputRows {
  readonly traits?: DeviceRows;
  readonly rows: number;
  readonly columns: number;
  /** What was uploaded, for models that go by the length and the order of histories. */
  readonly matrix: Csr;
  free(): void;
}

/** A batch of rows that follow each other: row b is `first + b`, on the device and on the host. */
export interface ConsecutiveRows extends BatchRows {
  readonly consecutive: true;
}

/** Uploads a matrix, with `values` (f32[nnz]) in place of its own where given; one 1 stands for all where there are none. */
export function uploadRows(backend: Backend, matrix: Csr, values = matrix.values): DeviceRows {
  const indptr = backend.tensor(matrix.indptr);
  // A matrix without entries still needs a buffer to bind.
  const indices = backend.tensor(matrix.indices.length > 0 ? matrix.indices : new Uint32Array(1));
  const numbers = backend.tensor(values && values.length > 0 ? values : Float32Array.of(1));
  const traits = matrix.traits && uploadRows(backend, matrix.traits);
  return {
    rows: matrix.rows,
    columns: matrix.columns,
    matrix,
    indptr,
    indices,
    values: numbers,
    ...(traits && { traits }),
    free() {
      freeAll([indptr, indices, numbers]);
      traits?.free();
    },
  };
}

/** u32[n]: 0, 1, 2, ... for batches of consecutive rows. */
export function consecutive(backend: Backend, n: number): Tensor {
  return backend.tensor(Uint32Array.from({ length: Math.max(1, n) }, (_, i) => i));
}

export function freeAll(tensors: Iterable<Tensor>): void {
  for (const tensor of tensors) tensor.free();
}
