import type { Backend } from '../backend/backend.js';
import { throwIfAborted } from '../errors.js';

/** How a model that is fitted in one go can be watched and stopped. */
export interface FitControl {
  readonly signal?: AbortSignal;
  /** Called after each of `steps` parts of the work, with how many are done. */
  readonly onProgress?: (done: number, steps: number) => void;
  /** Called with what the person should know, such as that not all users are learned from. */
  readonly onNotice?: (code: string, message: string) => void;
}

/** What to await after each part of long work: lets others run, reports progress, throws ABORTED. */
export function pace(
  backend: Backend,
  { signal, onProgress }: FitControl,
  steps: number,
): () => Promise<void> {
  let done = 0;
  return async () => {
    await backend.throttle();
    // Refinement, which is rare, adds steps that nobody could foresee.
    onProgress?.(Math.min(++done, steps), steps);
    throwIfAborted(signal);
  };
}
