import { FoldinError } from '../errors.js';
import type { Csr } from './csr.js';
import { DUPLICATE_POLICIES, type DuplicatePolicy, defaultPolicy } from './duplicates.js';
import type { Interactions } from './interactions.js';
import type { LogRows } from './logRows.js';
import { positionsBy } from './order.js';
import { compact, indices, mergeRows, orderBy, type Pairs } from './pairs.js';
import { Vocabulary } from './vocabulary.js';
import { CORPUS_WEIGHTS, type CorpusWeight } from './weighing.js';

export interface CleanOptions {
  /** What the rows of one pair become; see `defaultPolicy` for the default. */
  duplicates?: DuplicatePolicy;
  /** Pairs of a smaller value are no interaction (4 for "rated 4 or better"). Under `count` and `binary`: rows. */
  minValue?: number;
  /** Users with fewer items, and items with fewer users, are left out until none is left to leave out (k-core). */
  minUser?: number;
  minItem?: number;
  /**
   * Weight of a pair: 1 ('none', the default), its value, log(1 + value), the value but at most N, or what `tfidf` and `bm25`
   * make of it when it is known what is trained on (see weighing.ts).
   */
  weight?: 'none' | 'value' | 'log1p' | `cap:${number}` | CorpusWeight;
  /**
   * Seconds after which an interaction counts half: weights are multiplied by 2^(-age / halfLifeSec), age counted from
   * the last interaction of the log. CONFIG without times.
   */
  halfLifeSec?: number;
  /**
   * What says in which order things happened: their times ('time', the default; none where the log has none), or
   * 'file': the lines of each user stand in that order. Times are then not looked at.
   */
  order?: 'time' | 'file';
}

export interface CleanReport {
  readonly policy: DuplicatePolicy;
  /** Rows beyond the first of their pair. */
  readonly duplicates: number;
  /** Distinct pairs before any was left out. */
  readonly pairs: number;
  readonly droppedPairs: {
    /** Value at or below zero: a return, a stored zero. */
    readonly notPositive: number;
    readonly belowMinValue: number;
    /** Left out by minUser and minItem. */
    readonly tooFew: number;
  };
  /** Users and items of the log that are left with no interaction. */
  readonly droppedUsers: number;
  readonly droppedItems: number;
}

/**
 * Turns rows into interactions: pairs merged (`duplicates`), pairs at or below zero left out, then `minValue`,
 * then the k-core of `minUser` and `minItem`. Users and items without an interaction are left out.
 * The result does not depend on the order of rows (but see `order`, and `mergePair` for `first` and `last` without times).
 * A pair's time is that of its last row.
 *
 * Throws CONFIG for an impossible option, LOG_EMPTY when no interaction is left.
 */
export function clean(
  given: LogRows,
  options: CleanOptions = {},
): { interactions: Interactions; report: CleanReport } {
  const rows = options.order === 'file' ? inFileOrder(given) : given;
  const policy = options.duplicates ?? defaultPolicy(rows);
  check(rows, options, policy);
  const { minValue = Number.NEGATIVE_INFINITY, minUser = 1, minItem = 1, weight = 'none' } = options;
  const pairs = mergeRows(rows, policy, minValue);
  const keep = new Uint8Array(pairs.count).fill(1);
  const drop = (unwanted: (p: number) => boolean): number => {
    let dropped = 0;
    for (let p = 0; p < pairs.count; p++) {
      if (keep[p] === 0 || !unwanted(p)) continue;
      keep[p] = 0;
      dropped++;
    }
    return dropped;
  };
  // Rows below minValue count as nothing under these two, which leaves their pairs at zero.
  const byRow = policy === 'count' || policy === 'binary';
  const atZero = drop((p) => !(pairs.value[p] > 0));
  const below = byRow ? 0 : drop((p) => pairs.value[p] < minValue);
  const tooFew = dropRare(rows, pairs, keep, drop, minUser, minItem);
  const minValueByRow = byRow && options.minValue !== undefined;
  const [users, items] = [
    distinct(pairs.user, rows.userIds.length),
    distinct(pairs.item, rows.itemIds.length),
  ];
  const merged = pairs.count;
  const kept = atZero + below + tooFew > 0 ? compact(pairs, keep) : pairs;
  if (kept.count === 0) {
    throw new FoldinError('LOG_EMPTY', `none of ${merged} (user, item) pairs is left after cleaning`, {
      remedy: 'Lower minValue, minUser or minItem, and check that values above zero mean interest.',
    });
  }
  const interactions = build(rows, kept, { weight, halfLifeSec: options.halfLifeSec });
  return {
    interactions,
    report: {
      policy,
      duplicates: rows.count - merged,
      pairs: merged,
      droppedPairs: {
        notPositive: minValueByRow ? 0 : atZero,
        belowMinValue: minValueByRow ? atZero : below,
        tooFew,
      },
      droppedUsers: users - interactions.users.size,
      droppedItems: items - interactions.items.size,
    },
  };
}

