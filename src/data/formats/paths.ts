import { type Cell, Instant } from '../cells.js';
import type { Role } from '../columnNames.js';
import type { CellRow } from '../logBuilder.js';

/** Where each role is found in a record: keys from the outside in; lists on the way are gone through. */
export type Paths = Readonly<Partial<Record<Role, readonly string[]>>>;

interface Node {
  role?: Role;
  readonly children: Map<string, Node>;
}

/**
 * Makes rows of nested records. What stands inside a list is a row for every element, what stands outside is the
 * same for all of them; lists side by side are gone through in step.
 */
export class RowsOfRecord {
  readonly #root: Node = { children: new Map() };

  constructor(paths: Paths) {
    for (const [role, keys] of Object.entries(paths) as [Role, readonly string[]][]) {
      let node = this.#root;
      for (const key of keys) {
        let child = node.children.get(key);
        if (!child) {
          child = { children: new Map() };
          node.children.set(key, child);
        }
        node = child;
      }
      node.role = role;
    }
  }

  /** Calls back for each row. Returns why a record cannot be taken apart, if so. */
  each(record: unknown, onRow: (row: CellRow) => void): string | undefined {
    return walk([[this.#root, record]], { user: undefined, item: undefined }, onRow);
  }
}

function walk(open: [Node, unknown][], row: CellRow, onRow: (row: CellRow) => void): string | undefined {
  const lists: [Node, readonly unknown[]][] = [];
  for (let next = 0; next < open.length; next++) {
    const [node, value] = open[next];
    if (isList(value)) {
      lists.push([node, value]);
      continue;
    }
    if (node.role) row[node.role] = value as Cell;
    for (const [key, child] of node.children) open.push([child, memberOf(value, key)]);
  }
  if (lists.length === 0) {
    onRow(row);
    return undefined;
  }
  const { length } = lists[0][1];
  const other = lists.find(([, list]) => list.length !== length);
  if (other) return `lists of ${length} and of ${other[1].length} side by side`;
  for (let n = 0; n < length; n++) {
    const problem = walk(
      lists.map(([node, list]) => [node, list[n]]),
      { ...row },
      onRow,
    );
    if (problem) return problem;
  }
  return undefined;
}

const isList = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof Uint8Array));

/** A record's own member. */
function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

/** A path to scalars in records. */
export interface FoundPath {
  readonly keys: readonly string[];
  /** They stand in a list themselves: ["a", "b"], not [{"id": "a"}]. */
  readonly list: boolean;
}

/** All paths to scalars in some records by what they are called ("events.aid"), in order of appearance. */
export function pathsIn(records: readonly unknown[]): Map<string, FoundPath> {
  const found = new Map<string, FoundPath>();
  const visit = (value: unknown, keys: readonly string[], list: boolean): void => {
    if (isList(value)) {
      for (const element of value.slice(0, 20)) visit(element, keys, true);
    } else if (isRecord(value) && keys.length < 12) {
      for (const [key, member] of Object.entries(value)) visit(member, [...keys, key], false);
    } else if (keys.length > 0 && !found.has(keys.join('.'))) found.set(keys.join('.'), { keys, list });
  };
  for (const record of records) visit(record, [], false);
  return found;
}

const isRecord = (value: unknown): value is object =>
  Object.prototype.toString.call(value) === '[object Object]' && !(value instanceof Instant);
