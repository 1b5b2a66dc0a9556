import { FoldinError } from '../../errors.js';

/**
 * Stands in the page for the thread that plans batches: the page trains in a worker already, where planning holds nobody
 * up, and another would be a request after the page was loaded.
 */
export function startPlanThread(): never {
  throw new FoldinError('WORKER_FAILED', 'the page plans its batches in the worker that trains', {
    remedy: 'Leave the planner out.',
  });
}