/** The rows with their numbers for times. */
const inFileOrder = (rows: LogRows): LogRows => ({
  ...rows,
  timeSec: Float64Array.from({ length: rows.count }, (_, row) => row),
  timeIsOrder: true,
});

function check(rows: LogRows, options: CleanOptions, policy: DuplicatePolicy): void {
  const impossible = (what: string, remedy: string) => new FoldinError('CONFIG', what, { remedy });
  if (!DUPLICATE_POLICIES.includes(policy)) {
    throw impossible(`duplicates "${policy}" is not known`, `Use one of ${DUPLICATE_POLICIES.join(', ')}.`);
  }
  for (const name of ['minUser', 'minItem'] as const) {
    const least = options[name] ?? 1;
    if (!(Number.isInteger(least) && least >= 1)) {
      throw impossible(`${name} is ${least}`, 'Give a whole number of at least 1.');
    }
  }
  const { minValue, weight = 'none', order = 'time', halfLifeSec } = options;
  if (halfLifeSec !== undefined && !(halfLifeSec > 0 && Number.isFinite(halfLifeSec))) {
    throw impossible(`halfLifeSec is ${halfLifeSec}`, 'Give a finite number above 0.');
  }
  if (halfLifeSec !== undefined && (!rows.timeSec || rows.timeIsOrder)) {
    throw impossible('halfLifeSec is set, but the log has no times', 'Name the column with --time.');
  }
  if (order !== 'time' && order !== 'file')
    throw impossible(`order "${order}" is not known`, 'Use time or file.');
  if (minValue !== undefined && !Number.isFinite(minValue)) {
    throw impossible(`minValue is ${minValue}`, 'Give a finite number.');
  }
  if (minValue !== undefined && !rows.value) {
    throw impossible('minValue is set, but the log has no value column', 'Name the column with --value.');
  }
  const isCap = weight.startsWith('cap:');
  if (isCap ? !(capOf(weight) > 0) : !WEIGHTS.includes(weight)) {
    throw impossible(
      `weight "${weight}" is not known`,
      `Use one of ${WEIGHTS.join(', ')}, or cap:N with N above 0.`,
    );
  }
}

/** Leaves out users and items below their minimum until all that remain reach it. */
function dropRare(
  rows: LogRows,
  pairs: Pairs,
  keep: Uint8Array,
  drop: (unwanted: (p: number) => boolean) => number,
  minUser: number,
  minItem: number,
): number {
  let total = 0;
  for (;;) {
    const ofUser = new Uint32Array(rows.userIds.length);
    const ofItem = new Uint32Array(rows.itemIds.length);
    for (let p = 0; p < pairs.count; p++) {
      ofUser[pairs.user[p]] += keep[p];
      ofItem[pairs.item[p]] += keep[p];
    }
    const dropped = drop((p) => ofUser[pairs.user[p]] < minUser || ofItem[pairs.item[p]] < minItem);
    if (dropped === 0) return total;
    total += dropped;
  }
}

const WEIGHTS: readonly string[] = ['none', 'value', 'log1p', ...CORPUS_WEIGHTS];

const capOf = (weight: string): number => Number(weight.slice('cap:'.length));

function weigh(value: number, weight: string): number {
  const weighed =
    weight === 'log1p'
      ? Math.log1p(value)
      : weight.startsWith('cap:')
        ? Math.min(value, capOf(weight))
        : value;
  if (Number.isFinite(Math.fround(weighed))) return weighed;
  throw new FoldinError('LOG_FORMAT', `a pair adds up to ${value}, beyond the range of 32-bit floats`, {
    remedy: 'Use weight log1p or cap:N, or correct the value.',
  });
}

