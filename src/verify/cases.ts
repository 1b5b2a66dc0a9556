/**
 * The table of kernels: every op on every shape that has ever been worth a thought. Both backends are
 * tested by it, and `foldin verify` runs it on the user's adapter.
 */
import { bagCases } from './bagCases.js';
import { bagSparseCases } from './bagSparseCases.js';
import type { KernelCase } from './case.js';
import { clusterCases } from './clusterCases.js';
import { gruCases } from './gruCases.js';
import { itemCases } from './itemCases.js';
import { itemRowCases } from './itemRowCases.js';
import { latentCases } from './latentCases.js';
import { lossCases } from './lossCases.js';
import { matmulCases } from './matmulCases.js';
import { otherCases } from './otherCases.js';
import { pairCases } from './pairCases.js';
import { rankCases } from './rankCases.js';
import { scoreCases } from './scoreCases.js';
import { solveCases } from './solveCases.js';
import { systemCases } from './systemCases.js';

export type { KernelCase, Outputs } from './case.js';
export { type CaseResult, compareCase } from './compare.js';

export const kernelCases: readonly KernelCase[] = [
  ...bagCases,
  ...bagSparseCases,
  ...matmulCases,
  ...latentCases,
  ...pairCases,
  ...lossCases,
  ...itemCases,
  ...itemRowCases,
  ...gruCases,
  ...otherCases,
  ...rankCases,
  ...solveCases,
  ...clusterCases,
  ...systemCases,
  ...scoreCases,
];
