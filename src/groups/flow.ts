import { type Csr, csrFromRows } from '../data/csr.js';
import { rowInOrder } from '../data/order.js';
import type { Recommender } from '../recommend/recommender.js';
import { nearest } from './kmeans.js';
import { type Representation, represent } from './represent.js';

/** Users with fewer items than this have no halves to speak of. */
const FEWEST = 6;

/** How tastes move: where users are by the earlier and by the later half of what they did. */
export interface Flow {
  /** Users with at least six items, whose order is known. */
  readonly users: number;
  /** shares[a][b]: of those in group a by their earlier half, the share in group b by their later one. */
  readonly shares: readonly (readonly number[])[];
  /** Share of all of them that stays in its group. */
  readonly stay: number;
}

/** Undefined where the model's histories know no order, or nobody's is long enough. centroids f32[k, width]. */
export async function flowOf(
  { backend, model, parts }: Recommender,
  { width, mean }: Representation,
  centroids: Float32Array,
  signal?: AbortSignal,
): Promise<Flow | undefined> {
  const { histories } = parts;
  if (!histories?.positions) return undefined;
  const ordered = Array.from({ length: histories.rows }, (_, user) => rowInOrder(histories, user)).filter(
    (items) => items.length >= FEWEST,
  );
  if (ordered.length === 0) return undefined;
  const half = (items: Uint32Array) => Math.floor(items.length / 2);
  const groupsOf = async (rows: readonly Uint32Array[]): Promise<Uint32Array> => {
    const { points } = await represent(backend, model, inOrder(rows, histories), { mean, signal });
    return nearest(backend, points, width, centroids);
  };
  const before = await groupsOf(ordered.map((items) => items.subarray(0, half(items))));
  const after = await groupsOf(ordered.map((items) => items.subarray(half(items))));
  const k = centroids.length / width;
  const counts = Array.from({ length: k }, () => new Array<number>(k).fill(0));
  let stay = 0;
  before.forEach((group, user) => {
    counts[group][after[user]]++;
    if (group === after[user]) stay++;
  });
  const shares = counts.map((row) => {
    const total = row.reduce((sum, n) => sum + n, 0);
    return row.map((n) => (total > 0 ? n / total : 0));
  });
  return { users: ordered.length, shares, stay: stay / ordered.length };
}

const inOrder = (rows: readonly Uint32Array[], { columns }: Csr): Csr =>
  csrFromRows(rows, columns, undefined, { inOrder: true });
