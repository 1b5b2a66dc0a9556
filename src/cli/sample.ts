import { sampleCsv, sampleLog } from '../data/sample.js';
import { writeFileAtomic } from '../store/files.node.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { required, wholeNumber } from './options.js';
import { count } from './table.js';

interface Flags extends SharedOptions {
  readonly users?: number;
  readonly items?: number;
  readonly out?: string;
  readonly itemsOut?: string;
}

export const command: CommandSpec = {
  name: 'sample',
  summary: 'Writes the log of a made-up bookshop, with known groups of taste, to try things on.',
  examples: ['foldin sample --out log.csv --items-out items.csv'],
  define: (command) =>
    void command
      .option('--users <n>', 'how many readers (default 2000)', wholeNumber('users'))
      .option('--items <n>', 'how many books (default 500)', wholeNumber('items'))
      .option('--out <file>', 'the log: user,item,time')
      .option('--items-out <file>', 'the books: item,title,category'),
  run,
};

async function run({ out, options }: Context<Flags>): Promise<void> {
  const file = required(options.out, '--out', 'log.csv');
  const sample = sampleLog({ users: options.users, items: options.items, seed: options.seed });
  const csv = sampleCsv(sample);
  const encoder = new TextEncoder();
  await writeFileAtomic(file, encoder.encode(csv.log));
  if (options.itemsOut) await writeFileAtomic(options.itemsOut, encoder.encode(csv.items));
  const sizes = {
    users: sample.users.length,
    items: sample.items.length,
    interactions: sample.rows.length,
  };
  if (out.isJson) return out.json({ out: file, itemsOut: options.itemsOut, ...sizes });
  out.data(
    `${file}: ${count(sizes.interactions)} purchases of ${count(sizes.items)} books by ${count(sizes.users)} readers`,
  );
  if (options.itemsOut) out.data(`${options.itemsOut}: their titles and categories`);
}
