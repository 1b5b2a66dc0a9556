import { type Csr, csrFromRows } from './csr.js';
import type { Interactions } from './interactions.js';
import { auditSplit } from './leaks/audit.js';
import { refuseLeaks } from './leaks/leak.js';
import { entriesInOrder } from './order.js';
import type { EvaluationSet, Split } from './splitTypes.js';
import type { Vocabulary } from './vocabulary.js';

/** An evaluation set as files give it. Without `foldIn` the history of a user is what was trained on. */
export interface GivenSet {
  readonly foldIn?: Interactions;
  readonly heldOut: Interactions;
}

/**
 * Parts that came as files, each with its own ids; matched by id.
 *
 *            items ->
 *   user 1   T T T T T T       T  train
 *   user 2   h h h h !         h  foldIn    (of a user never trained on)
 *   user 1   . . . . . . !     !  heldOut   (of a trained user, whose history is T)
 *
 * Items that `train` does not have are left out, then users without history or without held-out item.
 * Throws LEAKAGE when a held-out pair is also trained on or folded in, and for other leaks (see `auditSplit`), unless
 * `allowLeak`.
 */
export function given(parts: {
  train: Interactions;
  validation?: GivenSet;
  test?: GivenSet;
  allowLeak?: boolean;
}): Split {
  const { train } = parts;
  const trainUsers = Uint32Array.from({ length: train.matrix.rows }, (_, user) => user);
  // A user index must mean the same in every part: trained users keep theirs, others follow.
  const userIndex = new Map(train.users.ids.map((id, index) => [id, index]));
  const indexOf = (id: string): number => {
    const index = userIndex.get(id) ?? userIndex.size;
    userIndex.set(id, index);
    return index;
  };
  const part = (set: GivenSet | undefined): EvaluationSet => {
    if (!set)
      return { history: csrFromRows([], train.items.size), heldOut: csrFromRows([], train.items.size) };
    const matched = evaluationSet(train.items, set.foldIn ?? train, set.heldOut);
    return { ...matched, users: Uint32Array.from(matched.userIds, indexOf) };
  };
  const sets = { validation: part(parts.validation), test: part(parts.test) };
  const leftOut = (set: EvaluationSet) => (set.cold ?? 0) + (set.skipped ?? 0);
  const split: Split = {
    name: 'given',
    seed: 0,
    itemIndices: Uint32Array.from({ length: train.items.size }, (_, item) => item),
    train: train.matrix,
    trainUsers,
    ...sets,
    dropped: {
      users: leftOut(sets.validation) + leftOut(sets.test),
      interactions: droppedPairs(parts.validation, train.items) + droppedPairs(parts.test, train.items),
      coldItems: coldItems([parts.validation, parts.test], train.items),
    },
  };
  const ids = { users: [...userIndex.keys()], items: train.items.ids };
  const leaks = refuseLeaks(auditSplit(split, ids), parts.allowLeak);
  return leaks.length === 0 ? split : { ...split, leaks };
}

/**
 * Fold-in and held-out interactions over the items of a model or training part: one row a user of `heldOut`, in the
 * order of its vocabulary. Unknown items are left out; users left without history are cold, users left
 * without held-out item skipped.
 */
export function evaluationSet(
  items: Vocabulary,
  foldIn: Interactions,
  heldOut: Interactions,
): EvaluationSet & { userIds: string[] } {
  const histories: KnownRow[] = [];
  const targets: KnownRow[] = [];
  const userIds: string[] = [];
  let [cold, skipped] = [0, 0];
  for (const id of heldOut.users.ids) {
    const history = knownItems(items, foldIn, id);
    const target = knownItems(items, heldOut, id);
    if (history.items.length === 0) cold++;
    else if (target.items.length === 0) skipped++;
    else {
      histories.push(history);
      targets.push(target);
      userIds.push(id);
    }
  }
  const matrix = (rows: readonly KnownRow[], { positions, values }: Csr) =>
    csrFromRows(
      rows.map((row) => row.items),
      items.size,
      values && rows.map((row) => row.values!),
      { inOrder: positions !== undefined },
    );
  return {
    history: matrix(histories, foldIn.matrix),
    heldOut: matrix(targets, heldOut.matrix),
    userIds,
    cold,
    skipped,
  };
}

interface KnownRow {
  readonly items: readonly number[];
  readonly values?: readonly number[];
}

/** What of a user's row a vocabulary knows, in the order in which things happened, where that is known. */
function knownItems(items: Vocabulary, { users, items: own, matrix }: Interactions, user: string): KnownRow {
  const row = users.indexOf(user);
  if (row === undefined) return { items: [], values: [] };
  const column = (e: number) => items.indexOf(own.ids[matrix.indices[e]]);
  const known = Array.from(entriesInOrder(matrix, row)).filter((e) => column(e) !== undefined);
  return {
    items: known.map((e) => column(e)!),
    values: matrix.values && known.map((e) => matrix.values![e]),
  };
}

const interactionsOf = (set: GivenSet | undefined): Interactions[] =>
  set ? [set.heldOut, ...(set.foldIn ? [set.foldIn] : [])] : [];

const droppedPairs = (set: GivenSet | undefined, items: Vocabulary): number =>
  interactionsOf(set).reduce(
    (sum, { matrix, items: own }) =>
      sum + matrix.indices.filter((item) => items.indexOf(own.ids[item]) === undefined).length,
    0,
  );

function coldItems(sets: readonly (GivenSet | undefined)[], items: Vocabulary): number {
  const ids = sets.flatMap(interactionsOf).flatMap(({ items: own }) => own.ids);
  return new Set(ids.filter((id) => items.indexOf(id) === undefined)).size;
}
