import { idPlace, scanItemFile } from './itemFile.js';
import type { ColumnRef } from './layout.js';
import type { LogSource } from './source.js';
import type { Encoding } from './text.js';

/** What a table says of items, or of users: text as it stands there, '' where a row is too short. */
export interface ItemAttributes {
  readonly file: string;
  /** By row; of an id that stands twice, the first. */
  readonly ids: readonly string[];
  /** All columns but that of the ids, named by the header, or by their place from 1. */
  readonly columns: readonly AttributeColumn[];
}

export interface AttributeColumn {
  readonly name: string;
  /** One an id. */
  readonly values: readonly string[];
}

/**
 * Reads all that a delimited file says of items, one item a row. A header names the columns (`itemColumn`, the log's own
 * name of its item column, is looked for first); a file without one holds the id first. Throws as readItemTitles.
 */
export const readItemAttributes = (
  source: LogSource,
  { encoding, itemColumn }: { encoding?: Encoding; itemColumn?: ColumnRef } = {},
): Promise<ItemAttributes> => readAttributes(source, 'item', encoding, itemColumn);

/** The same of users. */
export const readUserAttributes = (
  source: LogSource,
  { encoding, userColumn }: { encoding?: Encoding; userColumn?: ColumnRef } = {},
): Promise<ItemAttributes> => readAttributes(source, 'user', encoding, userColumn);

async function readAttributes(
  source: LogSource,
  role: 'item' | 'user',
  encoding: Encoding = 'utf-8',
  idColumn?: ColumnRef,
): Promise<ItemAttributes> {
  let header: { item: number; names: string[] } | undefined;
  const ids: string[] = [];
  const known = new Set<string>();
  const columns: string[][] = [];
  const emptyRemedy = `Give a file with one ${role} a line: its id and what is known of it.`;
  await scanItemFile(source, { encoding, emptyRemedy }, (row) => {
    const fields = Array.from({ length: row.fields }, (_, f) => row.text(f, encoding));
    if (!header) {
      const item = idPlace(fields, idColumn, role);
      header = {
        item: item ?? 0,
        names: fields.map((name, f) => (item === undefined ? String(f + 1) : name)),
      };
      for (const _ of fields) columns.push([]);
      if (item !== undefined) return;
    }
    const id = fields[header.item] ?? '';
    if (id === '' || known.has(id)) return;
    known.add(id);
    ids.push(id);
    columns.forEach((values, f) => {
      values.push(fields[f] ?? '');
    });
  });
  const { item, names } = header!;
  return {
    file: source.name,
    ids,
    columns: names.flatMap((name, f) => (f === item ? [] : [{ name, values: columns[f] }])),
  };
}
