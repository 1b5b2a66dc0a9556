import type { Backend } from '../src/backend/backend.js';
import { type Csr, selectRows } from '../src/data/csr.js';
import { topLists } from '../src/evaluate/topLists.js';
import { createModel } from '../src/model/registry.js';
import { clock, type Timing, timing } from './harness.js';

export interface RecommendingFigure {
  readonly k: number;
  readonly users: number;
  readonly usersPerSec: number;
  /** Of one recommendation for one user, start to finish. */
  readonly oneMs: Timing;
}

/** Top-20 lists for many users in one go, and for one at a time. */
export async function benchRecommending(
  backend: Backend,
  log: Csr,
  rounds: number,
): Promise<RecommendingFigure> {
  const model = createModel('mlp', backend, { train: log, config: {}, seed: 1 });
  const k = Math.min(20, log.columns);
  const users = Math.min(log.rows, 8192);
  const histories = selectRows(
    log,
    Uint32Array.from({ length: users }, (_, user) => user),
  );
  const row = (user: number) => selectRows(log, [user]);
  try {
    await topLists(backend, model, { histories, k });
    const all: number[] = [];
    for (let round = 0; round < rounds; round++)
      all.push(await clock(() => topLists(backend, model, { histories, k })));
    const one: number[] = [];
    await topLists(backend, model, { histories: row(0), k });
    for (let i = 0; i < 20 * rounds; i++) {
      one.push(await clock(() => topLists(backend, model, { histories: row(i % users), k })));
    }
    return { k, users, usersPerSec: (1000 * users) / timing(all).median, oneMs: timing(one) };
  } finally {
    model.dispose();
  }
}
