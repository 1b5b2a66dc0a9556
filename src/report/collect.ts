import { randomOrder, STREAM } from '../backend/random.js';
import type { AttributeTable } from '../data/attributeValues.js';
import { type Explanation, explainOwn } from '../explain/explanation.js';
import { type Importance, importance } from '../explain/importance.js';
import type { Language } from '../explain/words.js';
import { type Groups, groups } from '../groups/groups.js';
import { plane } from '../groups/pca.js';
import { groupTaste } from '../groups/taste.js';
import type { Recommender } from '../recommend/recommender.js';
import type { Manifest } from '../store/modelFile.js';
import type { Dot } from './charts.js';

const MOST_USER_DOTS = 1000;
const MOST_ITEM_DOTS = 40;

export interface Example {
  readonly user: string;
  /** 0-based. */
  readonly group: number;
  readonly history: readonly string[];
  /** More items in the history than are listed. */
  readonly more: number;
  readonly reasons: readonly Explanation[];
}

/** All that a report shows, and nothing of how. */
export interface ReportContents {
  readonly model: string;
  readonly users: number;
  readonly items: number;
  readonly manifest: Manifest;
  readonly groups: Groups;
  readonly map: { readonly users: readonly Dot[]; readonly items: readonly Dot[]; readonly share: number };
  readonly importance: Importance;
  readonly examples: readonly Example[];
}

export interface ReportOptions {
  /** How many groups; by silhouette where absent. */
  readonly groups?: number;
  readonly seed?: number;
  /** Example users; 10 by default. */
  readonly examples?: number;
  readonly language?: Language;
  /** What is known of the items, for a model that does not go by it; see attributeTable. */
  readonly known?: AttributeTable;
  readonly signal?: AbortSignal;
}

/** Computes what a report shows. NO_HISTORY for a model that was saved without histories. */
export async function collectReport(
  recommender: Recommender,
  { seed = 1, examples = 10, language, known, signal, ...options }: ReportOptions = {},
): Promise<ReportContents> {
  const { model, parts } = recommender;
  const found = await groups(recommender, { groups: options.groups, seed, signal });
  return {
    model: model.name,
    users: parts.users!.size,
    items: parts.items.size,
    manifest: parts.manifest,
    groups: found,
    map: mapOf(recommender, found, seed),
    importance: await importance(recommender, { seed, known, signal }),
    examples: await examplesOf(recommender, found, { count: examples, seed, language, signal }),
  };
}

/** Users by their two principal components; items where the users who have them are, on average. */
export function mapOf(
  { parts }: Recommender,
  { representation, assigned, groups: all }: Groups,
  seed: number,
): ReportContents['map'] {
  const histories = parts.histories!;
  const { share, at } = plane(representation.points, representation.width);
  const shown = randomOrder(at.length, seed, STREAM.examples, 1).subarray(0, MOST_USER_DOTS);
  const users = Array.from(shown, (user) => ({ x: at[user][0], y: at[user][1], group: assigned[user] }));
  const sums = Array.from({ length: histories.columns }, () => ({
    x: 0,
    y: 0,
    users: 0,
    of: new Uint32Array(all.length),
  }));
  for (let user = 0; user < histories.rows; user++) {
    for (let e = histories.indptr[user]; e < histories.indptr[user + 1]; e++) {
      const sum = sums[histories.indices[e]];
      sum.x += at[user][0];
      sum.y += at[user][1];
      sum.users++;
      sum.of[assigned[user]]++;
    }
  }
  const items = Array.from(sums.keys())
    .filter((item) => sums[item].users > 0)
    .sort((a, b) => sums[b].users - sums[a].users || a - b)
    .slice(0, MOST_ITEM_DOTS)
    .map((item) => {
      const { x, y, users, of } = sums[item];
      // The group that has it more often than its size explains, most.
      const group = of.reduce((best, n, g) => (n / all[g].users > of[best] / all[best].users ? g : best), 0);
      const id = parts.items.ids[item];
      return { x: x / users, y: y / users, group, label: parts.titles?.[item] ?? id, item: id };
    });
  return { users, items, share };
}

const LISTED = 8;
const RECOMMENDED = 3;

async function examplesOf(
  recommender: Recommender,
  found: Groups,
  options: { count: number; seed: number; language?: Language; signal?: AbortSignal },
): Promise<Example[]> {
  const { parts } = recommender;
  const { assigned, groups: all } = found;
  const users = parts.users!.ids;
  const name = (item: number): string => parts.titles?.[item] ?? parts.items.ids[item];
  // In turn from each group, so that all are seen.
  const order = Array.from(randomOrder(users.length, options.seed, STREAM.examples, 0));
  const byGroup = all.map((_, group) => order.filter((user) => assigned[user] === group));
  const chosen: number[] = [];
  for (let turn = 0; chosen.length < Math.min(options.count, users.length); turn++) {
    const user = byGroup[turn % all.length][Math.floor(turn / all.length)];
    if (user !== undefined) chosen.push(user);
  }
  const examples: Example[] = [];
  for (const row of chosen) {
    const who = { user: users[row] };
    const { known } = recommender.historyOf(who);
    if (known.length === 0) continue;
    const { items } = await recommender.recommend(who, { k: RECOMMENDED, signal: options.signal });
    const reasons: Explanation[] = [];
    for (const { item } of items) {
      const { language, signal } = options;
      const peers = groupTaste(recommender, found, assigned[row], item);
      reasons.push(await explainOwn(recommender, who, item, { language, peers, signal }));
    }
    examples.push({
      user: who.user,
      group: assigned[row],
      history: known.slice(0, LISTED).map(name),
      more: Math.max(0, known.length - LISTED),
      reasons,
    });
  }
  return examples;
}
