import type { ColumnRef, Columns, Layout, LayoutName } from './layout.js';
import type { Encoding } from './text.js';
import type { TimeUnit } from './time.js';

/** How the first file was read; columns by name where there are names, else by place from 1. */
export interface Detected {
  readonly format: 'text' | 'json' | 'parquet' | 'database';
  readonly layout: LayoutName;
  /** Of text. */
  readonly delimiter?: string;
  readonly header?: boolean;
  readonly encoding?: Encoding;
  readonly columns: { user: ColumnRef; item: ColumnRef; value?: ColumnRef; time?: ColumnRef };
  /** Columns that are not used. */
  readonly ignored: ColumnRef[];
  readonly timeUnit?: TimeUnit;
}

export function detectedText(layout: Layout, encoding: Encoding): Detected {
  const { kind, delimiter } = layout;
  const text = { format: 'text', layout: kind, delimiter, encoding } as const;
  if (kind === 'adjacency') {
    return { ...text, header: false, columns: { user: 1, item: 'all others' }, ignored: [] };
  }
  const { names, fields } = layout;
  const header = names !== undefined;
  if (kind === 'log') return { ...text, header, ...usedColumns(layout.columns, fields, names) };
  const { user } = layout;
  return {
    ...text,
    header,
    columns: {
      user: user === undefined ? 'row number from 0' : names?.[user] || user + 1,
      item: header ? 'column name' : 'column number from 0',
      value: 'cells',
    },
    ignored: [],
  };
}

export function usedColumns(
  { user, item, value, time }: Columns,
  fields: number,
  names?: readonly string[],
): Pick<Detected, 'columns' | 'ignored'> {
  const ref = (place: number): ColumnRef => names?.[place] ?? place + 1;
  const used = [user, item, value, time];
  return {
    columns: {
      user: ref(user),
      item: ref(item),
      ...(value !== undefined && { value: ref(value) }),
      ...(time !== undefined && { time: ref(time) }),
    },
    ignored: Array.from({ length: fields }, (_, f) => f)
      .filter((f) => !used.includes(f))
      .map(ref),
  };
}

/** How the files were read, in a few words: `",", header, utf-8`. */
export function describeFormat({ format, layout, delimiter, header, encoding }: Detected): string {
  if (format !== 'text') return format === 'json' ? 'JSON' : format === 'parquet' ? 'Parquet' : 'database';
  const cut = delimiter === '\t' ? 'tab' : delimiter === ' ' ? 'blanks' : `"${delimiter}"`;
  const kind = layout === 'log' ? '' : layout === 'matrix' ? 'matrix, ' : 'adjacency lists, ';
  const head = layout === 'adjacency' ? '' : header ? ', header' : ', no header';
  return `${kind}${cut}${head}${encoding === 'latin1' ? ', latin1' : ', utf-8'}`;
}
