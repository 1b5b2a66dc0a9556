import { formatReport } from '../data/formatReport.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { readInteractions } from './logs.js';
import { cleaningOf, defineCleaning, defineReading, type LogFlags, readingOf } from './options.js';

export const command: CommandSpec = {
  name: 'inspect',
  summary: 'Describes a log: how it was read, what is in it, what was left out and why.',
  examples: ['foldin inspect log.csv', 'zcat old.csv.gz | foldin inspect - --json'],
  notes: `Files: CSV, TSV, ";", "|" or "::", JSON lines, Parquet, adjacency lists, a table of users x items;
plain, gzip or zstd.
Several are read as one; "-" is standard input. Also postgres://HOST/DATABASE with --sql, and --engine duckdb.`,
  define(command) {
    command.argument('<log...>', 'the log files, - for standard input, or postgres://HOST/DATABASE');
    defineCleaning(defineReading(command));
  },
  run,
};

async function run({ out, options, args, signal }: Context<LogFlags & SharedOptions>): Promise<void> {
  const files = args[0] as string[];
  const { report } = await readInteractions(files, readingOf(options), cleaningOf(options), { out, signal });
  if (out.isJson) out.json(report);
  else out.data(formatReport(report));
}
