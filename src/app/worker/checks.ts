import type { Backend } from '../../backend/backend.js';
import type { Verification } from '../../recommend/provenance.js';
import { byKernel, shareOfAllowed } from '../../verify/byKernel.js';
import { type CaseResult, compareCase, kernelCases } from '../../verify/cases.js';
import { VERSION } from '../../version.js';
import type { Told, VerifyView } from '../protocol.js';

const TELL_EVERY_MS = 250;

/** Runs every kernel of the table on the device and compares every number with the reference in 64 bits. */
export async function checkKernels(
  backend: Backend,
  tell: (told: Told) => void,
): Promise<{ view: VerifyView; verification: Verification }> {
  const results: CaseResult[] = [];
  let toldMs = performance.now();
  for (const test of kernelCases) {
    results.push(await compareCase(test, backend));
    if (performance.now() - toldMs < TELL_EVERY_MS) continue;
    toldMs = performance.now();
    tell({ event: 'verifying', share: results.length / kernelCases.length });
  }
  const right = results.filter(({ ok }) => ok).length;
  const { adapter, driver } = backend.device;
  return {
    verification: {
      adapter,
      driver,
      passed: right === results.length,
      cases: results.length,
      foldin: VERSION,
    },
    view: {
      device: backend.device,
      cases: results.length,
      right,
      kernels: byKernel(results).map(({ kernel, cases, worst, ok }) => ({
        kernel,
        cases,
        share: shareOfAllowed(worst),
        ok,
        worst: worst.name,
      })),
    },
  };
}
