import { type Csr, rowIndices } from '../csr.js';
import type { EvaluationSet, Split } from '../splitTypes.js';
import { type Leak, placeOf, quoted, type SplitIds } from './leak.js';

/** Held-out pairs that the model is shown, or was trained on; users that are new by name only. */
export function pairLeaks(split: Split, ids: SplitIds): Leak[] {
  const trainRow = new Map(Array.from(split.trainUsers ?? [], (user, row) => [user, row]));
  return (['validation', 'test'] as const).flatMap((part) => {
    const set = split[part];
    const place = placeOf(split, part);
    const user = (row: number) => ids.users[set.users?.[row] ?? -1];
    const trained = (row: number) => trainRow.get(set.users?.[row] ?? -1);
    return [
      ...shownLeaks(set, place, { user, item: (item) => ids.items[item] }),
      ...trainedLeaks(split.train, set, trained, { place, user, item: (item) => ids.items[item] }),
      ...(split.name === 'heldOutUsers' ? userLeaks(set, trained, { place, user }) : []),
    ];
  });
}

/** Pairs that are held out and stand in the history of the same row. */
export function shownLeaks(
  { history, heldOut }: Pick<EvaluationSet, 'history' | 'heldOut'>,
  place: string,
  names: { user: (row: number) => string | undefined; item: (column: number) => string | undefined },
): Leak[] {
  const found = commonPairs(heldOut, (row) => [history, row]);
  return found.count === 0 ? [] : [pairLeak(place, found, names, 'in the history that the model is shown')];
}

function trainedLeaks(
  train: Csr,
  { heldOut }: EvaluationSet,
  trained: (row: number) => number | undefined,
  { place, ...names }: { place: string; user: (row: number) => string; item: (column: number) => string },
): Leak[] {
  const found = commonPairs(heldOut, (row) => {
    const own = trained(row);
    return own === undefined ? undefined : [train, own];
  });
  return found.count === 0 ? [] : [pairLeak(place, found, names, 'in the training part')];
}

function userLeaks(
  set: EvaluationSet,
  trained: (row: number) => number | undefined,
  { place, user }: { place: string; user: (row: number) => string },
): Leak[] {
  const rows = Array.from(set.users ?? [], (_, row) => row).filter((row) => trained(row) !== undefined);
  if (rows.length === 0) return [];
  return [
    {
      kind: 'user',
      message: `${place}: ${rows.length} users were trained on that should be new, such as ${quoted(user(rows[0]))}`,
      remedy: 'Take them out of the training part.',
      details: { users: rows.length, user: user(rows[0]) },
    },
  ];
}

function pairLeak(
  place: string,
  { count, row, column }: CommonPairs,
  names: { user: (row: number) => string | undefined; item: (column: number) => string | undefined },
  where: string,
): Leak {
  const user = names.user(row) ?? `row ${row}`;
  const item = names.item(column) ?? `column ${column}`;
  const pairs = count === 1 ? '1 pair is' : `${count} pairs are`;
  return {
    kind: 'pair',
    message: `${place}: ${pairs} held out and also ${where}, such as user ${quoted(user)}, item ${quoted(item)}`,
    remedy: 'Take each pair out of one of the two.',
    details: { pairs: count, user, item },
  };
}

interface CommonPairs {
  readonly count: number;
  /** The first. */
  readonly row: number;
  readonly column: number;
}

/** What the rows of `heldOut` have in common with the row that `other` finds for each. Rows are ascending. */
function commonPairs(heldOut: Csr, other: (row: number) => [Csr, number] | undefined): CommonPairs {
  let [count, firstRow, column] = [0, -1, -1];
  for (let row = 0; row < heldOut.rows; row++) {
    const found = other(row);
    if (!found) continue;
    const x = rowIndices(heldOut, row);
    const y = rowIndices(...found);
    for (let i = 0, j = 0; i < x.length && j < y.length; ) {
      if (x[i] === y[j]) {
        if (count++ === 0) [firstRow, column] = [row, x[i]];
        i++;
        j++;
      } else if (x[i] < y[j]) i++;
      else j++;
    }
  }
  return { count, row: firstRow, column };
}
