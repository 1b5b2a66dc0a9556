import type { Cell } from '../cells.js';
import type { Role } from '../columnNames.js';
import { ROLES } from '../columns.js';
import type { Detected } from '../detected.js';
import type { CellRow, LogBuilder } from '../logBuilder.js';
import { type FoundPath, type Paths, RowsOfRecord } from './paths.js';

/** Rows with typed columns: a Parquet file, the answer of a database. */
export interface Table {
  readonly format: Extract<Detected['format'], 'parquet' | 'database'>;
  /** Every path to scalars by its name; the first key is the column. */
  readonly paths: ReadonlyMap<string, FoundPath>;
  /** The cells of some columns, a part of the rows at a time; in each part all columns are equally long. */
  batches(columns: readonly string[]): AsyncIterable<readonly ArrayLike<Cell>[]>;
  /** What a cell means that comes from a path. */
  converter?(keys: readonly string[]): ((cell: Cell) => Cell) | undefined;
  /** Lets go of what it was read from; called once, whatever happened. */
  close?(): Promise<void>;
}

/** Something that is read as a table and not as bytes. */
export interface TableSource {
  /** What messages call it. */
  readonly name: string;
  table(signal: AbortSignal | undefined): Promise<Table>;
}

/** Hands the rows of a table on; `line` in messages is the number of the row, from 1. */
export async function readTable(
  file: string,
  table: Table,
  paths: Paths,
  builder: LogBuilder,
  onBatch: (rows: number) => void,
): Promise<void> {
  const roles = ROLES.filter((role) => paths[role] !== undefined);
  const columns = [...new Set(roles.map((role) => paths[role]![0]))];
  const isFlat = roles.every((role) => {
    const { keys, list } = [...table.paths.values()].find((found) => found.keys === paths[role])!;
    return keys.length === 1 && !list;
  });
  const convert = converters(table, paths);
  const records = new RowsOfRecord(paths);
  let rows = 0;
  for await (const cells of table.batches(columns)) {
    const length = cells[0]?.length ?? 0;
    if (isFlat) {
      const of = (role: Role) => cells[columns.indexOf(paths[role]?.[0] ?? '')];
      const [users, items, values, times] = ROLES.map(of);
      for (let r = 0; r < length; r++) {
        const row = { user: users[r], item: items[r], value: values?.[r], time: times?.[r] };
        builder.addCells(convert(row), { file, line: rows + r + 1, lines: 1 });
      }
    } else {
      for (let r = 0; r < length; r++) {
        const place = { file, line: rows + r + 1, lines: 1 };
        const record = Object.fromEntries(columns.map((column, c) => [column, cells[c][r]]));
        const before = builder.read;
        const problem = records.each(record, (row) => builder.addCells(convert(row), place));
        if (problem) builder.reject(place, problem);
        else if (builder.read === before) builder.usersWithoutItems++;
      }
    }
    rows += length;
    onBatch(rows);
  }
}

function converters(table: Table, paths: Paths): (row: CellRow) => CellRow {
  const found = ROLES.flatMap((role) => {
    const change = paths[role] && table.converter?.(paths[role]);
    return change ? [{ role, change }] : [];
  });
  return (row) => {
    for (const { role, change } of found) {
      const cell = row[role];
      if (cell !== null && cell !== undefined) row[role] = change(cell);
    }
    return row;
  };
}
