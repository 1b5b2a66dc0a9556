import type { Backend } from '../backend/backend.js';
import { randomOrder, STREAM } from '../backend/random.js';
import { type Csr, csrFromRows, selectRows } from '../data/csr.js';
import { rowInOrder } from '../data/order.js';
import type { EvaluationSet, Split } from '../data/splitTypes.js';
import { FoldinError, throwIfAborted } from '../errors.js';
import { evaluate } from '../evaluate/evaluate.js';
import { Grouped, groupTastes } from '../model/grouped.js';
import type { Model } from '../model/model.js';
import { kmeans } from './kmeans.js';
import { represent } from './represent.js';

export interface PriorOptions {
  /** Groups of training users; 8 by default, fewer where there are few users. */
  readonly groups?: number;
  readonly seed?: number;
  readonly metric?: string;
  readonly signal?: AbortSignal;
}

/** How a prior came about: JSON. */
export interface PriorReport {
  readonly groups: number;
  /** c of shrink = n / (n + c); 0: the groups are of no help, and only those without any history go by them. */
  readonly prior: number;
  readonly metric: string;
  /** By c: means of the metric over validation users of whom so many items are shown; `all`: all of their history. */
  readonly found: readonly { readonly prior: number; readonly figures: Readonly<Record<string, number>> }[];
}

/** c that are tried, and the events shown of validation users. */
const PRIORS = [0, 0.5, 1, 2, 4, 8];
const SHOWN = [1, 3, 10];
const DEFAULT_GROUPS = 8;
/** Validation users that choose at most. */
const MOST_USERS = 1000;

/**
 * The model beside the tastes of groups of its training users, for users of whom little is known: k-means on what the model
 * has learned of them, and c of shrink = n / (n + c) chosen on the validation part, of whose users 1, 3, 10 and all items
 * are shown in turn (the earliest, where the order is known, else random ones). The best mean of the four wins, the
 * smaller c where they are equal. The model goes over to the one that is returned. CONFIG for groups that make no sense,
 * SPLIT_EMPTY where there are no validation users to choose by.
 */
export async function withGroupPrior(
  backend: Backend,
  model: Model,
  split: Split,
  options: PriorOptions = {},
): Promise<{ model: Grouped; report: PriorReport }> {
  const { seed = 1, metric = 'ndcg@100', signal } = options;
  const users = split.train.rows;
  const k = options.groups ?? Math.max(1, Math.min(DEFAULT_GROUPS, Math.floor(users / 10)));
  if (!Number.isInteger(k) || k < 1 || k > users) {
    throw new FoldinError('CONFIG', `${k} groups of ${users} users make no sense`, {
      remedy: `Ask for 1 to ${users} groups.`,
    });
  }
  const { points, width } = await represent(backend, model, split.train, { signal });
  const { assigned } = await kmeans(backend, points, width, { k, seed, signal });
  const tastes = groupTastes(split.train, assigned, k);
  const sets = shownSets(split.validation, seed);
  if (sets.length === 0) {
    throw new FoldinError('SPLIT_EMPTY', 'there are no validation users to choose the weight of groups by', {
      remedy: 'Keep a validation part (--validation 0.1), or leave the groups out.',
    });
  }
  const found: { prior: number; figures: Record<string, number> }[] = [];
  for (const prior of PRIORS) {
    throwIfAborted(signal);
    // Only lent: what is tried must not free the model.
    const tried = new Grouped(backend, lent(model), prior, tastes);
    try {
      const figures: Record<string, number> = {};
      for (const [name, set] of sets) {
        figures[name] = (await evaluate(backend, tried, set, { metrics: [metric], signal })).metrics[
          metric
        ].mean;
      }
      found.push({ prior, figures });
    } finally {
      tried.dispose();
    }
  }
  const mean = ({ figures }: (typeof found)[number]) =>
    Object.values(figures).reduce((sum, figure) => sum + figure, 0) / sets.length;
  const best = found.reduce((a, b) => (mean(b) > mean(a) ? b : a));
  return {
    model: new Grouped(backend, model, best.prior, tastes),
    report: { groups: k, prior: best.prior, metric, found },
  };
}

/** Validation users with something to find, by how much is shown of them. */
function shownSets({ history, heldOut }: EvaluationSet, seed: number): [string, EvaluationSet][] {
  const rows = Array.from({ length: history.rows }, (_, row) => row)
    .filter((row) => heldOut.indptr[row + 1] > heldOut.indptr[row])
    .slice(0, MOST_USERS);
  if (rows.length === 0) return [];
  const set = { history: selectRows(history, rows), heldOut: selectRows(heldOut, rows) };
  return [
    ...SHOWN.map((count): [string, EvaluationSet] => [
      String(count),
      { ...set, history: firstOf(set.history, count, seed) },
    ]),
    ['all', set],
  ];
}

/** The first items of every row where their order is known, else random ones. */
export function firstOf(history: Csr, count: number, seed: number): Csr {
  const { positions } = history;
  const rows = Array.from({ length: history.rows }, (_, row) => {
    const items = rowInOrder(history, row);
    const chosen = positions
      ? items
      : Array.from(randomOrder(items.length, seed, STREAM.groupEvents, row), (place) => items[place]);
    return Array.from(chosen.slice(0, count));
  });
  const first = csrFromRows(rows, history.columns, undefined, { inOrder: positions !== undefined });
  return history.traits ? { ...first, traits: history.traits } : first;
}

/** The model as somebody else's: it is not freed. */
const lent = (model: Model): Model => ({
  name: model.name,
  items: model.items,
  config: model.config,
  tensors: model.tensors,
  isAdditive: model.isAdditive,
  ...(model.blocks && { blocks: model.blocks }),
  inputValues: (histories) => model.inputValues(histories),
  score: (...args) => model.score(...args),
  dispose() {},
});
