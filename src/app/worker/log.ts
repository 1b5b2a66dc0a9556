import { type CleanOptions, clean } from '../../data/clean.js';
import type { Interactions } from '../../data/interactions.js';
import { readItemTitles, withTitles } from '../../data/items.js';
import { type ReadLogOptions, readLog } from '../../data/readLog.js';
import { dataReport, type Report } from '../../data/report.js';
import { sampleCsv, sampleLog } from '../../data/sample.js';
import { memorySource } from '../../data/source.js';
import { dataFacts } from '../../report/dataSection.js';
import { dataPlots } from '../../report/inspect.js';
import { fingerprint } from '../../store/fingerprint.js';
import type { LogOrder, LogView, Told } from '../protocol.js';

/** A log that was read, cleaned and titled, with what a model file says of it. */
export interface OpenLog {
  readonly order: LogOrder;
  readonly files: readonly string[];
  readonly interactions: Interactions;
  readonly report: Report;
  readonly fingerprint: string;
  readonly reading: ReadLogOptions;
  readonly cleaning: CleanOptions;
}

const TELL_EVERY_MS = 250;
const SAMPLE_NAME = 'sample.csv';

/** Reads what is ordered. Errors as readLog, clean and readItemTitles. */
export async function openLog(order: LogOrder, tell: (told: Told) => void): Promise<OpenLog> {
  const { from, reading, cleaning } = order;
  const sample = 'sample' in from ? sampleLog(from.sample) : undefined;
  const files = 'sample' in from ? [memorySource(SAMPLE_NAME, sampleCsv(sample!).log)] : from.files;
  let toldMs = performance.now();
  const onProgress = (bytes: number) => {
    if (performance.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = performance.now();
    tell({ event: 'reading', bytes });
  };
  const log = await readLog(files, { ...reading, onProgress });
  const cleaned = clean(log.rows, cleaning);
  let { interactions } = cleaned;
  if (sample) {
    const titles = new Map(sample.items.map(({ item, title }) => [item, title]));
    interactions = withTitles(interactions, titles, SAMPLE_NAME);
  } else if ('titles' in from && from.titles) {
    const { encoding } = reading;
    const known = await readItemTitles(from.titles, { encoding, itemColumn: log.detected.columns.item });
    interactions = withTitles(interactions, known.titles, from.titles.name);
  }
  return {
    order,
    files: files.map(({ name }) => name),
    interactions,
    report: dataReport(log, cleaned),
    fingerprint: await fingerprint(interactions),
    reading,
    cleaning,
  };
}

export const logView = ({ files, interactions, report }: OpenLog): LogView => ({
  name: files.join(', '),
  users: report.users,
  items: report.items,
  interactions: report.interactions,
  facts: dataFacts(report, files),
  plots: dataPlots(interactions),
});
