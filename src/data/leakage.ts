import { FoldinError } from '../errors.js';
import { type Csr, rowIndices } from './csr.js';
import type { EvaluationSet, Split } from './splitTypes.js';

/**
 * The gate every split passes: no user's history holds an item that is held out, and no held-out
 * (user, item) pair is in the training part. Throws LEAKAGE: a leak multiplies NDCG, and nothing else tells.
 */
export function refuseLeaks(split: Split): void {
  for (const part of ['validation', 'test'] as const) {
    const { history, heldOut, users } = split[part];
    for (let row = 0; row < heldOut.rows; row++) {
      const both = common(history, row, heldOut, row);
      if (both !== undefined) throw leak(split, part, both, 'in the history and held out of the same user');
    }
    if (users && split.trainUsers) refuseTrained(split, part, split[part], split.trainUsers);
  }
}

function refuseTrained(split: Split, part: string, set: EvaluationSet, trainUsers: Uint32Array): void {
  const trainRow = new Map(Array.from(trainUsers, (user, row) => [user, row]));
  set.users!.forEach((user, row) => {
    const trained = trainRow.get(user);
    const both = trained === undefined ? undefined : common(split.train, trained, set.heldOut, row);
    if (both !== undefined) throw leak(split, part, both, 'held out of a user and trained on');
  });
}

/** A column that both rows hold, if any. Rows are ascending. */
function common(a: Csr, rowA: number, b: Csr, rowB: number): number | undefined {
  const x = rowIndices(a, rowA);
  const y = rowIndices(b, rowB);
  for (let i = 0, j = 0; i < x.length && j < y.length; ) {
    if (x[i] === y[j]) return x[i];
    if (x[i] < y[j]) i++;
    else j++;
  }
  return undefined;
}

const leak = (split: Split, part: string, item: number, what: string): FoldinError =>
  new FoldinError('LEAKAGE', `${split.name} split: in the ${part} part, item ${item} is ${what}`, {
    remedy: 'Take the pair out of one of the two parts.',
    details: { part, item },
  });
