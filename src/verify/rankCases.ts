import { randomOrder, randomUniform } from '../backend/random.js';
import { uploadRows } from '../backend/sparse.js';
import type { Csr } from '../data/csr.js';
import { type KernelCase, outputsOf, stale, staleIndices } from './case.js';
import { type BatchPlace, orderOf, randomCsr, uploadBatch } from './inputs.js';

/** Score of an item in a row of the batch: exact in f32 and well apart or exactly tied. */
type Score = (row: number, item: number, items: number) => number;

const SCORES = {
  /** All different, in random order. */
  mixed: (row, item, items) => orderIn(row, items)[item] / 8 - 20,
  /** About five items share a score. */
  tied: (row, item, items) => Math.floor(orderIn(row, items)[item] / 5) - 3,
  equal: () => 0.5,
  zeros: (_, item) => (item % 2 ? 0 : -0),
  ascending: (_, item) => item / 4,
  descending: (_, item) => -item / 4,
  /** All the best in one stride: the lanes of a workgroup get very unequal shares. */
  stride64: (_, item) => (item % 64 === 5 ? 1000 : 0) - item / 8,
  stride256: (_, item) => (item % 256 === 7 ? 1000 : 0) - item / 8,
  /** Below the score that padding may have, above MASKED. */
  lowest: (_, item) => -1e30 * (1 + (item % 7)),
  highest: (_, item) => (item % 3) * 1e38,
} satisfies Record<string, Score>;
const SCORE: Readonly<Record<keyof typeof SCORES, Score>> = SCORES;

const orders = new Map<string, Uint32Array>();

function orderIn(row: number, items: number): Uint32Array {
  const key = `${row}/${items}`;
  const order = orders.get(key) ?? randomOrder(items, 71, 2, row);
  orders.set(key, order);
  return order;
}

interface RankShape extends BatchPlace {
  readonly name: string;
  readonly batch: number;
  readonly items: number;
  /** The scores are those of a block of the catalogue. */
  readonly block?: { readonly firstItem: number; readonly of: number };
  readonly scores: keyof typeof SCORES;
  /** Share of the items a user has seen. */
  readonly seen: number | ((user: number) => number);
  /** Scores to replace: NaN and infinities, in a row of the batch. */
  readonly spoil?: readonly { row: number; item: number; score: number }[];
}

interface TopKShape extends RankShape {
  readonly k: number;
  readonly allowed?: (item: number) => boolean;
}

const catalogueOf = ({ items, block }: RankShape): number => block?.of ?? items;
const firstItemOf = ({ block }: RankShape): number => block?.firstItem ?? 0;

function scoreOf(shape: RankShape, row: number, item: number): number {
  const spoilt = shape.spoil?.find((one) => one.row === row && one.item === item);
  return spoilt ? spoilt.score : SCORE[shape.scores](row, item, catalogueOf(shape));
}

const scoresIn = (shape: RankShape): Float32Array =>
  Float32Array.from({ length: shape.batch * shape.items }, (_, i) =>
    scoreOf(shape, Math.floor(i / shape.items), firstItemOf(shape) + (i % shape.items)),
  );

function allowedBits(items: number, allowed: (item: number) => boolean): Uint32Array {
  const bits = new Uint32Array(Math.ceil(items / 32));
  for (let i = 0; i < items; i++) if (allowed(i)) bits[i >>> 5] |= 1 << (i & 31);
  return bits;
}

function topK(shape: TopKShape): KernelCase {
  const { batch, items, k, allowed = () => true } = shape;
  return {
    kernel: 'topK',
    name: `${shape.name}, k ${k}`,
    run: (backend) =>
      outputsOf(backend, () => {
        const topItems = staleIndices(backend, batch, k);
        const topScores = stale(backend, batch, k);
        backend.topK({
          scores: backend.tensor(scoresIn(shape), [batch, items]),
          seen: uploadRows(backend, randomCsr(shape.users, catalogueOf(shape), shape.seen, 72)),
          batch: uploadBatch(backend, shape),
          allowed: backend.tensor(allowedBits(catalogueOf(shape), allowed)),
          firstItem: firstItemOf(shape),
          topItems,
          topScores,
        });
        return { topItems, topScores };
      }),
    bound: () => ({ topItems: 0, topScores: 0 }),
  };
}

