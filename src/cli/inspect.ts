import { basename } from 'node:path';
import { formatReport } from '../data/formatReport.js';
import { inspectHtml } from '../report/inspect.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { readInteractions } from './logs.js';
import { cleaningOf, defineCleaning, defineReading, type LogFlags, readingOf } from './options.js';
import { checkWritable, writeText } from './outFile.js';

export const command: CommandSpec = {
  name: 'inspect',
  summary: 'Describes a log: how it was read, what is in it, what was left out and why.',
  examples: [
    'foldin inspect log.csv',
    'foldin inspect log.csv --html log.html',
    'zcat old.csv.gz | foldin inspect - --json',
  ],
  notes: `Files: CSV, TSV, ";", "|" or "::", JSON lines, Parquet, adjacency lists, a table of users x items;
plain, gzip or zstd.
Several are read as one; "-" is standard input. Also postgres://HOST/DATABASE with --sql, and --engine duckdb.`,
  define(command) {
    command
      .argument('<log...>', 'the log files, - for standard input, or postgres://HOST/DATABASE')
      .option('--html <file>', 'also write the report, with plots, as one HTML file');
    defineCleaning(defineReading(command));
  },
  run,
};

interface Flags extends LogFlags, SharedOptions {
  readonly html?: string;
}

async function run({ out, options, args, signal }: Context<Flags>): Promise<void> {
  const files = args[0] as string[];
  const { html } = options;
  if (html) await checkWritable(html);
  const { report, interactions } = await readInteractions(files, readingOf(options), cleaningOf(options), {
    out,
    signal,
  });
  if (html)
    await writeText(
      html,
      inspectHtml(
        interactions,
        report,
        files.map((file) => basename(file)),
      ),
    );
  if (out.isJson) out.json(report);
  else out.data(formatReport(report));
}
