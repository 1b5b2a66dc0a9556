import { FoldinError } from '../errors.js';
import { isTyped, knownColumn, type Role, tokenColumns } from './columnNames.js';
import type { ColumnRef, Columns, LayoutOptions } from './layout.js';
import { parseNumber } from './numbers.js';
import { looksLikeTime } from './time.js';

export const ROLES: readonly Role[] = ['user', 'item', 'value', 'time'];

/** What may be said of the roles in a log; `user: false` is for matrices. */
export type RoleOptions = Pick<LayoutOptions, Role>;

/**
 * The columns of a log by the names in its header: those asked for, else those whose names are known, else, for
 * user and item in a header with RecBole's types, the first tokens. COLUMN_MISSING, CONFIG.
 */
export function columnsByName(name: string, names: readonly string[], options: RoleOptions): Columns {
  const find = (role: Role): number | undefined => {
    const wanted = options[role];
    if (wanted === false) return undefined;
    if (wanted !== undefined) return wantedColumn(name, role, wanted, names.length, names);
    const known = knownColumn(names, role);
    return known < 0 ? undefined : known;
  };
  let [user, item, value, time] = ROLES.map(find);
  if (isTyped(names)) {
    const free = tokenColumns(names).filter((place) => ![user, item, value, time].includes(place));
    user ??= free.shift();
    item ??= free.shift();
  }
  if (user !== undefined && item !== undefined) return distinct(name, { user, item, value, time });
  const missing = [user === undefined && 'user', item === undefined && 'item'].filter(
    (role) => role !== false,
  );
  throw new FoldinError(
    'COLUMN_MISSING',
    `${name}: found no ${missing.join(' and no ')} column among ${listed(names)}`,
    {
      remedy: `Name it: ${missing.map((role) => `--${role} COLUMN`).join(' ')} (a name or a place from 1), or say --no-header; a table of users x items is --layout matrix.`,
      details: { file: name, columns: names, missing },
    },
  );
}

/**
 * The columns of a log without a header: user, item, then among the third and fourth the one that looks like a
 * time and the first other that is numeric as the value.
 */
export function columnsByPlace(
  name: string,
  rows: readonly string[][],
  fields: number,
  options: RoleOptions,
): Columns {
  const given = (role: Role): number | undefined => {
    const wanted = options[role];
    return wanted === undefined || wanted === false ? undefined : wantedColumn(name, role, wanted, fields);
  };
  const [user, item] = [given('user') ?? 0, given('item') ?? 1];
  let [value, time] = [given('value'), given('time')];
  // The first line is left out where it can be: with --no-header it may still be a header.
  const body = rows.length > 1 ? rows.slice(1) : rows;
  for (const f of [2, 3]) {
    if (f >= fields || [user, item, value, time].includes(f)) continue;
    if (mostly(body, f, looksLikeTime)) {
      if (options.time !== false) time ??= f;
    } else if (mostly(body, f, isNumeric) && options.value !== false) value ??= f;
  }
  return distinct(name, { user, item, value, time });
}

export const isNumeric = (text: string): boolean => !Number.isNaN(parseNumber(text));

/** Whether more than half of the rows hold such a text in column f. */
export const mostly = (rows: readonly string[][], f: number, test: (text: string) => boolean): boolean =>
  rows.filter((row) => row.length > f && test(row[f])).length > rows.length / 2;

/** The place, from 0, of a column asked for by name or by place from 1. COLUMN_MISSING. */
export function wantedColumn(
  file: string,
  role: Role,
  wanted: ColumnRef,
  fields: number,
  names?: readonly string[],
): number {
  const named = names?.indexOf(String(wanted)) ?? -1;
  if (named >= 0) return named;
  const place = typeof wanted === 'number' || /^\d+$/.test(wanted) ? Number(wanted) : Number.NaN;
  if (Number.isInteger(place) && place >= 1 && place <= fields) return place - 1;
  const have = names ? listed(names) : `places 1 to ${fields}, and no header`;
  throw new FoldinError('COLUMN_MISSING', `${file}: there is no column "${wanted}"; it has ${have}`, {
    remedy: `Set --${role} to one of these columns, by name or by place from 1.`,
    details: { file, columns: names, missing: [role] },
  });
}

/** The first names in quotes; a wide table has too many to show. */
const listed = (names: readonly string[]): string =>
  names
    .slice(0, 30)
    .map((name) => `"${name}"`)
    .join(', ') + (names.length > 30 ? `, ... (${names.length})` : '');

function distinct(file: string, columns: Columns): Columns {
  const used = Object.values(columns).filter((place) => place !== undefined);
  if (new Set(used).size === used.length) return columns;
  throw new FoldinError('CONFIG', `${file}: one column is used twice (${JSON.stringify(columns)}, from 0)`, {
    remedy:
      'Give --user, --item, --value and --time a column each; --value none or --time none leaves one out.',
    details: { file, columns },
  });
}
