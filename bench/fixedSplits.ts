import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Csr, csrFromRows } from '../src/data/csr.js';
import type { EvaluationSet } from '../src/data/splitTypes.js';

/** A published split as files of `user<TAB>item` lines, 0-based. */
export interface FixedSplit {
  readonly name: string;
  readonly train: Csr;
  readonly validation: EvaluationSet;
  readonly test: EvaluationSet;
}

/** The lines of a file; `.gz` may be missing from its name. */
export function lines(file: string): string[] {
  const path = existsSync(file) ? file : `${file}.gz`;
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text.trim().split('\n');
}

/** Lines of numbers between tabs. */
export const table = (file: string): number[][] => lines(file).map((line) => line.split('\t').map(Number));

export const pairs = (file: string): [number, number][] => table(file) as [number, number][];

const count = (file: string): number => readFileSync(file, 'utf8').trim().split('\n').length;

/** Users of the first file in order of number, as rows; the others' rows follow. */
export function rowsOf(entries: [number, number][], users: readonly number[], items: number): Csr {
  const rowOf = new Map(users.map((user, row) => [user, row]));
  const rows: number[][] = users.map(() => []);
  for (const [user, item] of entries) rows[rowOf.get(user)!].push(item);
  return csrFromRows(rows, items);
}

/** Reads DIR/splits/NAME, or returns undefined where it is not there. */
export function readFixedSplit(folder: string, name: string): FixedSplit | undefined {
  const at = (file: string) => join(folder, 'splits', name, file);
  if (!existsSync(at('items.tsv'))) return undefined;
  const items = count(at('items.tsv'));
  const part = (prefix: string): EvaluationSet => {
    const history = pairs(at(`${prefix}_foldin.tsv`));
    const heldOut = pairs(at(`${prefix}_heldout.tsv`));
    const users = [...new Set([...history, ...heldOut].map(([user]) => user))].sort((a, b) => a - b);
    return { history: rowsOf(history, users, items), heldOut: rowsOf(heldOut, users, items) };
  };
  const train = pairs(at('train.tsv'));
  const users = [...new Set(train.map(([user]) => user))].sort((a, b) => a - b);
  return { name, train: rowsOf(train, users, items), validation: part('val'), test: part('test') };
}
