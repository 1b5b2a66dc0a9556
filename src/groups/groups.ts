import { randomOrder, STREAM } from '../backend/random.js';
import { type Csr, columnCounts } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import type { Recommender } from '../recommend/recommender.js';
import { type Flow, flowOf } from './flow.js';
import { kmeans } from './kmeans.js';
import { type Representation, represent } from './represent.js';
import { silhouette } from './silhouette.js';

/** Numbers of groups that are tried where none is asked for, on a sample of users this large at most. */
const TRIED = { from: 2, to: 12 };
const SAMPLE = 500;
const MOST_DEFINING = 8;

export interface GroupsOptions {
  /** How many groups; by default the number with the best silhouette on a sample of users. */
  readonly groups?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** An item that sets a group apart: the share of its users who have it, beside the share of all users. */
export interface DefiningItem {
  readonly item: string;
  readonly title?: string;
  readonly share: number;
  readonly overall: number;
}

export interface Group {
  /** From 1, the largest first. */
  readonly group: number;
  readonly users: number;
  readonly share: number;
  /** Mean distance of its users to their mean, from 0 (all alike) to 1 (nothing in common). */
  readonly spread: number;
  readonly defining: readonly DefiningItem[];
}

export interface Groups {
  readonly groups: readonly Group[];
  /** The group of each user of the model, in the order of its users. */
  readonly assigned: Uint32Array;
  /** relations[a][b]: cosine of the mean tastes of groups a and b: 1 alike, 0 unrelated, -1 opposite. */
  readonly relations: readonly (readonly number[])[];
  /** How users move between the groups; undefined where the histories know no order. */
  readonly flow: Flow | undefined;
  /** Mean silhouette on a sample: how well users are told apart, from -1 to 1. */
  readonly silhouette: number;
  readonly chosenBy: 'asked' | 'silhouette';
  readonly representation: Representation;
  /** f32[groups, width]: where they are centred among the points. */
  readonly centres: Float32Array;
}

/**
 * Groups of users with like tastes: k-means on what the model has learned of them (see `represent`). NO_HISTORY when the
 * model was saved without histories, CONFIG for a number of groups that makes no sense.
 */
export async function groups(recommender: Recommender, options: GroupsOptions = {}): Promise<Groups> {
  const { backend, model, parts } = recommender;
  const { seed = 1, signal } = options;
  const { histories } = parts;
  if (!histories) {
    throw new FoldinError(
      'NO_HISTORY',
      'this model was saved without histories, so it has no users to group',
      {
        remedy: 'Train without --no-histories.',
      },
    );
  }
  const users = histories.rows;
  const asked = options.groups;
  if (users < 3 || (asked !== undefined && (!Number.isInteger(asked) || asked < 2 || asked >= users))) {
    throw new FoldinError('CONFIG', `${asked ?? 'any number of'} groups of ${users} users make no sense`, {
      remedy: `Ask for 2 to ${Math.max(2, users - 1)} groups.`,
    });
  }
  const representation = await represent(backend, model, histories, { signal });
  const { points, width } = representation;
  const sample = sampleOf(points, width, seed);
  const of = (from: Float32Array, k: number) => kmeans(backend, from, width, { k, seed, signal });
  let k = asked ?? 0;
  if (asked === undefined) {
    let best = Number.NEGATIVE_INFINITY;
    const most = Math.min(TRIED.to, sample.points.length / width - 1);
    for (let tried = TRIED.from; tried <= most; tried++) {
      const found = silhouette(sample.points, width, (await of(sample.points, tried)).assigned, tried);
      if (found > best) [best, k] = [found, tried];
    }
  }
  const clustering = await of(points, k);
  const order = Array.from({ length: k }, (_, c) => c)
    .filter((c) => clustering.counts[c] > 0)
    .sort((a, b) => clustering.counts[b] - clustering.counts[a] || a - b);
  const place = new Map(order.map((c, group) => [c, group]));
  const assigned = clustering.assigned.map((c) => place.get(c)!);
  const places = order.map((c) => clustering.centroids.subarray(c * width, (c + 1) * width));
  const centres = Float32Array.from(places.flatMap((centre) => [...centre]));
  return {
    groups: profiles(recommender, histories, { points, width, assigned, count: order.length }),
    assigned,
    relations: places.map((a) => places.map((b) => cosine(a, b))),
    flow: await flowOf(recommender, representation, centres, signal),
    silhouette: silhouette(
      sample.points,
      width,
      Array.from(sample.users, (user) => assigned[user]),
      order.length,
    ),
    chosenBy: asked === undefined ? 'silhouette' : 'asked',
    representation,
    centres,
  };
}

function sampleOf(
  points: Float32Array,
  width: number,
  seed: number,
): { points: Float32Array; users: Uint32Array } {
  const count = points.length / width;
  const users = randomOrder(count, seed, STREAM.groupSample, 0).subarray(0, SAMPLE).slice().sort();
  const chosen = new Float32Array(users.length * width);
  users.forEach((user, i) => {
    chosen.set(points.subarray(user * width, (user + 1) * width), i * width);
  });
  return { points: chosen, users };
}

interface Members {
  readonly points: Float32Array;
  readonly width: number;
  readonly assigned: Uint32Array;
  readonly count: number;
}

function profiles(
  { parts }: Recommender,
  histories: Csr,
  { points, width, assigned, count }: Members,
): Group[] {
  const users = histories.rows;
  const overall = columnCounts(histories);
  const sizes = new Float64Array(count);
  const having = Array.from({ length: count }, () => new Float64Array(histories.columns));
  const sums = Array.from({ length: count }, () => new Float64Array(width));
  assigned.forEach((group, user) => {
    sizes[group]++;
    for (let e = histories.indptr[user]; e < histories.indptr[user + 1]; e++)
      having[group][histories.indices[e]]++;
    for (let h = 0; h < width; h++) sums[group][h] += points[user * width + h];
  });
  return having.map((mine, group) => {
    const size = sizes[group];
    // What telling "has the item" says about the group, in favour of it: its part of the Kullback-Leibler divergence.
    const says = Array.from(mine, (n, item) => {
      const share = n / size;
      const all = overall[item] / users;
      return share > all ? share * Math.log(share / all) : 0;
    });
    const defining = Array.from(says.keys())
      .filter((item) => says[item] > 0)
      .sort((a, b) => says[b] - says[a] || a - b)
      .slice(0, MOST_DEFINING)
      .map((item) => {
        const title = parts.titles?.[item];
        const shares = { share: mine[item] / size, overall: overall[item] / users };
        return { item: parts.items.ids[item], ...(title !== undefined && { title }), ...shares };
      });
    // Points have length 1, so the length of their mean tells how much they agree.
    const agreement = Math.hypot(...sums[group]) / size;
    return { group: group + 1, users: size, share: size / users, spread: 1 - agreement, defining };
  });
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let h = 0; h < a.length; h++) {
    ab += a[h] * b[h];
    aa += a[h] ** 2;
    bb += b[h] ** 2;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
