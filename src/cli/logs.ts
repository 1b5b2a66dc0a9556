import { basename } from 'node:path';
import { type CleanOptions, type CleanReport, clean } from '../data/clean.js';
import { describeFormat } from '../data/detected.js';
import { fileSource } from '../data/files.node.js';
import type { Interactions } from '../data/interactions.js';
import { readItemTitles, withTitles } from '../data/items.js';
import type { ItemColumn } from '../data/leaks/columns.js';
import { type Log, type LogReading, type ReadLogOptions, readLog } from '../data/readLog.js';
import { dataReport, type Report } from '../data/report.js';
import { FoldinError } from '../errors.js';
import { usage } from './options.js';
import type { Output } from './output.js';
import { Progress } from './progress.js';
import { refuseAddress, shownLog, sourcesOf } from './sources.js';
import { count } from './table.js';

export interface ReadResult {
  readonly log: Log;
  readonly interactions: Interactions;
  readonly cleaned: CleanReport;
  readonly report: Report;
}

/** Reads and cleans files as one log. */
export async function readInteractions(
  files: readonly string[],
  reading: LogReading,
  cleaning: CleanOptions,
  { out, signal }: { out: Output; signal: AbortSignal },
): Promise<ReadResult> {
  const sources = sourcesOf(files, reading);
  const progress = new Progress(out);
  const onProgress = (bytes: number) => progress.update(undefined, `reading, ${count(bytes / 1e6)} MB`);
  try {
    const log = await readLog(sources, { ...reading, signal, onProgress });
    const cleaned = clean(log.rows, cleaning);
    return {
      log,
      interactions: cleaned.interactions,
      cleaned: cleaned.report,
      report: dataReport(log, cleaned),
    };
  } finally {
    progress.end();
  }
}

/** Says how a log was read and what it holds. */
export function noteLog(out: Output, files: readonly string[], result: ReadResult): void {
  const { log, report, cleaned } = result;
  const { columns, ignored } = log.detected;
  const named = Object.entries(columns).map(([role, column]) => `${role}=${column}`);
  const unused = ignored.length > 0 ? `, not used: ${ignored.join(', ')}` : '';
  out.note(
    `read      ${files.map(shownLog).join(', ')}: ${describeFormat(log.detected)}, ${named.join(' ')}${unused}`,
  );
  const merged = report.duplicates > 0 ? `, ${count(report.duplicates)} duplicates (${cleaned.policy})` : '';
  out.note(
    `log       ${count(report.users)} users, ${count(report.items)} items, ` +
      `${count(report.interactions)} interactions of ${count(report.rows.read)} rows${merged}`,
  );
  for (const { message } of report.warnings) out.note(`warning   ${message}`);
}

/** The same interactions with the titles of an item file, and its columns of numbers. */
export async function addTitles(
  interactions: Interactions,
  file: string,
  {
    log,
    out,
    encoding,
    mayBeMissing = false,
  }: {
    log: Log;
    out: Output;
    encoding: ReadLogOptions['encoding'];
    /** Whether a file without titles is of use all the same. */
    mayBeMissing?: boolean;
  },
): Promise<{ interactions: Interactions; columns: readonly ItemColumn[] }> {
  refuseAddress(file);
  if (file === '-') throw usage('the item file cannot be standard input', 'Give --items a file.');
  const source = { encoding, itemColumn: log.detected.columns.item };
  const known = await readItemTitles(fileSource(file), source).catch((error) => {
    if (mayBeMissing && error instanceof FoldinError && error.code === 'COLUMN_MISSING') return undefined;
    throw error;
  });
  if (!known) return { interactions, columns: [] };
  const titled = withTitles(interactions, known.titles, file);
  const found = titled.titles!.filter((title) => title !== undefined).length;
  out.note(
    `titles    ${basename(file)}: ${count(found)} of ${count(interactions.items.size)} items, ` +
      `item=${known.columns.item} title=${known.columns.title}`,
  );
  const { ids } = interactions.items;
  const columns = known.numbers.map(({ name, values }) => ({
    name,
    values: Float64Array.from(ids, (id) => values.get(id) ?? Number.NaN),
  }));
  return { interactions: titled, columns };
}
