import { FoldinError } from '../errors.js';
import { plainName } from './columnNames.js';
import type { Interactions } from './interactions.js';
import { idPlace, scanItemFile } from './itemFile.js';
import type { ColumnRef } from './layout.js';
import { parseNumber } from './numbers.js';
import type { LogSource } from './source.js';
import type { Encoding } from './text.js';

export interface ItemTitles {
  /** Titles by item id; of an id that stands twice, the first. */
  readonly titles: ReadonlyMap<string, string>;
  /** Where they were found: by name where the file has a header, else by place from 1. */
  readonly columns: { readonly item: ColumnRef; readonly title: ColumnRef };
  /** Other columns that hold numbers, by item id; only where the file has a header. */
  readonly numbers: readonly { readonly name: string; readonly values: ReadonlyMap<string, number> }[];
}

/** Names of a title's column, best first, in the form of `plainName`. */
const TITLE_NAMES = `title name itemtitle itemname producttitle productname movietitle booktitle description
  label`.split(/\s+/);

/**
 * Reads what the items are called from a delimited file with one item a line. A header names the columns (`itemColumn`,
 * the log's own name of its item column, is looked for first); a file without one holds the id first and the title
 * second. Other columns that hold nothing but numbers come along. Rows that are too short and items without a title are
 * left out.
 *
 * Throws LOG_EMPTY, LOG_FORMAT (no columns, wrong encoding), COLUMN_MISSING, and what the source throws.
 */
export async function readItemTitles(
  source: LogSource,
  { encoding = 'utf-8', itemColumn }: { encoding?: Encoding; itemColumn?: ColumnRef } = {},
): Promise<ItemTitles> {
  let columns: { item: number; title: number; names?: readonly string[] } | undefined;
  const titles = new Map<string, string>();
  const numbers: Map<string, number>[] = [];
  const emptyRemedy = 'Give a file with one item a line: its id and its title.';
  await scanItemFile(source, { encoding, emptyRemedy }, (row) => {
    if (!columns) {
      const first = Array.from({ length: row.fields }, (_, f) => row.text(f, encoding));
      columns = columnsOf(source.name, first, itemColumn);
      if (columns.names) return;
    }
    if (row.fields <= Math.max(columns.item, columns.title)) return;
    const id = row.text(columns.item, encoding);
    const title = row.text(columns.title, encoding);
    if (title !== '' && !titles.has(id)) titles.set(id, title);
    for (let f = 0; columns.names && f < row.fields; f++) {
      const text = row.text(f, encoding);
      numbers[f] ??= new Map();
      if (text !== '' && !numbers[f].has(id)) numbers[f].set(id, parseNumber(text));
    }
  });
  const { names, item, title } = columns!;
  return {
    titles,
    columns: { item: names?.[item] ?? item + 1, title: names?.[title] ?? title + 1 },
    numbers: numbers.flatMap((values, f) => {
      const isOther = f !== item && f !== title && values.size > 0;
      return isOther && [...values.values()].every(Number.isFinite)
        ? [{ name: names![f] ?? `${f + 1}`, values }]
        : [];
    }),
  };
}

function columnsOf(file: string, first: readonly string[], itemColumn: ColumnRef | undefined) {
  const plain = first.map(plainName);
  const title = TITLE_NAMES.map((name) => plain.indexOf(name)).find((place) => place >= 0);
  const item = idPlace(first, itemColumn);
  if (title === undefined && item === undefined) return { item: 0, title: 1 };
  if (title !== undefined && item !== undefined && title !== item) return { item, title, names: first };
  throw new FoldinError(
    'COLUMN_MISSING',
    `${file}: found no ${item === undefined ? 'item' : 'title'} column among ${first.map((n) => `"${n}"`).join(', ')}`,
    {
      remedy: 'Call the columns "item" and "title" in the first line.',
      details: { file, columns: first },
    },
  );
}

/** The same interactions with titles. LOG_FORMAT when no item of the log has one: then the ids are others. */
export function withTitles(
  interactions: Interactions,
  titles: ReadonlyMap<string, string>,
  file: string,
): Interactions {
  const { ids } = interactions.items;
  const known = ids.map((id) => titles.get(id));
  if (known.some((title) => title !== undefined)) return { ...interactions, titles: known };
  const [example] = titles.keys();
  throw new FoldinError(
    'LOG_FORMAT',
    `${file} names no item of the log: it has ids such as "${example ?? ''}", the log "${ids[0]}"`,
    {
      remedy: 'Give the file whose item ids are those of the log; ids are exact strings.',
      details: { file },
    },
  );
}