interface RankOfShape extends RankShape {
  /** Share of the items that are held out, of those not seen. */
  readonly heldOut: (user: number) => number;
}

/** An entry of `share` that is not in `seen`. */
function heldOutOf(shape: RankOfShape, seen: Csr): Csr {
  const { users, heldOut } = shape;
  const items = catalogueOf(shape);
  const indptr = new Uint32Array(users + 1);
  const indices: number[] = [];
  for (let user = 0; user < users; user++) {
    const own = new Set(seen.indices.subarray(seen.indptr[user], seen.indptr[user + 1]));
    for (let i = 0; i < items; i++) {
      if (!own.has(i) && randomUniform(73, 1, user, i) < heldOut(user)) indices.push(i);
    }
    indptr[user + 1] = indices.length;
  }
  return { rows: users, columns: items, indptr, indices: Uint32Array.from(indices) };
}

/** What rankOf and scoresOf are given besides the scores. Two entries more than the batch has must keep their values. */
function rankInputs(shape: RankOfShape) {
  const { first, count } = shape;
  const seen = randomCsr(shape.users, catalogueOf(shape), shape.seen, 74);
  const heldOut = heldOutOf(shape, seen);
  const rows = orderOf(shape);
  const firstEntry = heldOut.indptr[rows[first]];
  const length = heldOut.indptr[rows[first + count - 1] + 1] - firstEntry + 2;
  const heldOutScores = new Float32Array(length);
  for (let b = 0; b < count; b++) {
    const user = rows[first + b];
    for (let e = heldOut.indptr[user]; e < heldOut.indptr[user + 1]; e++) {
      heldOutScores[e - firstEntry] = scoreOf(shape, b, heldOut.indices[e]);
    }
  }
  return { seen, heldOut, firstEntry, length, heldOutScores };
}

function scoresOf(shape: RankOfShape): KernelCase {
  const { batch, items } = shape;
  return {
    kernel: 'scoresOf',
    name: shape.name,
    run: (backend) =>
      outputsOf(backend, () => {
        const { heldOut, firstEntry, length } = rankInputs(shape);
        const out = stale(backend, length);
        backend.scoresOf({
          scores: backend.tensor(scoresIn(shape), [batch, items]),
          heldOut: uploadRows(backend, heldOut),
          batch: uploadBatch(backend, shape),
          out,
          firstEntry,
          firstItem: firstItemOf(shape),
        });
        return { out };
      }),
    bound: () => ({ out: 0 }),
  };
}

function rankOf(shape: RankOfShape): KernelCase {
  const { batch, items } = shape;
  return {
    kernel: 'rankOf',
    name: shape.name,
    run: (backend) =>
      outputsOf(backend, () => {
        const { seen, heldOut, firstEntry, length, heldOutScores } = rankInputs(shape);
        const ranks = staleIndices(backend, 3 * length);
        backend.rankOf({
          scores: backend.tensor(scoresIn(shape), [batch, items]),
          seen: uploadRows(backend, seen),
          heldOut: uploadRows(backend, heldOut),
          heldOutScores: backend.tensor(heldOutScores),
          batch: uploadBatch(backend, shape),
          ranks,
          firstEntry,
          firstItem: firstItemOf(shape),
        });
        return { ranks };
      }),
    bound: () => ({ ranks: 0 }),
  };
}

/** One user. */
const alone = (items: number, scores: keyof typeof SCORES, seen: RankShape['seen'] = 0) =>
  ({ users: 1, first: 0, count: 1, batch: 1, items, scores, seen }) as const;

/** The middle block of three. */
const LATER = { block: { firstItem: 64, of: 200 } } as const;

/** A batch from the middle of the users. */
const among = (
  batch: number,
  count: number,
  items: number,
  scores: keyof typeof SCORES,
  seen: RankShape['seen'],
) => ({ users: batch + 4, first: 3, count, batch, items, scores, seen }) as const;

