import { FoldinError } from '../errors.js';
import type { BadRows } from './badRows.js';
import type { TextHead } from './cut.js';
import { detectLayout } from './detect.js';
import { type Detected, detectedText, usedColumns } from './detected.js';
import { adjacencyReader } from './formats/adjacency.js';
import { delimitedReader } from './formats/delimited.js';
import { detectJson } from './formats/detectJson.js';
import { jsonReader } from './formats/json.js';
import { matrixReader } from './formats/matrix.js';
import type { Paths } from './formats/paths.js';
import type { Reader } from './formats/reader.js';
import { recordRoles } from './formats/roles.js';
import type { Table } from './formats/table.js';
import type { Columns, Layout, LayoutOptions } from './layout.js';
import { type Kinds, LogBuilder } from './logBuilder.js';
import { type Encoding, encodingOf } from './text.js';

/** What is known of a log while its files are read one after the other. */
export class Reading {
  readonly encoding: Encoding;
  builder: LogBuilder | undefined;
  /** How the first file was read. */
  detected: Detected | undefined;
  readonly #options: LayoutOptions;
  readonly #bad: BadRows;
  #previous: Layout | undefined;
  /** Rows of matrices so far: they number users that have no ids. */
  #matrixUsers = 0;
  #matrix: { readonly users: number } | undefined;

  constructor(options: LayoutOptions & { encoding?: string }, bad: BadRows) {
    this.#options = options;
    this.#bad = bad;
    this.encoding = encodingOf(options.encoding ?? 'utf-8');
  }

  /** The reader of a text that begins so, or undefined when it has no row. */
  text(text: TextHead): Reader | undefined {
    const { encoding } = this;
    const layout = detectLayout(text, this.#options, this.#previous);
    if (!layout) return undefined;
    this.#previous = layout;
    this.detected ??= detectedText(layout, encoding);
    if (layout.kind === 'adjacency') {
      return adjacencyReader(text.name, layout, this.#builderFor(text.name, { value: false, time: false }));
    }
    if (layout.kind === 'matrix') {
      const builder = this.#builderFor(text.name, { value: true, time: false });
      const firstUser = this.#matrixUsers;
      const reader = matrixReader(text.name, layout, builder, { encoding, firstUser });
      this.#matrix = reader;
      return reader;
    }
    const { columns, names } = layout;
    const builder = this.#builderFor(text.name, kindsOf(columns, names));
    return delimitedReader(text.name, layout, builder, encoding);
  }

  /** The reader of a JSON text that begins so, or undefined when it has no record. */
  json(text: TextHead): Reader | undefined {
    this.#requireLog(text.name, 'JSON');
    const layout = detectJson(text, this.#options);
    if (!layout) return undefined;
    const { columns, fields, names } = layout;
    this.detected ??= {
      format: 'json',
      layout: 'log',
      encoding: this.encoding,
      ...usedColumns(columns, fields, names),
    };
    const builder = this.#builderFor(text.name, kindsOf(columns, names));
    return jsonReader(text.name, layout, builder, this.encoding);
  }

  /** Finds the roles in a table, for `readTable`. */
  table(name: string, table: Table): { paths: Paths; builder: LogBuilder } {
    this.#requireLog(name, table.format === 'parquet' ? 'Parquet' : 'a database');
    const { columns, names, paths } = recordRoles(name, table.paths, this.#options);
    this.detected ??= {
      format: table.format,
      layout: 'log',
      ...usedColumns(columns, names.length, names),
    };
    return { paths, builder: this.#builderFor(name, kindsOf(columns, names)) };
  }

  fileRead(): void {
    this.#matrixUsers += this.#matrix?.users ?? 0;
    this.#matrix = undefined;
  }

  #builderFor(file: string, kinds: Kinds): LogBuilder {
    this.builder ??= new LogBuilder(kinds, this.encoding, this.#bad);
    for (const role of ['value', 'time'] as const) {
      if (this.builder.kinds[role] === kinds[role]) continue;
      throw new FoldinError('LOG_FORMAT', `${file}: only some of the files have a ${role} column`, {
        remedy: `Leave it out everywhere with --${role} none, or read files of one kind.`,
        details: { file },
      });
    }
    return this.builder;
  }

  #requireLog(file: string, what: string): void {
    const { layout = 'log' } = this.#options;
    if (layout === 'log') return;
    throw new FoldinError('CONFIG', `${file} is ${what}, which has no layout "${layout}"`, {
      remedy: 'Leave --layout out; name what is nested by its path, such as --item events.aid.',
    });
  }
}

const kindsOf = ({ value, time }: Columns, names: readonly string[] | undefined): Kinds => ({
  value: value !== undefined,
  time: time !== undefined,
  valueName: value === undefined ? undefined : names?.[value],
});
