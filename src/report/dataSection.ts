import type { Report } from '../data/report.js';
import { barChart } from './charts.js';
import { element, formatted, type Markup, note, percent } from './markup.js';
import type { Section } from './page.js';

const LENGTHS = ['min', 'p10', 'median', 'p90', 'p99', 'max'] as const;

/** What is in a log, and what was left out of it. */
export function dataSection(report: Report, files: readonly string[]): Section {
  const { historyLength, popularity } = report;
  const body = [
    ...dataFacts(report, files),
    barChart(
      {
        title: 'Items a user has',
        xLabel: 'quantile of the users',
        yLabel: 'items',
        description: `Half of the users have at most ${historyLength.median} items, one has ${historyLength.max}.`,
      },
      [{ name: 'items', bars: LENGTHS.map((name) => ({ label: name, value: historyLength[name] })) }],
    ),
    barChart(
      {
        title: 'How much of the log the most popular items have',
        xLabel: 'most popular items, share of the catalogue',
        yLabel: 'share of the interactions',
        description: popularity
          .map(({ items, interactions: part }) => `${percent(items)} of the items have ${percent(part)}`)
          .join('; '),
      },
      [
        {
          name: 'interactions',
          bars: popularity.map(({ items, interactions: part }) => ({ label: percent(items), value: part })),
        },
      ],
    ),
  ];
  return { id: 'data', title: 'The log', body };
}

/** Counts, and what a person should know; markup. */
export function dataFacts(report: Report, files: readonly string[]): Markup[] {
  const { rows, duplicates, density, time, warnings, interactions, users, items } = report;
  const facts: [string, string][] = [
    ['files', files.join(', ')],
    ['rows', `${formatted(rows.read)} read, ${formatted(rows.kept)} kept`],
    ...Object.entries(rows.dropped).map(([reason, n]): [string, string] => [
      `left out: ${reason}`,
      formatted(n),
    ]),
    ['repeated pairs', formatted(duplicates)],
    ['users, items', `${formatted(users)}, ${formatted(items)}`],
    ['interactions', `${formatted(interactions)}, ${percent(density)} of all pairs`],
    ...(time ? [['time', `${time.from} to ${time.to}`] as [string, string]] : []),
  ];
  return [
    element(
      'dl',
      {},
      ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
    ),
    ...warnings.map(({ message }) => note(message)),
  ];
}
