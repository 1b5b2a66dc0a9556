import type { Csr } from '../csr.js';
import type { Interactions } from '../interactions.js';
import type { Split } from '../splitTypes.js';
import { type Leak, placeOf, quoted, type SplitIds } from './leak.js';

/**
 * What is known must be older than what is to be found: in a `globalTime` split all of it, in `leaveLastOut` the history
 * of each user. Other splits say nothing about time. Whole seconds, as the splits are cut.
 */
export function futureLeaks(split: Split, interactions: Interactions, ids: SplitIds): Leak[] {
  if (split.name !== 'globalTime' && split.name !== 'leaveLastOut') return [];
  return (['validation', 'test'] as const).flatMap((part) => {
    const { history, heldOut, users } = split[part];
    if (!users || heldOut.indices.length === 0) return [];
    const place = placeOf(split, part);
    const toFind = secondsOf(heldOut, users, split, interactions);
    const shown = secondsOf(history, users, split, interactions);
    if (split.name === 'leaveLastOut')
      return laterThanOwn({ history, shown, heldOut, toFind, users, place, ids });
    const cut = toFind.reduce((least, second) => Math.min(least, second), Infinity);
    const trained = secondsOf(split.train, split.trainUsers!, split, interactions);
    return [
      ...laterThan(cut, split.train, trained, { users: split.trainUsers!, where: 'trained on', place, ids }),
      ...laterThan(cut, history, shown, { users, where: 'shown to the model', place, ids }),
    ];
  });
}

function laterThan(
  cut: number,
  known: Csr,
  seconds: Float64Array,
  { users, where, place, ids }: { users: Uint32Array; where: string; place: string; ids: SplitIds },
): Leak[] {
  const late = seconds.reduce((count, second) => count + (second >= cut ? 1 : 0), 0);
  if (late === 0) return [];
  const entry = seconds.findIndex((second) => second >= cut);
  const user = ids.users[users[rowOf(known, entry)]];
  const item = ids.items[known.indices[entry]];
  return [
    {
      kind: 'future',
      message:
        `${place}: ${late} interactions that are ${where} are not older than what is to be found (from ${cut} s on), ` +
        `such as user ${quoted(user)}, item ${quoted(item)} at ${seconds[entry]} s`,
      remedy: 'Cut the log at one moment: all that is known before it, all that is to be found after.',
      details: { interactions: late, cut, user, item },
    },
  ];
}

function laterThanOwn(parts: {
  history: Csr;
  shown: Float64Array;
  heldOut: Csr;
  toFind: Float64Array;
  users: Uint32Array;
  place: string;
  ids: SplitIds;
}): Leak[] {
  const { history, shown, heldOut, toFind, users, place, ids } = parts;
  const latest = (matrix: Csr, seconds: Float64Array, row: number) =>
    seconds.subarray(matrix.indptr[row], matrix.indptr[row + 1]).reduce((a, b) => Math.max(a, b), -Infinity);
  const rows = Array.from(users.keys()).filter(
    (row) => latest(history, shown, row) > latest(heldOut, toFind, row),
  );
  if (rows.length === 0) return [];
  const user = ids.users[users[rows[0]]];
  return [
    {
      kind: 'future',
      message: `${place}: the history of ${rows.length} users goes on after what is to be found of them, such as user ${quoted(user)}`,
      remedy: 'Hold out what each user did last.',
      details: { users: rows.length, user },
    },
  ];
}

/** The row that an entry belongs to. */
function rowOf({ indptr }: Csr, entry: number): number {
  let row = 0;
  while (indptr[row + 1] <= entry) row++;
  return row;
}

/** f64[nnz]: the second of each entry of a part; rows ascend as those of the interactions do. */
function secondsOf(part: Csr, users: Uint32Array, { itemIndices }: Split, of: Interactions): Float64Array {
  const { matrix, timeSec } = of;
  const seconds = new Float64Array(part.indices.length);
  users.forEach((user, row) => {
    let e = matrix.indptr[user];
    for (let p = part.indptr[row]; p < part.indptr[row + 1]; p++) {
      while (matrix.indices[e] < itemIndices[part.indices[p]]) e++;
      seconds[p] = Math.floor(timeSec![e]);
    }
  });
  return seconds;
}
