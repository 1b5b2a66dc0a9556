/** Times in ms of one thing, sorted. */
export interface Timing {
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly samples: number;
}

export function timing(ms: readonly number[]): Timing {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { min: sorted[0], median: at(0.5), p95: at(0.95), samples: sorted.length };
}

/** Milliseconds that `work` takes, waiting included. */
export async function clock(work: () => Promise<unknown> | unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * Times several things in turn, A B C A B C ..., after one round that does not count: what the machine does
 * meanwhile falls on all of them alike.
 */
export async function interleaved<Name extends string>(
  rounds: number,
  tasks: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, Timing>> {
  const names = Object.keys(tasks) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const ms = await tasks[name]();
      if (round > 0) times[name].push(ms);
    }
  }
  return Object.fromEntries(names.map((name) => [name, timing(times[name])])) as Record<Name, Timing>;
}
