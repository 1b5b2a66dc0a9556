import type { Leak } from '../data/leaks/leak.js';
import { sameListWarning } from '../evaluate/sameList.js';
import type { Summary } from '../evaluate/summary.js';
import type { TieRule } from '../evaluate/ties.js';
import type { Output } from './output.js';
import { table } from './table.js';

export interface Column {
  readonly name: string;
  readonly metrics: Readonly<Record<string, Summary>>;
}

/** Metrics by row, models by column: mean and standard error over users. */
export function metricsTable(columns: readonly Column[], out: Output): string {
  const metrics = Object.keys(columns[0].metrics);
  const rows = metrics.map((metric) => [metric, ...columns.map(({ metrics: of }) => figure(of[metric]))]);
  return table(
    [['', ...columns.map(({ name }) => name)], ...rows],
    `l${'l'.repeat(columns.length)}`,
    (line, row) => (row === 0 ? out.paint.bold(line) : line),
  );
}

const figure = ({ mean, se }: Summary): string =>
  se === null ? mean.toFixed(4) : `${mean.toFixed(4)} ± ${se.toFixed(4)}`;

export interface Protocol {
  readonly split: string;
  readonly seed: number;
  readonly ties: TieRule;
  /** Leaks that were allowed. */
  readonly leaks?: readonly Leak[];
  readonly users: { readonly scored: number; readonly skipped: number; readonly cold: number };
}

/** What a reader of the figures must know. */
export function protocolLine({ split, seed, ties, users, leaks = [] }: Protocol): string {
  const { scored, skipped, cold } = users;
  return (
    `mean ± standard error over ${scored} users (${skipped} skipped, ${cold} cold); ` +
    `split ${split}, seed ${seed}; full ranking of all unseen items; ties ${ties}${leaks.length > 0 ? '; LEAKS were allowed: worth nothing' : ''}`
  );
}

/** The same in JSON, whose names are part of the contract. */
export const protocolJson = ({ split, seed, ties, leaks = [] }: Omit<Protocol, 'users'>) => ({
  split,
  ranking: 'full',
  ties,
  seed,
  ...(leaks.length > 0 && { leaks: leaks.map(({ kind, message }) => ({ kind, message })) }),
});

/** Says when a model gives everyone the same. */
export function warnOfSameList(out: Output, ...measured: Parameters<typeof sameListWarning>): void {
  const warning = sameListWarning(...measured);
  if (warning) out.warn(warning.message);
}