/** Row 0 NaN, row 1 infinite, row 2 minus infinite; the others are sound. */
const SPOILED = [
  { row: 0, item: 29, score: Number.NaN },
  { row: 1, item: 0, score: Number.POSITIVE_INFINITY },
  { row: 2, item: 13, score: Number.NEGATIVE_INFINITY },
];

export const rankCases: readonly KernelCase[] = [
  topK({ name: 'one item', ...alone(1, 'mixed'), k: 1 }),
  topK({ name: 'one item, k beyond it', ...alone(1, 'mixed'), k: 3 }),
  topK({ name: '7 items, half seen', ...among(5, 5, 7, 'mixed', 0.5), k: 3 }),
  topK({
    name: '30 items, empty and full histories',
    ...among(5, 5, 30, 'mixed', (user) => user % 2),
    k: 10,
  }),
  topK({ name: '3 of 5 rows, 65 items', ...among(5, 3, 65, 'tied', 0.2), k: 10 }),
  topK({ name: '33 rows, 257 items', ...among(33, 33, 257, 'mixed', 0.1), k: 1 }),
  topK({ name: '33 rows, 257 items with ties', ...among(33, 33, 257, 'tied', 0.1), k: 10 }),
  topK({ name: '5 rows, 1000 items with ties', ...among(5, 5, 1000, 'tied', 0.05), k: 100 }),
  topK({ name: 'all of 65 items', ...among(5, 5, 65, 'tied', 0), k: 65 }),
  topK({ name: 'all of 1000 items', ...among(5, 4, 1000, 'mixed', 0), k: 1000 }),
  topK({ name: 'all of 1000 equal items', ...alone(1000, 'equal'), k: 1000 }),
  topK({ name: 'fewer items than k', ...among(5, 5, 65, 'mixed', 0.5), k: 100 }),
  topK({ name: 'fewer items than k, twice over', ...among(5, 5, 400, 'mixed', 0.6), k: 600 }),
  topK({ name: 'all seen', ...among(5, 5, 65, 'mixed', 1), k: 10 }),
  topK({ name: 'few allowed', ...among(5, 5, 257, 'mixed', 0.2), k: 10, allowed: (i) => i % 37 === 0 }),
  topK({ name: 'one allowed, the last', ...among(5, 5, 65, 'mixed', 0), k: 10, allowed: (i) => i === 64 }),
  topK({ name: 'none allowed', ...among(5, 5, 65, 'mixed', 0), k: 10, allowed: () => false }),
  topK({ name: 'half allowed', ...among(5, 5, 1000, 'tied', 0.1), k: 100, allowed: (i) => i % 2 === 1 }),
  topK({ name: '0 and -0', ...alone(257, 'zeros'), k: 100 }),
  topK({ name: 'scores below -1e30', ...among(5, 5, 30, 'lowest', 0.2), k: 30 }),
  topK({ name: 'scores up to 2e38', ...among(5, 5, 65, 'highest', 0.2), k: 10 }),
  topK({ name: '5000 equal items', ...alone(5000, 'equal', 0.01), k: 10 }),
  topK({ name: '5000 equal items', ...alone(5000, 'equal', 0.01), k: 100 }),
  topK({ name: '5000 items ascending', ...alone(5000, 'ascending'), k: 100 }),
  topK({ name: '5000 items descending', ...alone(5000, 'descending'), k: 100 }),
  topK({ name: '5000 items, the best every 64th', ...alone(5000, 'stride64'), k: 100 }),
  topK({ name: '5000 items, the best every 256th', ...alone(5000, 'stride256'), k: 100 }),
  topK({ name: '5000 items with ties', ...alone(5000, 'tied', 0.1), k: 300 }),
  topK({ name: 'NaN and infinities', ...among(5, 5, 30, 'mixed', 0), k: 10, spoil: SPOILED }),
  topK({
    name: 'NaN and infinities, k beyond one pass',
    ...among(5, 5, 300, 'mixed', 0),
    k: 290,
    spoil: SPOILED,
  }),
  topK({
    name: 'NaN and infinities where two of them may not be given',
    ...among(5, 5, 300, 'mixed', 0),
    k: 290,
    spoil: SPOILED,
    allowed: (i) => i !== 29 && i !== 13,
  }),
  topK({ name: 'NaN at seen items', ...alone(30, 'mixed', 1), k: 10, spoil: SPOILED.slice(0, 1) }),
  topK({ name: 'items 64 to 128 of 200', ...among(5, 3, 64, 'tied', 0.3), k: 10, ...LATER }),
  topK({
    name: 'items 128 to 200 of 200, half allowed',
    ...among(5, 5, 72, 'mixed', 0.3),
    k: 100,
    block: { firstItem: 128, of: 200 },
    allowed: (i) => i % 2 === 1,
  }),
  topK({
    name: 'items 64 to 1000 of 1000',
    ...among(5, 5, 936, 'mixed', 0.1),
    k: 600,
    block: { firstItem: 64, of: 1000 },
  }),
  scoresOf({ name: '65 items', ...among(33, 31, 65, 'mixed', 0.3), inOrder: true, heldOut: () => 0.1 }),
  scoresOf({ name: 'all of 257 items', ...alone(257, 'mixed'), heldOut: () => 1 }),
  scoresOf({
    name: 'the first 64 of 200 items',
    ...among(5, 4, 64, 'mixed', 0),
    inOrder: true,
    heldOut: () => 0.2,
    block: { firstItem: 0, of: 200 },
  }),
  scoresOf({
    name: 'items 64 to 128 of 200',
    ...among(5, 4, 64, 'mixed', 0),
    inOrder: true,
    heldOut: () => 0.2,
    ...LATER,
  }),
  rankOf({
    name: 'the first 64 of 200 items',
    ...among(5, 4, 64, 'tied', 0.2),
    inOrder: true,
    heldOut: () => 0.05,
    block: { firstItem: 0, of: 200 },
  }),
  rankOf({
    name: 'items 64 to 128 of 200',
    ...among(5, 4, 64, 'tied', 0.2),
    inOrder: true,
    heldOut: () => 0.05,
    ...LATER,
  }),
  rankOf({
    name: 'NaN and infinities in items 128 to 200 of 200',
    ...among(5, 5, 72, 'mixed', 0),
    inOrder: true,
    heldOut: () => 0.05,
    block: { firstItem: 128, of: 200 },
    spoil: SPOILED.map((one) => ({ ...one, item: one.item + 128 })),
  }),
  rankOf({ name: 'one item', ...alone(1, 'mixed'), heldOut: () => 1 }),
  rankOf({ name: '7 items, all held out', ...alone(7, 'mixed'), heldOut: () => 1 }),
  rankOf({ name: '65 items', ...among(33, 33, 65, 'mixed', 0.3), inOrder: true, heldOut: () => 0.05 }),
  rankOf({ name: '3 of 5 rows, ties', ...among(5, 3, 257, 'tied', 0.2), inOrder: true, heldOut: () => 0.03 }),
  rankOf({
    name: '1000 items, 0 to 100 held out',
    ...among(5, 5, 1000, 'tied', 0.1),
    inOrder: true,
    heldOut: (user) => [0, 0.001, 0.004, 0.1][user % 4],
  }),
  rankOf({
    name: 'nobody has a held-out item',
    ...among(5, 5, 30, 'mixed', 0.5),
    inOrder: true,
    heldOut: () => 0,
  }),
  rankOf({ name: 'all equal', ...among(5, 5, 257, 'equal', 0.2), inOrder: true, heldOut: () => 0.05 }),
  rankOf({ name: '0 and -0', ...alone(65, 'zeros'), heldOut: () => 0.2 }),
  rankOf({ name: 'all but the held-out seen', ...alone(30, 'mixed', 0.9), heldOut: () => 1 }),
  rankOf({
    name: 'scores below -1e30',
    ...among(5, 5, 30, 'lowest', 0.2),
    inOrder: true,
    heldOut: () => 0.3,
  }),
  rankOf({ name: '5000 items', ...alone(5000, 'mixed', 0.1), heldOut: () => 0.002 }),
  rankOf({
    name: 'NaN and infinities',
    ...among(5, 5, 30, 'mixed', 0),
    inOrder: true,
    heldOut: () => 0.3,
    spoil: SPOILED,
  }),
];
