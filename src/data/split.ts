import { randomOrder, STREAM } from '../backend/random.js';
import { FoldinError } from '../errors.js';
import type { Interactions } from './interactions.js';
import {
  assemble,
  TEST_HELD_OUT,
  TEST_HISTORY,
  TRAIN,
  VALIDATION_HELD_OUT,
  VALIDATION_HISTORY,
} from './splitParts.js';
import type { Split } from './splitTypes.js';

export interface SplitOptions {
  /** 1 by default. */
  seed?: number;
  /** Share of users (heldOutUsers) or of interactions; 0.1 by default, 0 for none. */
  validation?: number;
  test?: number;
  /** A leak is noted in the split (`leaks`) instead of being the error LEAKAGE. */
  allowLeak?: boolean;
}

const EARLIER = TRAIN | VALIDATION_HISTORY | TEST_HISTORY;
const BETWEEN = VALIDATION_HELD_OUT | TEST_HISTORY;

/**
 * Users never seen in training, part of their history folded in ("strong generalisation").
 *
 *            items ->
 *   user 1   T T T T T T T T       T  training
 *   user 2   T T T T T T T         h  history shown to the model
 *   user 3   h h h h h h ?         ?  held out, validation
 *   user 4   h h h h h !           !  held out, test
 *
 * 80/10/10 of the users by seed; of each held-out user a random fifth (`heldOut`) of the items that training
 * users have, at least one, is to be found. Users with fewer than `minHistory` (2) such items are left out.
 */
export function heldOutUsers(
  interactions: Interactions,
  options: SplitOptions & { heldOut?: number; minHistory?: number } = {},
): Split {
  const { seed, validation, test, gate } = settle(options);
  const { heldOut = 0.2, minHistory = 2 } = options;
  if (!(heldOut > 0 && heldOut < 1)) throw badShare('heldOut', heldOut);
  const { matrix } = interactions;
  const order = randomOrder(matrix.rows, seed, STREAM.split, 0);
  const tests = count(test, matrix.rows);
  const evaluated = tests + count(validation, matrix.rows);
  const uses = new Uint8Array(matrix.indices.length);
  const trained = new Uint8Array(matrix.columns);
  for (const user of order.subarray(evaluated)) {
    for (let e = matrix.indptr[user]; e < matrix.indptr[user + 1]; e++) {
      uses[e] = TRAIN;
      trained[matrix.indices[e]] = 1;
    }
  }
  order.subarray(0, evaluated).forEach((user, place) => {
    const known = entriesOf(interactions, user).filter((e) => trained[matrix.indices[e]] === 1);
    if (known.length < Math.max(2, minHistory)) return;
    const [history, target] =
      place < tests ? [TEST_HISTORY, TEST_HELD_OUT] : [VALIDATION_HISTORY, VALIDATION_HELD_OUT];
    const targets = Math.max(1, Math.floor(heldOut * known.length));
    shuffled(known, seed, user).forEach((e, n) => {
      uses[e] = n < targets ? target : history;
    });
  });
  return assemble('heldOutUsers', seed, interactions, uses, gate);
}

/**
 * What came later is to be found from what came before, for everyone at once: the cuts are two moments.
 *
 *            time ->      cut 1   cut 2
 *   user 1   T   T   T  T   ?   ? | !      for validation: history T, to be found ?
 *   user 2       T     T    ?     | !      for test: history T and ?, to be found !
 *   user 3                    ?   | ! !    no history before cut 1: cold in validation
 *
 * The cuts are the seconds of the 80% and 90% quantile of the interactions. Everything in or after the second of a
 * cut is later than it, so rows of one second never stand on both sides and the order of lines is of no
 * matter. Items that occur only after cut 1 are left out, users without known history are cold.
 */
export function globalTime(interactions: Interactions, options: SplitOptions = {}): Split {
  const { validation, test, gate } = settle(options);
  const { timeSec } = interactions;
  if (!timeSec) {
    throw new FoldinError('CONFIG', 'the globalTime split needs times, and the log has none', {
      remedy: 'Name the time column with --time, or use the heldOutUsers split.',
    });
  }
  const seconds = timeSec.map(Math.floor);
  const sorted = seconds.slice().sort();
  const cut = (share: number) => (share <= 0 ? Infinity : sorted[Math.floor((1 - share) * sorted.length)]);
  const validationFrom = cut(validation + test);
  const testFrom = cut(test);
  const uses = Uint8Array.from(seconds, (second) =>
    second >= testFrom ? TEST_HELD_OUT : second >= validationFrom ? BETWEEN : EARLIER,
  );
  return assemble('globalTime', 0, interactions, uses, gate);
}

