import { FoldinError } from '../errors.js';
import type { Csr } from './csr.js';
import type { Interactions } from './interactions.js';
import { auditSplit, idsOf } from './leaks/audit.js';
import { refuseLeaks } from './leaks/leak.js';
import { positionsBy } from './order.js';
import type { EvaluationSet, Split } from './splitTypes.js';

/** What an interaction is used for; a split is one such set of bits an interaction. */
export const TRAIN = 1;
export const VALIDATION_HISTORY = 2;
export const VALIDATION_HELD_OUT = 4;
export const TEST_HISTORY = 8;
export const TEST_HELD_OUT = 16;

/**
 * Builds the parts from `uses` (u8[nnz], the bits above). Items that no training row holds are left out of every
 * part, then users with an empty history (cold) or with nothing held out (skipped) of the evaluation sets.
 * `needed` are the parts that must not be empty, else SPLIT_EMPTY. LEAKAGE unless `allowLeak`.
 */
export function assemble(
  name: Split['name'],
  seed: number,
  interactions: Interactions,
  uses: Uint8Array,
  { needed, allowLeak }: { needed: readonly ('validation' | 'test')[]; allowLeak: boolean },
): Split {
  const { matrix } = interactions;
  const columnOf = new Int32Array(matrix.columns).fill(-1);
  uses.forEach((bits, e) => {
    if (bits & TRAIN) columnOf[matrix.indices[e]] = 0;
  });
  const itemIndices = Uint32Array.from(columnOf.keys()).filter((item) => columnOf[item] === 0);
  itemIndices.forEach((item, column) => {
    columnOf[item] = column;
  });

  const known = (bit: number) => (e: number) => (uses[e] & bit) !== 0 && columnOf[matrix.indices[e]] >= 0;
  const placed = new Uint8Array(uses.length);
  const pick = (users: Uint32Array, bit: number): Csr =>
    pickEntries(matrix, users, known(bit), columnOf, itemIndices.length, placed);
  const allUsers = Uint32Array.from({ length: matrix.rows }, (_, user) => user);
  const usersWith = (test: (e: number) => boolean) =>
    allUsers.filter((user) => someEntry(matrix, user, test));

  const trainUsers = usersWith(known(TRAIN));
  const leftOut = new Set<number>();
  const evaluationSet = (historyBit: number, heldOutBit: number): EvaluationSet => {
    const candidates = usersWith((e) => (uses[e] & heldOutBit) !== 0);
    const warm = candidates.filter((user) => someEntry(matrix, user, known(historyBit)));
    const users = warm.filter((user) => someEntry(matrix, user, known(heldOutBit)));
    const scored = new Set(users);
    for (const user of candidates) if (!scored.has(user)) leftOut.add(user);
    return {
      history: pick(users, historyBit),
      heldOut: pick(users, heldOutBit),
      users,
      cold: candidates.length - warm.length,
      skipped: warm.length - users.length,
    };
  };
  const parts = {
    train: pick(trainUsers, TRAIN),
    validation: evaluationSet(VALIDATION_HISTORY, VALIDATION_HELD_OUT),
    test: evaluationSet(TEST_HISTORY, TEST_HELD_OUT),
  };
  if (parts.train.rows === 0) throw emptyPart(name, 'training');
  for (const part of needed) if (parts[part].heldOut.rows === 0) throw emptyPart(name, part);
  const split: Split = {
    name,
    seed,
    itemIndices,
    trainUsers,
    ...parts,
    dropped: {
      users: leftOut.size,
      interactions: placed.reduce((missing, there) => missing + 1 - there, 0),
      coldItems: matrix.columns - itemIndices.length,
    },
  };
  return audited(split, interactions, allowLeak);
}

/** The split with its leaks, where they are allowed; else it has none. */
function audited(split: Split, interactions: Interactions, allowLeak: boolean): Split {
  const leaks = refuseLeaks(auditSplit(split, idsOf(split, interactions), interactions), allowLeak);
  return leaks.length === 0 ? split : { ...split, leaks };
}

function someEntry(matrix: Csr, user: number, test: (e: number) => boolean): boolean {
  for (let e = matrix.indptr[user]; e < matrix.indptr[user + 1]; e++) if (test(e)) return true;
  return false;
}

/** The entries that pass, of the given rows, with new columns; `columnOf` keeps their order. Marks them `placed`. */
function pickEntries(
  matrix: Csr,
  rows: Uint32Array,
  test: (e: number) => boolean,
  columnOf: Int32Array,
  columns: number,
  placed: Uint8Array,
): Csr {
  const indptr = new Uint32Array(rows.length + 1);
  const picked: number[] = [];
  rows.forEach((row, r) => {
    for (let e = matrix.indptr[row]; e < matrix.indptr[row + 1]; e++) if (test(e)) picked.push(e);
    indptr[r + 1] = picked.length;
  });
  for (const e of picked) placed[e] = 1;
  return {
    rows: rows.length,
    columns,
    indptr,
    indices: Uint32Array.from(picked, (e) => columnOf[matrix.indices[e]]),
    values: matrix.values && Float32Array.from(picked, (e) => matrix.values![e]),
    ...(matrix.positions && {
      positions: positionsBy(
        indptr,
        picked.map((e) => matrix.positions![e]),
      ),
    }),
  };
}

const emptyPart = (name: string, part: string): FoldinError =>
  new FoldinError('SPLIT_EMPTY', `the ${name} split leaves the ${part} part empty`, {
    remedy: 'Use more data, a larger share, or another split.',
    details: { split: name, part },
  });
