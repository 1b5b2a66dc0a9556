import type { CaseResult } from './compare.js';

/** What the cases of a kernel came to. */
export interface KernelResult {
  readonly kernel: string;
  readonly cases: number;
  /** The case that came nearest to its bound, or went furthest beyond it. */
  readonly worst: CaseResult;
  readonly ok: boolean;
}

/** Share of the allowed error; 0 where the numbers are equal. */
export const shareOfAllowed = ({ worst, allowed }: CaseResult): number =>
  worst === 0 ? 0 : allowed > 0 ? worst / allowed : Number.POSITIVE_INFINITY;

export function byKernel(results: readonly CaseResult[]): KernelResult[] {
  const groups = new Map<string, CaseResult[]>();
  for (const result of results) groups.set(result.kernel, [...(groups.get(result.kernel) ?? []), result]);
  return [...groups].map(([kernel, all]) => ({
    kernel,
    cases: all.length,
    worst: all.reduce((worst, next) =>
      shareOfAllowed(next) > shareOfAllowed(worst) || (!next.ok && worst.ok) ? next : worst,
    ),
    ok: all.every(({ ok }) => ok),
  }));
}
