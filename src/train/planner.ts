import type { Backend } from '../backend/backend.js';
import { type Csr, nnz } from '../data/csr.js';
import { FoldinError } from '../errors.js';
import { inlinePlanner, type Planner, type PlanSpec } from './plan.js';
import { WorkerPlanner } from './workerPlanner.js';

/**
 * Where the order of the users and the columns of the batches are made: `inline`, on the thread that trains, before
 * the first step of each window; or by a `worker`, while the device computes the window before. The weights are the
 * same to the last bit.
 */
export type PlannerKind = 'inline' | 'worker';

export function openPlanner(kind: PlannerKind, spec: PlanSpec): Planner {
  if (kind === 'inline') return inlinePlanner(spec);
  if (kind === 'worker') return new WorkerPlanner(spec);
  throw new FoldinError('CONFIG', `there is no planner "${kind}"`, {
    remedy: 'Choose "inline" or "worker".',
  });
}

/**
 * Interactions from which a worker pays on a device: there planning takes 4 ms an epoch and more, so that the start
 * of the worker, 50 to 150 ms, is made up for in some 25 epochs (bench/README.md).
 */
const WORTH_A_WORKER = 250_000;

/** The planner that suits: a worker for long logs on an adapter; the CPU reference has nothing to run beside. */
export const plannerFor = (backend: Backend, histories: Csr): PlannerKind =>
  backend.device.kind !== 'cpu' && nnz(histories) >= WORTH_A_WORKER ? 'worker' : 'inline';
