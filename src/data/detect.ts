import { FoldinError } from '../errors.js';
import { isTyped, knownColumn, plainName, rolesNamed } from './columnNames.js';
import { columnsByName, columnsByPlace, isNumeric, mostly, ROLES, wantedColumn } from './columns.js';
import { bestCut, type CutRows, cutAt, delimiterOf, type TextHead, uncuttable } from './cut.js';
import { LAYOUTS, type Layout, type LayoutOptions, type LogLayout, type MatrixLayout } from './layout.js';
import { looksLikeTime } from './time.js';

/**
 * Finds how a text is laid out from its beginning. Options win over detection. `previous` is the layout of the
 * file before: a further file without a header of its own is read the same way. Returns undefined when there is
 * no row at all.
 *
 * Layout: a log, unless no delimiter cuts the lines alike and they are of several lengths (adjacency), or a wide table
 * holds nothing but numbers, mostly zeros (matrix).
 * Delimiter: see `bestCut`. Header of a log: the first row names two roles ("userId", "movie", see columnNames.ts),
 * or holds no number while a later column (from the third on, or every column) holds numbers or times below it.
 * Columns: see `columnsByName` and `columnsByPlace`.
 */
export function detectLayout(text: TextHead, options: LayoutOptions, previous?: Layout): Layout | undefined {
  const { layout, delimiter = previous?.delimiter } = options;
  if (layout !== undefined && !LAYOUTS.includes(layout)) {
    throw new FoldinError('CONFIG', `the layout "${layout}" is not known`, {
      remedy: `Use ${LAYOUTS.slice(0, -1).join(', ')} or ${LAYOUTS.at(-1)}.`,
    });
  }
  const kind = layout ?? previous?.kind;
  if (kind === 'adjacency') return adjacency(text, delimiter);
  const cut = delimiter === undefined ? bestCut(text) : cutAt(text, delimiterOf(delimiter));
  if (cut?.rows.length === 0) return undefined;
  if (kind === undefined && options.item === undefined && isAdjacency(text, cut)) {
    return adjacency(text, delimiter ?? (cut?.delimiter || undefined));
  }
  if (!cut) {
    if (kind === 'matrix') return matrix(text.name, cutAt(text, ','), options);
    throw uncuttable(text);
  }
  if (kind === 'matrix' || (kind === undefined && isMatrix(cut, options))) {
    return matrix(text.name, cut, options);
  }
  return log(text.name, cut, options, previous?.kind === 'log' ? previous : undefined);
}

function log(name: string, cut: CutRows, options: LayoutOptions, previous?: LogLayout): LogLayout {
  const { rows, delimiter, fields } = cut;
  const hasHeader = options.header ?? (previous ? isNamed(rows[0], previous) : isHeader(rows, options));
  if (!hasHeader && previous?.fields === fields) return { ...previous, names: undefined };
  const names = hasHeader ? rows[0] : undefined;
  const columns = names ? columnsByName(name, names, options) : columnsByPlace(name, rows, fields, options);
  return { kind: 'log', delimiter, names, fields: names?.length ?? fields, columns };
}

const isNumberOrTime = (text: string): boolean => isNumeric(text) || looksLikeTime(text);

function isHeader(rows: readonly string[][], options: LayoutOptions): boolean {
  const [first, ...rest] = rows;
  if (ROLES.some((role) => typeof options[role] === 'string' && !/^\d+$/.test(options[role]))) return true;
  if (isNamed(first)) return true;
  if (first.some(isNumberOrTime)) return false;
  const below = first.map((_, f) => mostly(rest, f, isNumberOrTime));
  return below.length > 0 && (below.slice(2).some(Boolean) || (rest.length > 1 && below.every(Boolean)));
}

/** Whether a line is a header by its words, or because it repeats the header of the file before. */
const isNamed = (line: readonly string[], previous?: LogLayout): boolean =>
  (rolesNamed(line) >= 2 && !line.some(isNumberOrTime)) ||
  isTyped(line) ||
  (previous?.names !== undefined && line.join('\n') === previous.names.join('\n'));

