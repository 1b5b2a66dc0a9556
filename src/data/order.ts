import { FoldinError } from '../errors.js';
import type { Csr } from './csr.js';

/**
 * Positions (see Csr) from one number an entry, such as its time: the entries of a row in ascending order. Equal
 * numbers, of which nobody knows which came first, stay in the order of the columns, so that the order of lines is of
 * no matter.
 */
export function positionsBy(indptr: ArrayLike<number>, keys: ArrayLike<number>): Uint32Array {
  const positions = new Uint32Array(keys.length);
  for (let row = 0; row + 1 < indptr.length; row++) {
    const [begin, end] = [indptr[row], indptr[row + 1]];
    const order = Uint32Array.from({ length: end - begin }, (_, n) => begin + n);
    order.sort((a, b) => keys[a] - keys[b] || a - b);
    order.forEach((e, place) => {
      positions[e] = place;
    });
  }
  return positions;
}

/** The entries of a row, first things first; in the order of the columns where the matrix knows no other. */
export function entriesInOrder({ indptr, positions }: Csr, row: number): Uint32Array {
  const ordered = new Uint32Array(indptr[row + 1] - indptr[row]);
  for (let e = indptr[row]; e < indptr[row + 1]; e++) ordered[positions?.[e] ?? e - indptr[row]] = e;
  return ordered;
}

/** The columns of a row in the same order. */
export const rowInOrder = (matrix: Csr, row: number): Uint32Array =>
  entriesInOrder(matrix, row).map((e) => matrix.indices[e]);

/** The positions of histories; COLUMN_MISSING, with the options that give an order, where they have none. */
export function requireOrder(histories: Csr, who: string): Uint32Array {
  if (histories.positions) return histories.positions;
  if (histories.indices.length === 0) return new Uint32Array(0);
  throw new FoldinError(
    'COLUMN_MISSING',
    `${who} goes by the order in which things happened, and the log has no times`,
    {
      remedy:
        "Name the time column with --time, or say --order file if every user's lines stand in the order in which things happened.",
    },
  );
}
