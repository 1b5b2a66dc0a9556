import type { Backend } from '../backend/backend.js';
import { consecutive, uploadRows } from '../backend/sparse.js';
import { type Csr, csrFromRows, rowIndices } from '../data/csr.js';
import { type Leak, refuseLeaks } from '../data/leaks/leak.js';
import { shownLeaks } from '../data/leaks/pairs.js';
import type { EvaluationSet } from '../data/splitTypes.js';
import type { Model } from '../model/model.js';
import { readScores, Scores } from './scores.js';

/** What the rows and columns of an evaluation set are called. */
export interface SetNames {
  readonly user?: (row: number) => string | undefined;
  readonly item?: (column: number) => string | undefined;
}

export interface LookedAt {
  readonly set: EvaluationSet;
  /** What was found, and allowed. */
  readonly leaks: readonly Leak[];
}

/**
 * The gate before every figure: a model must not be shown what it is to find. LEAKAGE unless `allowLeak`; then these
 * items are ranked all the same.
 */
export async function refuseShown(
  backend: Backend,
  model: Model,
  set: EvaluationSet,
  { allowLeak = false, names = {} }: { readonly allowLeak?: boolean; readonly names?: SetNames } = {},
): Promise<LookedAt> {
  const { user = () => undefined, item = () => undefined } = names;
  const shown = shownLeaks(set, 'evaluation', { user, item });
  if (shown.length === 0) return { set, leaks: [] };
  const leaks = [...(await echo(backend, model, set)), ...shown];
  refuseLeaks(leaks, allowLeak);
  return { set: { ...set, seen: without(set.seen ?? set.history, set.heldOut) }, leaks };
}

/** Items probed. */
const PROBES = 64;

/**
 * A linear model that may use an item to predict itself gives back what goes in: the score of each item of `set` that is
 * shown and to be found is looked at with nothing else in the history.
 */
async function echo(backend: Backend, model: Model, { history, heldOut }: EvaluationSet): Promise<Leak[]> {
  if (!model.isAdditive) return [];
  const items = new Set<number>();
  for (let row = 0; row < heldOut.rows && items.size < PROBES; row++) {
    const shown = new Set(rowIndices(history, row));
    for (const item of rowIndices(heldOut, row)) if (shown.has(item)) items.add(item);
  }
  const probes = [...items].slice(0, PROBES);
  const single = csrFromRows(
    probes.map((item) => [item]),
    model.items,
    undefined,
    { inOrder: true },
  );
  const input = uploadRows(backend, single, model.inputValues(single));
  const rows = consecutive(backend, probes.length);
  const scores = new Scores(backend, model, probes.length, { together: false, most: probes.length });
  let first = 0;
  try {
    for (let done = 0; done < probes.length; done += scores.batch) {
      const count = Math.min(scores.batch, probes.length - done);
      const values = await readScores(backend, scores, input, {
        rows,
        first: done,
        count,
        consecutive: true,
      });
      for (let i = 0; i < count; i++) {
        const mine = values.subarray(i * model.items, (i + 1) * model.items);
        const own = mine[probes[done + i]];
        if (mine.every((score, item) => item === probes[done + i] || score < own)) first++;
      }
    }
  } finally {
    input.free();
    rows.free();
    scores.free();
  }
  if (2 * first <= probes.length) return [];
  return [
    {
      kind: 'echo',
      message:
        `evaluation: the ${model.name} model gives back what goes in (${first} of ${probes.length} items score highest ` +
        'on themselves), and it is shown what it is to find',
      remedy: 'Hold out what the model is not shown; a linear model without echo has a zero diagonal.',
      details: { model: model.name, items: first, probed: probes.length },
    },
  ];
}

/** The entries of `a` that `b` has not, row by row. */
const without = (a: Csr, b: Csr): Csr =>
  csrFromRows(
    Array.from({ length: a.rows }, (_, row) => {
      const gone = new Set(rowIndices(b, row));
      return [...rowIndices(a, row)].filter((item) => !gone.has(item));
    }),
    a.columns,
  );
