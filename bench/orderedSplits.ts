import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Csr, csrFromRows } from '../src/data/csr.js';
import type { EvaluationSet } from '../src/data/splitTypes.js';
import { Vocabulary } from '../src/data/vocabulary.js';
import { lines } from './fixedSplits.js';

/** Histories in true order; of each user the last item but one is for validation, the last for the test. */
export interface OrderedSplit {
  readonly name: string;
  readonly train: Csr;
  /** The history is the training part. */
  readonly validation: EvaluationSet;
  /** The history is the training part and the validation item. */
  readonly test: EvaluationSet;
}

/** DIR/splits/ordered-NAME, or undefined where it is not there. Items are those of all three files, in the order of ids. */
export function readOrderedSplit(folder: string, name: string): OrderedSplit | undefined {
  const at = (file: string) => join(folder, 'splits', `ordered-${name}`, file);
  if (!existsSync(at('train.tsv.gz'))) return undefined;
  const rows = (file: string) =>
    lines(at(file))
      .slice(1)
      .map((line) => line.split('\t'));
  const [train, validation, test] = ['train.tsv', 'val.tsv', 'test.tsv'].map(rows);
  const items = Vocabulary.sorted([...new Set([...train, ...validation, ...test].map((row) => row.at(-1)!))]);
  const users = Vocabulary.sorted([...new Set(train.map(([user]) => user))]);
  const sequences: number[][] = users.ids.map(() => []);
  for (const [user, position, item] of train) {
    sequences[users.indexOf(user)!][Number(position)] = items.indexOf(item)!;
  }
  const last = (part: string[][]) => {
    const found: number[][] = users.ids.map(() => []);
    for (const [user, item] of part) found[users.indexOf(user)!].push(items.indexOf(item)!);
    return found;
  };
  const [before, after] = [last(validation), last(test)];
  const matrix = (of: number[][]) => csrFromRows(of, items.size, undefined, { inOrder: true });
  const history = matrix(sequences);
  return {
    name,
    train: history,
    validation: { history, heldOut: matrix(before) },
    test: { history: matrix(sequences.map((own, u) => [...own, ...before[u]])), heldOut: matrix(after) },
  };
}
