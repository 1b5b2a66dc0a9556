import { idOf, numberOf, textOf } from '../cells.js';
import { knownColumn, plainName } from '../columnNames.js';
import type { RandomAccess } from '../randomAccess.js';
import { vectorsError } from '../vectorsError.js';
import { parquetTable } from './parquet.js';

/**
 * Item vectors of a Parquet file: a column of ids (called as item columns are, or "id") and one of lists of numbers.
 * VECTORS_FORMAT where there is no such column, or more than one, or where lists are not equally long.
 */
export async function parquetVectors(
  name: string,
  access: RandomAccess,
): Promise<{ ids: string[]; width: number; values: Float32Array }> {
  const table = await parquetTable(name, access);
  const paths = [...table.paths.values()].filter(({ keys }) => keys.length === 1);
  const columns = paths.map(({ keys }) => keys[0]);
  const lists = paths.filter(({ list }) => list).map(({ keys }) => keys[0]);
  const plain = columns.filter((column) => !lists.includes(column));
  const known = knownColumn(plain, 'item');
  const item = plain[known >= 0 ? known : plain.map(plainName).indexOf('id')];
  if (item === undefined || lists.length !== 1) {
    throw vectorsError(
      `${name}: expected a column of item ids and one of vectors, found ${columns.map((column) => `"${column}"${lists.includes(column) ? ' (lists)' : ''}`).join(', ')}`,
      'Keep a column "item" and one column of lists of numbers.',
    );
  }
  const ids: string[] = [];
  const rows: Float32Array[] = [];
  for await (const [items, vectors] of table.batches([item, lists[0]])) {
    for (let r = 0; r < items.length; r++) {
      const id = idOf(items[r]);
      if (typeof id === 'string') {
        throw vectorsError(
          `${name}: the id in row ${ids.length + 1} is ${id}`,
          'Give every vector the id of its item.',
        );
      }
      const cells = (vectors[r] ?? []) as ArrayLike<unknown>;
      const vector = Float32Array.from(cells, numberOf);
      const width = rows[0]?.length ?? vector.length;
      if (vector.length !== width || width === 0) {
        throw vectorsError(
          `${name}: the vector of "${textOf(id)}" in row ${ids.length + 1} has ${vector.length} numbers, ${rows.length > 0 ? `those before ${width}` : 'none at all'}`,
          'Make all vectors with one model, so that they are equally long.',
        );
      }
      ids.push(textOf(id));
      rows.push(vector);
    }
  }
  if (rows.length === 0) throw vectorsError(`${name} holds no vector`, 'Give a file with one row an item.');
  const width = rows[0].length;
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, r) => {
    values.set(row, r * width);
  });
  return { ids, width, values };
}
