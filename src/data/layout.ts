/** A column by its name in the header or by its place, from 1; in JSON and nested Parquet by its path ("events.aid"). */
export type ColumnRef = string | number;

export type LayoutName = 'log' | 'matrix' | 'adjacency';
export const LAYOUTS: readonly LayoutName[] = ['log', 'matrix', 'adjacency'];

export interface LayoutOptions {
  /**
   * How text holds the interactions: one a line (`log`), a table of users x items (`matrix`), or a user and all
   * their items a line (`adjacency`).
   */
  layout?: LayoutName;
  /** `false`, for a matrix: no column holds the users. */
  user?: ColumnRef | false;
  item?: ColumnRef;
  /** `false`: the log's values are not to be used. */
  value?: ColumnRef | false;
  /** `false`: the log's times are not to be used. */
  time?: ColumnRef | false;
  /** One of tab (also written 'tab' or '\\t'), ',', ';', '|', '::', or any other ASCII character. */
  delimiter?: string;
  header?: boolean;
}

/** Places of the columns, from 0. */
export interface Columns {
  readonly user: number;
  readonly item: number;
  readonly value?: number;
  readonly time?: number;
}

/** One interaction a line. */
export interface LogLayout {
  readonly kind: 'log';
  readonly delimiter: string;
  /** The header's fields, absent when there is none. */
  readonly names?: readonly string[];
  /** Fields a row must have. */
  readonly fields: number;
  readonly columns: Columns;
}

/** One user a line, one item a column. */
export interface MatrixLayout {
  readonly kind: 'matrix';
  readonly delimiter: string;
  /** The header's fields, the item ids among them; without, items are numbered from 0. */
  readonly names?: readonly string[];
  readonly fields: number;
  /** Place of the column of user ids; without, users are numbered from 0. */
  readonly user?: number;
}

/** A user and then their items, a line. */
export interface AdjacencyLayout {
  readonly kind: 'adjacency';
  /** ' ' stands for any run of spaces and tabs. */
  readonly delimiter: string;
}

export type Layout = LogLayout | MatrixLayout | AdjacencyLayout;