interface Weighting {
  readonly weight: string;
  readonly halfLifeSec: number | undefined;
}

/** What a pair counts; undefined where all count 1. */
function weigher({ count, value, timeSec }: Pairs, { weight, halfLifeSec }: Weighting) {
  const base = (p: number): number => (weight === 'none' ? 1 : weigh(value[p], weight));
  if (halfLifeSec === undefined) return weight === 'none' ? undefined : base;
  let last = Number.NEGATIVE_INFINITY;
  for (let p = 0; p < count; p++) last = Math.max(last, timeSec![p]);
  return (p: number): number => base(p) * 2 ** ((timeSec![p] - last) / halfLifeSec);
}

/** The pairs over sorted vocabularies of the users and items they have. */
function build(rows: LogRows, pairs: Pairs, weighting: Weighting): Interactions {
  const { count } = pairs;
  const corpusWeight = CORPUS_WEIGHTS.find((rule) => rule === weighting.weight);
  const users = vocabularyOf(rows.userIds, pairs.user);
  const items = vocabularyOf(rows.itemIds, pairs.item);
  const order = orderOf(pairs, users, items);
  const weightOf = weigher(pairs, weighting);
  const at = (n: number) => (order ? order[n] : n);
  const indptr = new Uint32Array(users.vocabulary.size + 1);
  const columns = new Uint32Array(count);
  const values = weightOf && new Float32Array(count);
  const timeSec = pairs.timeSec && new Float64Array(count);
  for (let n = 0; n < count; n++) {
    const p = at(n);
    indptr[users.indexOf[pairs.user[p]] + 1]++;
    columns[n] = items.indexOf[pairs.item[p]];
    if (values) values[n] = weightOf!(p);
    if (timeSec) timeSec[n] = pairs.timeSec![p];
  }
  for (let u = 0; u < users.vocabulary.size; u++) indptr[u + 1] += indptr[u];
  const matrix: Csr = {
    rows: users.vocabulary.size,
    columns: items.vocabulary.size,
    indptr,
    indices: columns,
    values,
    ...(timeSec && { positions: positionsBy(indptr, timeSec) }),
  };
  return {
    users: users.vocabulary,
    items: items.vocabulary,
    matrix,
    timeSec,
    timeIsOrder: rows.timeIsOrder,
    ...(corpusWeight && { corpusWeight }),
  };
}

interface Numbered {
  readonly vocabulary: Vocabulary;
  /** Index in the vocabulary of each of the log's numbers. */
  readonly indexOf: Uint32Array;
}

/**
 * The pairs by user and item of the vocabularies; undefined when they stand so, which is usual: only if all ids
 * that are no integers were left out do the others order differently.
 */
function orderOf({ user, item, count }: Pairs, users: Numbered, items: Numbered): Uint32Array | undefined {
  let lastUser = -1;
  let lastItem = -1;
  for (let p = 0; p < count; p++) {
    const u = users.indexOf[user[p]];
    const i = items.indexOf[item[p]];
    if (u < lastUser || (u === lastUser && i < lastItem)) {
      const byItem = orderBy(item, items.vocabulary.size, indices(count), items.indexOf);
      return orderBy(user, users.vocabulary.size, byItem, users.indexOf);
    }
    lastUser = u;
    lastItem = i;
  }
  return undefined;
}

/** The sorted vocabulary of the ids that occur. */
function vocabularyOf(ids: readonly string[], column: Uint32Array): Numbered {
  const occurs = occurring(column, ids.length);
  const vocabulary = Vocabulary.sorted(ids.filter((_, number) => occurs[number] === 1));
  return { vocabulary, indexOf: Uint32Array.from(ids, (id) => vocabulary.indexOf(id) ?? 0) };
}

function occurring(column: Uint32Array, size: number): Uint8Array {
  const occurs = new Uint8Array(size);
  for (let n = 0; n < column.length; n++) occurs[column[n]] = 1;
  return occurs;
}

const distinct = (column: Uint32Array, size: number): number =>
  occurring(column, size).reduce((sum, one) => sum + one, 0);
