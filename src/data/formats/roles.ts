import { knownColumn, type Role } from '../columnNames.js';
import { columnsByName, columnsByPlace, ROLES, type RoleOptions } from '../columns.js';
import type { ColumnRef, Columns } from '../layout.js';
import type { FoundPath, Paths } from './paths.js';

/** Where the roles stand in records, and what the places are called. */
export interface RecordRoles {
  readonly paths: Paths;
  readonly names: readonly string[];
  readonly columns: Columns;
}

/**
 * Finds the roles in records by the names of their paths, as in a header; lists may be called in the plural
 * ("items"). COLUMN_MISSING, CONFIG.
 */
export function recordRoles(
  name: string,
  found: ReadonlyMap<string, FoundPath>,
  options: RoleOptions,
): RecordRoles {
  const names = [...found.keys()];
  const wanted: Record<string, ColumnRef | false | undefined> = {};
  for (const role of ROLES) {
    const ref = options[role];
    wanted[role] = typeof ref === 'string' ? ref.replace(/\[\*?\]/g, '') : ref;
    if (ref === undefined && knownColumn(names, role) < 0) {
      const singular = names.map((path) => (found.get(path)!.list ? path.replace(/s$/i, '') : ''));
      const place = knownColumn(singular, role);
      if (place >= 0) wanted[role] = names[place];
    }
  }
  const columns = columnsByName(name, names, wanted as RoleOptions);
  return { paths: pathsOf(columns, [...found.values()]), names, columns };
}

/** The roles in records that are lists of fields, each record given as text. */
export function listRoles(name: string, records: readonly string[][], options: RoleOptions) {
  const fields = Math.max(...records.map((record) => record.length));
  const columns = columnsByPlace(name, records, fields, options);
  const keys = Array.from({ length: fields }, (_, place) => ({ keys: [String(place + 1)] }));
  return { paths: pathsOf(columns, keys), names: undefined, fields, columns };
}

function pathsOf(columns: Columns, found: readonly Pick<FoundPath, 'keys'>[]): Paths {
  const paths: Partial<Record<Role, readonly string[]>> = {};
  for (const role of ROLES) {
    const place = columns[role];
    if (place !== undefined) paths[role] = found[place].keys;
  }
  return paths;
}