/** Lines of several lengths that hold nothing but ids: no delimiter but blanks, or one that gives no usual number. */
function isAdjacency(text: TextHead, cut: CutRows | undefined): boolean {
  if (!cut) {
    const lengths = cutAt(text, '\u0001').rows.map(([line]) => line.trim().split(/[ \t]+/).length);
    return new Set(lengths).size > 1;
  }
  if (cut.rows.length < 5 || cut.share >= 0.5 || isNamed(cut.rows[0])) return false;
  return cut.rows.every((row) => row.every((field) => /^[^\s"]*$/.test(field)));
}

function adjacency(text: TextHead, delimiter: string | undefined): Layout | undefined {
  const { rows } = cutAt(text, '\u0001');
  if (rows.length === 0) return undefined;
  if (delimiter !== undefined) {
    const given = delimiterOf(delimiter);
    if (given.length > 1) {
      throw new FoldinError('CONFIG', 'the delimiter "::" cannot part the items of an adjacency list', {
        remedy: 'Use one character, such as --delimiter ",", or none for spaces and tabs.',
      });
    }
    return { kind: 'adjacency', delimiter: given === '\t' ? ' ' : given };
  }
  const found = [',', ';', '|'].find((mark) => rows.some(([line]) => line.includes(mark)));
  return { kind: 'adjacency', delimiter: found ?? ' ' };
}

const isBlankOrZero = (text: string): boolean => /^\s*(0+(\.0*)?)?\s*$/.test(text);
const isUserName = (name: string): boolean =>
  ['', 'id', 'index', 'unnamed0'].includes(plainName(name)) || knownColumn([name], 'user') === 0;

/** A table that can be no log: at least eight columns, beside the first nothing but numbers and half of them zeros. */
function isMatrix({ rows, fields, share }: CutRows, options: LayoutOptions): boolean {
  if (fields < 8 || share < 0.9 || rows.length < 3 || rolesNamed(rows[0]) >= 2) return false;
  if ([options.item, options.value, options.time].some((column) => column !== undefined)) return false;
  const cells = rows.slice(1).flatMap((row) => row.slice(1));
  const zeros = cells.filter(isBlankOrZero).length;
  return zeros >= cells.length / 2 && cells.every((cell) => isBlankOrZero(cell) || isNumeric(cell));
}

/**
 * Header of a matrix: a name that is no number beyond the first column, a first field that names users, or numbers
 * that ascend as no row below does. Users: in the first column when its name says so, when it holds what is no number,
 * or whole numbers, each once, that count up or are larger than any cell; `user` and `header` overrule.
 */
function matrix(name: string, { rows, delimiter, fields }: CutRows, options: LayoutOptions): MatrixLayout {
  const [first, ...rest] = rows;
  const ascends = (row: readonly string[]) =>
    row.length > 3 && row.slice(1).every((field, f) => f === 0 || Number(field) > Number(row[f]));
  const hasHeader =
    options.header ??
    (first.slice(1).some((field) => !isBlankOrZero(field) && !isNumeric(field)) ||
      isUserName(first[0]) ||
      (ascends(first) && !rest.some(ascends)));
  const names = hasHeader ? first : undefined;
  const place = (): number | undefined => {
    if (options.user === false) return undefined;
    if (options.user !== undefined) return wantedColumn(name, 'user', options.user, fields, names);
    return holdsUsers(names, names ? rest : rows) ? 0 : undefined;
  };
  return { kind: 'matrix', delimiter, names, fields: names?.length ?? fields, user: place() };
}

function holdsUsers(names: readonly string[] | undefined, body: readonly string[][]): boolean {
  if (names && isUserName(names[0])) return true;
  const column = (f: number) => body.map((row) => row[f] ?? '');
  const ids = column(0);
  if (ids.some((id) => !isBlankOrZero(id) && !isNumeric(id))) return true;
  if (names && !isNumeric(names[0]) && names.slice(1).every(isNumeric)) return true;
  if (ids.length < 3 || !ids.every((id) => /^\d+$/.test(id)) || new Set(ids).size < ids.length) return false;
  const ascends = (values: string[]) =>
    values.every((value, r) => r === 0 || Number(value) > Number(values[r - 1]));
  const largest = Math.max(...body.flatMap((row) => row.slice(1).map(Number)).filter(Number.isFinite));
  return (ascends(ids) && !ascends(column(1))) || ids.every((id) => Number(id) > largest);
}
