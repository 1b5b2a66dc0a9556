import type { DeviceInfo } from '../backend/backend.js';
import { formatBytes } from '../data/formatReport.js';
import type { PairedTest } from '../evaluate/significance.js';
import type { Summary } from '../evaluate/summary.js';
import type { Fit } from '../recommend/fit.js';
import type { Searched } from '../search/search.js';
import { STOP_METRIC } from '../train/trainer.js';
import { deviceText } from './device.js';
import { type Protocol, protocolLine } from './figures.js';
import type { Output } from './output.js';
import { searchedText } from './search.js';
import { count, cutToWidth, duration, table } from './table.js';

/** One model's row: its figures on the test part, and what they cost. */
export interface Contestant {
  readonly model: string;
  readonly test: NonNullable<Fit['test']>['model'];
  /** Numbers learned. */
  readonly parameters: number;
  readonly epochs: number;
  readonly ms: number;
  /** The most that tensors took on the device, training and measuring. */
  readonly peakBytes: number;
  /** Where its options were searched. */
  readonly searched?: Searched;
  /** Against the best model, on the metric that training stops by; absent for the best itself. */
  readonly versusBest?: PairedTest;
}

/** One row a model, or one column where that is too wide, best first; then the protocol, without which the figures mean nothing. */
export function comparisonTable(
  contestants: readonly Contestant[],
  protocol: Protocol,
  device: DeviceInfo,
  out: Output,
): string {
  const labels = Object.keys(contestants[0].test.metrics);
  const head = ['model', ...labels.flatMap(named), 'p', 'parameters', 'memory', 'time'];
  const rows = contestants.map(({ model, test, parameters, ms, peakBytes, versusBest }) => [
    model,
    ...labels.flatMap((label) => figures(label, test.metrics[label])),
    versusBest ? probability(versusBest.p) : 'best',
    count(parameters),
    formatBytes(peakBytes),
    duration(ms),
  ]);
  // A screen is narrower than many metrics: then a column a model, in several tables where there are many models.
  const isWide = labels.length > 6;
  const tables = isWide ? cutToWidth(turned([head, ...rows]), out.columns) : [[head, ...rows]];
  const shown = tables.map((cells) =>
    table(cells, `l${'r'.repeat(cells[0].length - 1)}`, (line, row) =>
      row === 0 ? out.paint.bold(line) : line,
    ),
  );
  const searched = contestants.flatMap((contestant) => contestant.searched ?? []);
  return [
    shown.join('\n\n'),
    ...(searched.length > 0 ? ['', searchedText(searched)] : []),
    '',
    protocolLine(protocol),
    `p: paired randomisation test of ${STOP_METRIC} against the best model`,
    `device: ${deviceText(device)}`,
  ].join('\n');
}

/** The metric that models are compared by has its standard error beside it. */
const named = (label: string): string[] => (label === STOP_METRIC ? [label, '±'] : [label]);

const figures = (label: string, { mean, se }: Summary): string[] =>
  named(label).map((_, i) => (i === 0 ? mean.toFixed(4) : (se?.toFixed(4) ?? '')));

const probability = (p: number): string => (p < 0.001 ? '< .001' : p.toFixed(3).replace(/^0/, ''));

const turned = (rows: readonly (readonly string[])[]): string[][] =>
  rows[0].map((_, column) => rows.map((row) => row[column]));