/**
 * What each user did last is to be found from what they did before.
 *
 *            time ->
 *   user 1   T  T    T T    ?     !      for validation: history T, to be found ?
 *   user 2      T  T     ? !             for test: history T and ?, to be found !
 *   user 3         T          T          fewer than `minHistory` (3) items: training only
 *
 * One item a user and part (He et al. 2017, section 4.1); a share of 0 leaves a part out, other shares say
 * nothing here. Of items of the same last second, whose order nobody knows, the one of the highest index
 * counts as the later, so that the order of lines is of no matter. Training holds what other users did after a
 * user's last item: this split does not ask whether the future is known, `globalTime` does.
 */
export function leaveLastOut(
  interactions: Interactions,
  options: SplitOptions & { minHistory?: number } = {},
): Split {
  const { gate } = settle(options);
  const { minHistory = 3 } = options;
  const { matrix, timeSec } = interactions;
  if (!timeSec) {
    throw new FoldinError('CONFIG', 'the leaveLastOut split needs times or an order, and the log has none', {
      remedy: 'Name the time column with --time, or use the heldOutUsers split.',
    });
  }
  const uses = new Uint8Array(matrix.indices.length).fill(EARLIER);
  for (let user = 0; user < matrix.rows; user++) {
    const entries = entriesOf(interactions, user);
    if (entries.length < Math.max(3, minHistory)) continue;
    // Entries of a row ascend by item index, which settles ties.
    const latest = Array.from(entries).sort(
      (a, b) => Math.floor(timeSec[b]) - Math.floor(timeSec[a]) || b - a,
    );
    if (gate.needed.includes('test')) uses[latest.shift()!] = TEST_HELD_OUT;
    if (gate.needed.includes('validation')) uses[latest.shift()!] = BETWEEN;
  }
  return assemble('leaveLastOut', 0, interactions, uses, gate);
}

/**
 * Some of everyone's items, at random: 80/10/10 of each user's.
 *
 *            items, shuffled ->
 *   user 1   T T T T T T T T ? !     for validation: history T, to be found ?
 *   user 2   T T T T ? !             for test: history T and ?, to be found !
 *   user 3   T T                     fewer than `minHistory` (3) items: training only
 *
 * At least one item of each evaluated user is held out for validation, and one for test.
 */
export function random(
  interactions: Interactions,
  options: SplitOptions & { minHistory?: number } = {},
): Split {
  const { seed, validation, test, gate } = settle(options);
  const { minHistory = 3 } = options;
  const { matrix } = interactions;
  const uses = new Uint8Array(matrix.indices.length).fill(EARLIER);
  for (let user = 0; user < matrix.rows; user++) {
    const entries = entriesOf(interactions, user);
    if (entries.length < Math.max(3, minHistory)) continue;
    const tests = count(test, entries.length);
    const evaluated = tests + count(validation, entries.length);
    shuffled(entries, seed, user).forEach((e, n) => {
      if (n < evaluated) uses[e] = n < tests ? TEST_HELD_OUT : BETWEEN;
    });
  }
  return assemble('random', seed, interactions, uses, gate);
}

/** `globalTime` where the log has real times, else `heldOutUsers`. */
export const defaultSplit = (interactions: Interactions, options: SplitOptions = {}): Split =>
  interactions.timeSec && !interactions.timeIsOrder
    ? globalTime(interactions, options)
    : heldOutUsers(interactions, options);

function settle({ seed = 1, validation = 0.1, test = 0.1, allowLeak = false }: SplitOptions) {
  if (!(validation >= 0 && validation < 1)) throw badShare('validation', validation);
  if (!(test >= 0 && test < 1)) throw badShare('test', test);
  if (validation + test >= 1) throw badShare('validation + test', validation + test);
  const needed = (['validation', 'test'] as const).filter(
    (part) => (part === 'test' ? test : validation) > 0,
  );
  return { seed, validation, test, gate: { needed, allowLeak } };
}

const badShare = (name: string, share: number): FoldinError =>
  new FoldinError('CONFIG', `${name} is ${share}, not a share`, { remedy: 'Give a number between 0 and 1.' });

/** A share of n as a whole number, at least one unless the share is zero. */
const count = (share: number, n: number): number => (share === 0 ? 0 : Math.max(1, Math.round(share * n)));

const entriesOf = ({ matrix }: Interactions, user: number): Uint32Array =>
  Uint32Array.from(
    { length: matrix.indptr[user + 1] - matrix.indptr[user] },
    (_, n) => matrix.indptr[user] + n,
  );

/** Place 0 of the stream orders the users, place 1 + user the items of one. */
const shuffled = (entries: Uint32Array, seed: number, user: number): Uint32Array =>
  randomOrder(entries.length, seed, STREAM.split, 1 + user).map((n) => entries[n]);
