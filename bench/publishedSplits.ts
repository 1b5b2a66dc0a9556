import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Csr } from '../src/data/csr.js';
import type { EvaluationSet } from '../src/data/splitTypes.js';
import { pairs, rowsOf, table } from './fixedSplits.js';

/** Training histories, of which the test items of the same users are to be found. */
export interface TrainTest {
  readonly train: Csr;
  readonly test: EvaluationSet;
}

const largest = (entries: readonly (readonly [number, number])[], place: 0 | 1): number =>
  entries.reduce((most, entry) => Math.max(most, entry[place]), 0);

/** DIR/splits/NAME/{train,test}.tsv of Anelli et al. 2022, or undefined where it is not there. */
export function readTrainTest(folder: string, name: string, testFile = 'test.tsv'): TrainTest | undefined {
  const at = (file: string) => join(folder, 'splits', name, file);
  if (!existsSync(at('train.tsv.gz'))) return undefined;
  const [train, test] = [pairs(at('train.tsv')), pairs(at(testFile))];
  const items = 1 + Math.max(largest(train, 1), largest(test, 1));
  const users = Array.from({ length: 1 + largest(train, 0) }, (_, user) => user);
  const history = rowsOf(train, users, items);
  return { train: history, test: { history, heldOut: rowsOf(test, users, items) } };
}

/** The split of He et al. 2017: each user's last item, to be found among it and the given negatives. */
export function readNcf(folder: string): (TrainTest & { readonly negatives: number[][] }) | undefined {
  const split = readTrainTest(folder, 'ncf-ml1m', 'test_pos.tsv');
  if (!split) return undefined;
  const rows = table(join(folder, 'splits', 'ncf-ml1m', 'test_neg.tsv'));
  return { ...split, negatives: rows.map(([, ...items]) => items) };
}
