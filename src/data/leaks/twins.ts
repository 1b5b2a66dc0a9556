import { type Csr, columnCounts, rowIndices } from '../csr.js';
import type { EvaluationSet, Split } from '../splitTypes.js';
import { type Leak, placeOf, quoted, type SplitIds } from './leak.js';

/** Shorter histories are alike by chance. */
const FEWEST_ITEMS = 10;
/** Shared items among all of two users' items (Jaccard) from which they count as one person. */
const ALIKE = 0.9;
/** Twins that may be, and their share of the evaluated users of enough items: a few in a large log move no figure. */
const ALLOWED = 4;
const ALLOWED_SHARE = 0.02;
/** With more near-duplicates than this a history is what many like, and no copy of one. */
const MOST_COPIES = 4;
/** Users looked at, evenly spaced. */
const MOST_USERS = 1000;

/**
 * Near-duplicates across the split: users to evaluate whose whole history (almost) another user has who is trained on
 * with items that are to be found. So it is where one person has two accounts, or a log holds the same rows twice
 * under other ids.
 */
export function twinLeaks(split: Split, ids: SplitIds): Leak[] {
  return (['validation', 'test'] as const).flatMap((part) => {
    const { users, twins } = twinsOf(split, split[part]);
    if (twins.length <= Math.max(ALLOWED, ALLOWED_SHARE * users)) return [];
    const [{ user, other, shared, all }] = twins;
    const names = `user ${quoted(ids.users[user])} and user ${quoted(ids.users[other])} of the training part`;
    return [
      {
        kind: 'twins' as const,
        message:
          `${placeOf(split, part)}: ${twins.length} of ${users} users with ${FEWEST_ITEMS} items or more are near-duplicates of ` +
          `users who were trained on with what is to be found, such as ${names} (${shared} of ${all} items in common)`,
        remedy: 'Merge the accounts of one person, or leave the copies out, before the split.',
        details: { users: twins.length, of: users, user: ids.users[user], twin: ids.users[other] },
      },
    ];
  });
}

interface Twin {
  readonly user: number;
  readonly other: number;
  readonly shared: number;
  readonly all: number;
}

/** Those of the set's users who have a twin, one twin each, and how many were looked at. */
function twinsOf(split: Split, set: EvaluationSet): { users: number; twins: Twin[] } {
  const { users, heldOut } = set;
  if (!users || !split.trainUsers) return { users: 0, twins: [] };
  const rowOf = wholeRows(split);
  const enough = Array.from(users.keys()).filter((row) => rowOf(users[row]).length >= FEWEST_ITEMS);
  const every = Math.max(1, Math.ceil(enough.length / MOST_USERS));
  const looked = enough.filter((_, n) => n % every === 0);

  const byRareItem: (number[] | undefined)[] = new Array(split.train.columns);
  for (const row of looked) {
    for (const item of rarest(rowOf(users[row]))) {
      const rows = byRareItem[item] ?? [];
      rows.push(row);
      byRareItem[item] = rows;
    }
  }
  const found = new Map<number, Twin>();
  const copies = new Map<number, number>();
  split.trainUsers.forEach((other, trained) => {
    const theirs = rowOf(other);
    if (theirs.length < ALIKE * FEWEST_ITEMS) return;
    const compared = new Set<number>();
    for (const item of rarest(theirs)) {
      for (const row of byRareItem[item] ?? []) {
        const user = users[row];
        const mine = rowOf(user);
        const [shorter, longer] = [
          Math.min(mine.length, theirs.length),
          Math.max(mine.length, theirs.length),
        ];
        if (user === other || shorter < ALIKE * longer || compared.has(row)) continue;
        if ((copies.get(row) ?? 0) > MOST_COPIES) continue;
        compared.add(row);
        const shared = sharedItems(mine, theirs);
        const all = mine.length + theirs.length - shared;
        if (shared < ALIKE * all) continue;
        copies.set(row, (copies.get(row) ?? 0) + 1);
        const trainedOn = new Set(rowIndices(split.train, trained));
        if (!found.has(row) && rowIndices(heldOut, row).some((target) => trainedOn.has(target))) {
          found.set(row, { user, other, shared, all });
        }
      }
    }
  });
  const twins = looked.filter((row) => found.has(row) && copies.get(row)! <= MOST_COPIES);
  return { users: looked.length, twins: twins.map((row) => found.get(row)!) };
}

/**
 * Two rows that share ALIKE of all their items have one of these in common (Bayardo, Ma & Srikant 2007, "Scaling up all
 * pairs similarity search"), so only rows that have need be compared.
 */
const rarest = (row: Uint32Array): Uint32Array =>
  row.subarray(0, row.length - Math.ceil(ALIKE * row.length) + 1);

/** All that a user has in any part: places of the items by rarity, the rarest first. */
function wholeRows(split: Split): (user: number) => Uint32Array {
  const popularity = columnCounts(split.train);
  const place = new Uint32Array(popularity.length);
  Uint32Array.from(popularity.keys())
    .sort((a, b) => popularity[a] - popularity[b] || a - b)
    .forEach((item, rank) => {
      place[item] = rank;
    });
  const rows = new Map<number, Uint32Array>();
  const add = (part: Csr, users: Uint32Array | undefined) =>
    users?.forEach((user, row) => {
      const mine = rowIndices(part, row)
        .map((item) => place[item])
        .sort();
      const before = rows.get(user);
      rows.set(user, before ? union(before, mine) : mine);
    });
  add(split.train, split.trainUsers);
  for (const { history, heldOut, users } of [split.validation, split.test]) {
    add(history, users);
    add(heldOut, users);
  }
  return (user) => rows.get(user)!;
}

/** Of two ascending rows. */
function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  const both = new Uint32Array(a.length + b.length);
  let n = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (j === b.length || a[i] < b[j]) both[n++] = a[i++];
    else {
      if (a[i] === b[j]) i++;
      both[n++] = b[j++];
    }
  }
  return both.subarray(0, n);
}

function sharedItems(a: Uint32Array, b: Uint32Array): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      shared++;
      i++;
      j++;
    } else if (a[i] < b[j]) i++;
    else j++;
  }
  return shared;
}
