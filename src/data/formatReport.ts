import { describeFormat } from './detected.js';
import type { Report } from './report.js';

/** The data report as text for a terminal: one aligned line a fact. */
export function formatReport(report: Report): string {
  const { rows, time, historyLength: history, detected } = report;
  const number = (n: number) => n.toLocaleString('en-US', { maximumFractionDigits: 1 });
  const percent = (share: number) => `${(100 * share).toPrecision(3)}%`;
  const reasons = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .filter(([, n]) => n > 0)
      .map(([reason, n]) => `${reason} ${number(n)}`)
      .join(', ');
  const { notPositive, belowMinValue, tooFew } = report.pairs.dropped;
  const leftOut = reasons({
    'not above zero': notPositive,
    'below min value': belowMinValue,
    'too few': tooFew,
  });
  const columns = Object.entries(detected.columns).map(([role, column]) => `${role}=${column}`);

  const lines: [string, string][] = [
    ['format', describeFormat(detected)],
    ['columns', columns.join(' ')],
    ['ignored', detected.ignored.join(', ')],
    ['rows', `${number(rows.read)} read, ${number(rows.kept)} kept`],
    ['dropped', reasons(rows.dropped)],
    ['duplicates', `${number(report.duplicates)} rows (${report.duplicatePolicy})`],
    ['returns', report.returns > 0 ? `${number(report.returns)} rows below zero, netted by pair` : ''],
    ['left out', leftOut && `pairs: ${leftOut}`],
    ['users', number(report.users)],
    ['items', number(report.items)],
    ['interactions', `${number(report.interactions)} (density ${percent(report.density)})`],
    [
      'history',
      `median ${number(history.median)}, mean ${number(history.mean)}, 90% up to ${number(history.p90)}, ` +
        `${number(history.min)} to ${number(history.max)} items a user`,
    ],
    [
      'popularity',
      report.popularity
        .map(({ items, interactions }) => `top ${wholePercent(items)} ${wholePercent(interactions)}`)
        .join(', '),
    ],
    [
      'time',
      time ? `${time.from} to ${time.to} (${time.unit}), ${wholePercent(time.tiedShare)} tied` : 'none',
    ],
    ['memory', `${formatBytes(report.plan.bytes)} to train ${report.plan.model}`],
  ];
  const text = lines.filter(([, fact]) => fact !== '').map(([name, fact]) => `${name.padEnd(13)}${fact}`);
  for (const { file, line, reason } of report.badRows) text.push(`bad row      ${file}:${line} ${reason}`);
  for (const { code, message } of report.warnings) text.push(`warning      ${message} [${code}]`);
  return `${text.join('\n')}\n`;
}

const wholePercent = (share: number): string => `${Math.round(100 * share)}%`;

/** "1.5 MiB" */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const scaled = bytes / 1024 ** power;
  return `${power === 0 ? scaled : scaled.toFixed(1)} ${units[power]}`;
}
