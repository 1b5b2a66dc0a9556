import { columnCounts } from '../data/csr.js';
import { formatBytes } from '../data/formatReport.js';
import type { Interactions } from '../data/interactions.js';
import type { Report } from '../data/report.js';
import { type Bar, barChart, lineChart } from './charts.js';
import { dataFacts } from './dataSection.js';
import { formatted, type Markup, paragraph, percent, tableOf } from './markup.js';
import { pageHtml } from './page.js';

const MOST_POINTS = 120;
const PERIODS = 24;
const DAY_SEC = 86_400;

/** The data report of `foldin inspect` as one self-contained HTML file with plots. */
export function inspectHtml(interactions: Interactions, report: Report, files: readonly string[]): string {
  const { badRows, plan } = report;
  const left = badRows.map(({ file, line, reason }) => [file, String(line), reason]);
  return pageHtml({
    title: `foldin: ${files.join(', ')}`,
    note: `${formatted(report.users)} users, ${formatted(report.items)} items, ${formatted(report.interactions)} interactions`,
    sections: [
      { id: 'facts', title: 'What was read', body: dataFacts(report, files) },
      ...(left.length > 0
        ? [{ id: 'left', title: 'The first rows left out', body: [tableOf(['file', 'line', 'why'], left)] }]
        : []),
      { id: 'plots', title: 'What is in it', body: dataPlots(interactions) },
      {
        id: 'plan',
        title: 'What training takes',
        body: [paragraph(`About ${formatBytes(plan.bytes)} on the device to train ${plan.model}.`)],
      },
    ],
  });
}

/** What is in a log, as charts. */
export const dataPlots = (interactions: Interactions): Markup[] => [
  lengths(interactions),
  popularity(interactions),
  ...overTime(interactions),
];

/** How many users have how many items, in bins that double. */
function lengths({ matrix, users }: Interactions): Markup {
  const counts = new Map<number, number>();
  for (let u = 0; u < matrix.rows; u++) {
    const bin = Math.floor(Math.log2(matrix.indptr[u + 1] - matrix.indptr[u]));
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
  }
  const last = Math.max(...counts.keys());
  const bars: Bar[] = Array.from({ length: last + 1 }, (_, bin) => {
    return { label: formatted(2 ** bin), value: counts.get(bin) ?? 0 };
  });
  const most = bars.reduce((best, bar) => (bar.value > best.value ? bar : best));
  return barChart(
    {
      title: 'Lengths of histories',
      xLabel: 'items of a user: so many to less than twice as many',
      yLabel: 'users',
      description: `${formatted(most.value)} of ${formatted(users.size)} users have ${most.label} items or more, but less than twice as many.`,
    },
    [{ name: 'users', bars }],
  );
}

/** Which share of the interactions the most popular items have. */
function popularity({ matrix }: Interactions): Markup {
  const counts = columnCounts(matrix).sort().reverse();
  const all = matrix.indices.length;
  const step = Math.max(1, Math.ceil(counts.length / MOST_POINTS));
  const points: [number, number][] = [[0, 0]];
  let sum = 0;
  counts.forEach((n, i) => {
    sum += n;
    if ((i + 1) % step === 0 || i === counts.length - 1) points.push([(i + 1) / counts.length, sum / all]);
  });
  const fifth = points.find(([share]) => share >= 0.2)!;
  return lineChart(
    {
      title: 'How much of the log the most popular items have',
      xLabel: 'most popular items, share of the catalogue',
      yLabel: 'share of the interactions',
      description: `The most popular ${percent(fifth[0])} of the items have ${percent(fifth[1])} of the interactions.`,
    },
    [{ name: 'share of the interactions', points }],
  );
}

/** Interactions by period; nothing where the log has no times. */
function overTime({ timeSec, timeIsOrder }: Interactions): Markup[] {
  if (!timeSec || timeIsOrder) return [];
  const from = timeSec.reduce((least, t) => Math.min(least, t), Number.POSITIVE_INFINITY);
  const to = timeSec.reduce((most, t) => Math.max(most, t), Number.NEGATIVE_INFINITY);
  const span = Math.max(1, to - from) / PERIODS;
  const counts = new Float64Array(PERIODS);
  for (const t of timeSec) counts[Math.min(PERIODS - 1, Math.floor((t - from) / span))]++;
  const day = (sec: number) => new Date(1000 * sec).toISOString().slice(0, 10);
  const bars = Array.from(counts, (value, i) => ({ label: i % 6 === 3 ? day(from + i * span) : '', value }));
  const days = span / DAY_SEC;
  return [
    barChart(
      {
        title: 'Interactions over time',
        xLabel: `start of some periods, each of ${days.toPrecision(3)} days (UTC)`,
        yLabel: 'interactions',
        description: `From ${day(from)} to ${day(to)}.`,
      },
      [{ name: 'interactions', bars }],
    ),
  ];
}
