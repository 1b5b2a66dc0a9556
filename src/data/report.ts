import type { BadRow } from './badRows.js';
import type { CleanReport } from './clean.js';
import { columnCounts, nnz } from './csr.js';
import type { Detected } from './detected.js';
import type { Interactions } from './interactions.js';
import type { LogRows } from './logRows.js';
import { indices, orderBy } from './pairs.js';
import type { Log, Warning } from './readLog.js';
import type { TimeUnit } from './time.js';

/** What training would take in memory: name of the model, bytes on the device. */
export interface Plan {
  readonly model: string;
  readonly bytes: number;
}

export interface PlanSize {
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
}

/** The data report of `foldin inspect`; part of the contract of the command line. */
export interface Report {
  readonly detected: Detected;
  readonly rows: { read: number; kept: number; dropped: Readonly<Record<string, number>> };
  readonly badRows: readonly BadRow[];
  /** Kept rows beyond the first of their (user, item) pair, and what such rows become. */
  readonly duplicates: number;
  readonly duplicatePolicy: CleanReport['policy'];
  /** Kept rows with a value below zero, such as returns; the policy nets them. */
  readonly returns: number;
  readonly pairs: { merged: number; dropped: CleanReport['droppedPairs'] };
  readonly users: number;
  readonly items: number;
  /** Distinct (user, item) pairs after all cleaning. */
  readonly interactions: number;
  /** interactions / (users x items) */
  readonly density: number;
  /**
   * ISO 8601, or the log's own numbers where the unit is `order`; null without times. `tiedShare`: share
   * of kept rows that have their user and second in common with another row.
   */
  readonly time: { from: string | number; to: string | number; unit: TimeUnit; tiedShare: number } | null;
  /** Items a user: by quantile. */
  readonly historyLength: Readonly<Record<'min' | 'p10' | 'median' | 'p90' | 'p99' | 'max' | 'mean', number>>;
  /** Share of the interactions that the most popular items have, by share of the items. */
  readonly popularity: readonly { items: number; interactions: number }[];
  readonly warnings: readonly Warning[];
  readonly plan: Plan;
}

/** Describes a log that was read and cleaned. `plan` estimates the memory of the model to be trained. */
export function dataReport(
  log: Log,
  cleaned: { interactions: Interactions; report: CleanReport },
  plan: (size: PlanSize) => Plan = planMlp,
): Report {
  const { users, items, matrix } = cleaned.interactions;
  const size = { users: users.size, items: items.size, interactions: nnz(matrix) };
  const lengths = Float64Array.from(users.ids, (_, u) => matrix.indptr[u + 1] - matrix.indptr[u]).sort();
  const quantile = (q: number) => lengths[Math.min(lengths.length - 1, Math.floor(q * lengths.length))];
  const time = timeReport(log.rows, log.detected.timeUnit);
  return {
    detected: log.detected,
    rows: { read: log.read, kept: log.rows.count, dropped: log.dropped },
    badRows: log.badRows,
    duplicates: cleaned.report.duplicates,
    duplicatePolicy: cleaned.report.policy,
    returns: negatives(log.rows.value),
    pairs: { merged: cleaned.report.pairs, dropped: cleaned.report.droppedPairs },
    ...size,
    density: size.interactions / (size.users * size.items),
    time,
    historyLength: {
      min: lengths[0],
      p10: quantile(0.1),
      median: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      max: lengths[lengths.length - 1],
      mean: size.interactions / size.users,
    },
    popularity: popularity(cleaned.interactions),
    warnings: [...log.warnings, ...suspectedBots(cleaned.interactions, quantile(0.99)), ...ties(time)],
    plan: plan(size),
  };
}

/**
 * Bytes to train the mlp (items -> hidden... -> items, Adam): parameters, gradient and two moments; a batch's
 * activations and their gradients (input, hidden, output); the histories. All in 4-byte numbers.
 */
export function planMlp(size: PlanSize, { hidden = [128, 64], batch = 100 } = {}): Plan {
  const widths = [size.items, ...hidden, size.items];
  const parameters = widths.slice(1).reduce((sum, width, layer) => sum + (widths[layer] + 1) * width, 0);
  const activations = widths.reduce((sum, width) => sum + width, 0) * batch;
  return { model: 'mlp', bytes: 4 * (4 * parameters + 2 * activations + size.interactions + size.users + 1) };
}

function negatives(values: ArrayLike<number> = []): number {
  let count = 0;
  for (let r = 0; r < values.length; r++) if (values[r] < 0) count++;
  return count;
}

function timeReport({ timeSec, user, userIds, count }: LogRows, unit: TimeUnit | undefined): Report['time'] {
  if (!timeSec || !unit) return null;
  let [from, to] = [Infinity, -Infinity];
  for (const sec of timeSec) {
    from = Math.min(from, sec);
    to = Math.max(to, sec);
  }
  const order = orderBy(user, userIds.length, indices(count));
  let tied = 0;
  for (let start = 0; start < count; ) {
    let end = start;
    while (end < count && user[order[end]] === user[order[start]]) end++;
    const seconds = Float64Array.from(order.subarray(start, end), (row) => Math.floor(timeSec[row])).sort();
    for (let i = 0; i < seconds.length; i++) {
      if (seconds[i] === seconds[i - 1] || seconds[i] === seconds[i + 1]) tied++;
    }
    start = end;
  }
  const show = (sec: number) => (unit === 'order' ? sec : new Date(1000 * sec).toISOString());
  return { from: show(from), to: show(to), unit, tiedShare: tied / count };
}

function popularity({ matrix }: Interactions): Report['popularity'] {
  const counts = columnCounts(matrix).sort().reverse();
  return [0.01, 0.05, 0.1, 0.2, 0.5].map((share) => {
    const top = counts.subarray(0, Math.max(1, Math.round(share * counts.length)));
    return { items: share, interactions: top.reduce((sum, n) => sum + n, 0) / nnz(matrix) };
  });
}

/** Histories of at least 200 items and five times those of 99% of the users are more than a person does. */
function suspectedBots({ users, matrix }: Interactions, p99: number): Warning[] {
  const limit = Math.max(200, 5 * p99);
  const bots = users.ids.filter((_, u) => matrix.indptr[u + 1] - matrix.indptr[u] > limit);
  if (bots.length === 0) return [];
  const shown = bots.slice(0, 3).join(', ') + (bots.length > 3 ? ', ...' : '');
  const message = `${bots.length} users have more than ${limit} items each, perhaps bots: ${shown}`;
  return [{ code: 'BOTS', message }];
}

function ties(time: Report['time']): Warning[] {
  if (!time || time.tiedShare < 0.1) return [];
  const percent = (100 * time.tiedShare).toFixed(1);
  const message = `${percent}% of the rows share user and second with another: their order is not known`;
  return [{ code: 'TIED_TIMES', message }];
}
