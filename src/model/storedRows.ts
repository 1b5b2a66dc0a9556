import type { Backend, Tensor } from '../backend/backend.js';
import type { Csr } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import type { NamedArrays } from './parameters.js';

/** What a model file holds of sparse rows under a name, on the device. The caller frees them. */
export const storedRows = (backend: Backend, name: string, matrix: Csr): [string, Tensor][] =>
  rowArrays(name, matrix).map(([part, values]) => [part, backend.tensor(values)]);

/** NAME.lengths, NAME.places, NAME.values, all of them f32, in which whole numbers are exact below 2^24. */
export function rowArrays(
  name: string,
  { rows, indptr, indices, values }: Csr,
): [string, Float32Array<ArrayBufferLike>][] {
  const lengths = Float32Array.from({ length: rows }, (_, row) => indptr[row + 1] - indptr[row]);
  // A tensor has one number at least.
  const isEmpty = indices.length === 0;
  const numbers = values ?? new Float32Array(indices.length).fill(1);
  return [
    [`${name}.lengths`, lengths],
    [`${name}.places`, isEmpty ? Float32Array.of(0) : Float32Array.from(indices)],
    [`${name}.values`, isEmpty ? Float32Array.of(0) : numbers],
  ];
}

/** The rows as they were saved. SHAPE_MISMATCH when they do not fit together; `rows` is checked where it is given. */
export function loadRows(tensors: NamedArrays, name: string, columns: number, rows?: number): Csr {
  const unfit = (what: string) =>
    new FoldinError('SHAPE_MISMATCH', `${name} ${what}`, {
      remedy: 'Load a model with the configuration it was saved with.',
    });
  const [lengths, places, values] = ['lengths', 'places', 'values'].map(
    (part) => tensors.get(`${name}.${part}`)?.values,
  );
  if (!lengths || !places || !values) throw unfit('is missing');
  if (rows !== undefined && lengths.length !== rows) throw unfit(`has ${lengths.length} rows, not ${rows}`);
  const indptr = new Uint32Array(lengths.length + 1);
  for (let row = 0; row < lengths.length; row++) indptr[row + 1] = indptr[row] + lengths[row];
  const entries = indptr[lengths.length];
  if (places.length !== Math.max(1, entries) || values.length !== places.length) {
    throw unfit(`has ${places.length} places and ${values.length} values for ${entries} entries`);
  }
  const indices = Uint32Array.from(places.subarray(0, entries));
  if (indices.some((place) => place >= columns)) throw unfit(`holds a place beyond the last of ${columns}`);
  return {
    rows: lengths.length,
    columns,
    indptr,
    indices,
    values: Float32Array.from(values.subarray(0, entries)),
  };
}
