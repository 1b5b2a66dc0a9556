// Whether explanations name what the model goes by: deletion and insertion curves of each method beside random order.
import type { Backend } from '../src/backend/backend.js';
import { randomOrder, randomUniform } from '../src/backend/random.js';
import { selectRows } from '../src/data/csr.js';
import { topLists } from '../src/evaluate/topLists.js';
import { attribution, type ExplainMethod } from '../src/explain/explain.js';
import { faithfulness } from '../src/explain/faithfulness.js';
import type { Model } from '../src/model/model.js';
import type { FixedSplit } from './fixedSplits.js';

const USERS = 40;

/** Prints mean areas over 40 test users, each explained the item recommended first. */
export async function explanations(
  backend: Backend,
  model: Model,
  split: Pick<FixedSplit, 'name' | 'test'>,
  seed: number,
): Promise<void> {
  const { history } = split.test;
  const users = randomOrder(history.rows, seed, 141, 0).subarray(0, USERS);
  const histories = selectRows(history, users);
  const { items } = await topLists(backend, model, { histories, k: 1 });
  const methods: ExplainMethod[] = [
    ...(model.isAdditive ? (['additive'] as const) : []),
    'leaveOneOut',
    ...(model.inputGradients && !model.isAdditive ? (['integratedGradients'] as const) : []),
    'lime',
  ];
  const scoring = { backend, model };
  const sums = new Map<string, { deletion: number; insertion: number; users: number; ms: number }>();
  for (let row = 0; row < histories.rows; row++) {
    const one = selectRows(histories, [row]);
    const item = items[row];
    const contributionsBy: Record<string, () => Promise<ArrayLike<number>>> = {
      random: async () => Float64Array.from(one.indices, (_, place) => randomUniform(seed, 142, row, place)),
    };
    for (const method of methods) {
      contributionsBy[method] = async () =>
        (await attribution(scoring, one, item, method, seed)).contributions;
    }
    for (const [name, contributions] of Object.entries(contributionsBy)) {
      const started = performance.now();
      const found = await contributions();
      const ms = performance.now() - started;
      const areas = await faithfulness(scoring, one, item, found);
      if (!areas) continue;
      const sum = sums.get(name) ?? { deletion: 0, insertion: 0, users: 0, ms: 0 };
      sum.deletion += areas.deletion;
      sum.insertion += areas.insertion;
      sum.users++;
      sum.ms += ms;
      sums.set(name, sum);
    }
  }
  for (const [name, { deletion, insertion, users: n, ms }] of sums) {
    console.log(
      `${split.name} ${model.name.padEnd(5)} ${name.padEnd(20)} deletion ${(deletion / n).toFixed(3)} (lower is better)  insertion ${(insertion / n).toFixed(3)} (higher is better)  ${n} users, ${(ms / n).toFixed(0)} ms each`,
    );
  }
}
