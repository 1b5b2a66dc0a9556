import type { Backend } from '../backend/backend.js';
import { createCpuBackend } from '../cpu/backend.js';
import type { KernelCase } from './case.js';

/** The element of a case that came nearest to its bound, or went furthest beyond it. */
export interface CaseResult {
  readonly kernel: KernelCase['kernel'];
  readonly name: string;
  /** Which output, and which element of it. */
  readonly output: string;
  readonly index: number;
  /** |found - reference| there. */
  readonly worst: number;
  /** What was allowed there; 0 means equal. */
  readonly allowed: number;
  readonly ok: boolean;
}

/** Runs a case on `backend` and on the f64 reference and compares every number. Errors of the backend pass through. */
export async function compareCase(test: KernelCase, backend: Backend): Promise<CaseResult> {
  const reference = createCpuBackend({ precision: 'f64' });
  const expected = await test.run(reference);
  const found = await test.run(backend);
  const bounds = await test.bound(expected);
  reference.dispose();

  // A case that reads nothing back proves nothing.
  let worst: CaseResult = {
    kernel: test.kernel,
    name: test.name,
    output: '',
    index: 0,
    worst: 0,
    allowed: 0,
    ok: false,
  };
  let worstRatio = -1;
  for (const output of Object.keys(expected)) {
    const bound = bounds[output];
    for (let index = 0; index < expected[output].length; index++) {
      const allowed = typeof bound === 'number' ? bound : bound[index];
      const error = distance(found[output]?.[index], expected[output][index]);
      // A bound that is missing or not a number allows nothing.
      const ratio = error === 0 ? 0 : allowed > 0 ? error / allowed : Number.POSITIVE_INFINITY;
      if (ratio <= worstRatio) continue;
      worstRatio = ratio;
      worst = { kernel: test.kernel, name: test.name, output, index, worst: error, allowed, ok: ratio <= 1 };
    }
  }
  return worst;
}

/** NaN equals NaN (recordLoss promises it); a number that is missing or not finite is infinitely far. */
function distance(found: number | undefined, expected: number): number {
  if (Object.is(found, expected) || found === expected) return 0;
  const error = Math.abs((found ?? Number.NaN) - expected);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}
