import type { Command } from 'commander';
import { type Recommendation, Recommender, type RecommendOptions } from '../recommend/recommender.js';
import { readModelFile } from '../store/files.node.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, withBackend } from './device.js';
import { collect, usage, wholeNumber, wrongOption } from './options.js';
import type { Output } from './output.js';
import { writeAll } from './recommendAll.js';
import { clip, count, table } from './table.js';
import { defineWho, itemIds, type WhoFlags, whoOf } from './who.js';

export interface RecommendFlags extends SharedOptions, DeviceFlags, WhoFlags {
  readonly all?: boolean;
  readonly out?: string;
  readonly k: number;
  readonly include?: string[];
  readonly exclude?: string[];
  readonly withSeen?: boolean;
}

export const command: CommandSpec = {
  name: 'recommend',
  summary: 'The best items for a user of the log, or for anyone by what they had.',
  examples: [
    'foldin recommend model.safetensors --user u0001',
    'foldin recommend model.safetensors --history b0003,b0017 -k 5',
    'foldin recommend model.safetensors --all --out recommendations.csv',
  ],
  notes: `Items already seen are left out. Ids are exact. A text with commas is several ids, unless it is itself the id
of an item; options may be repeated.`,
  define(command: Command) {
    command.argument('<model>', 'the model file');
    defineWho(command, 'users')
      .option('--all', 'every user of the log, into --out')
      .option('--out <file>', 'with --all: .csv (user,rank,item,score) or .jsonl')
      .option('-k <n>', 'how many items', wholeNumber('k'), 10)
      .option('--include <ids>', 'only these items', collect)
      .option('--exclude <ids>', 'never these items', collect)
      .option('--with-seen', 'also items the user already has');
    defineDevice(command);
  },
  run,
};

async function run({ out, options, args, signal }: Context<RecommendFlags>): Promise<void> {
  const { all, user, history, k } = options;
  if (k < 1) throw wrongOption('k', String(k), 'a whole number of at least 1');
  if (all && (user || history))
    throw usage('--all stands beside --user or --history', 'Give one of the three.');
  if (all && !options.out) throw usage('--all needs a file to write to', 'Add --out recommendations.csv.');
  if (!all && options.out) throw usage('--out goes with --all', 'Add --all, or redirect the output: > FILE.');
  if (!all && !user && !history) {
    throw usage(
      'nobody is named',
      'Give --user ID, or --history a,b,c for someone new, or --all --out FILE.',
    );
  }
  const contents = await readModelFile(args[0] as string);
  await withBackend(options, out, async (backend) => {
    const recommender = Recommender.load(backend, contents);
    const settings: RecommendOptions = {
      k,
      include: options.include && itemIds(options.include, recommender),
      exclude: options.exclude && itemIds(options.exclude, recommender),
      withSeen: options.withSeen,
      signal,
    };
    try {
      if (all) return await writeAll(recommender, options.out!, settings, out);
      const found = await recommender.recommendMany(whoOf(options, recommender), settings);
      if (out.isJson) out.json(found);
      else for (const one of found) print(one, k, found.length > 1, out);
    } finally {
      recommender.dispose();
    }
  });
}

function print(one: Recommendation, k: number, isOneOfMany: boolean, out: Output): void {
  if (isOneOfMany) out.data(out.paint.bold(`user ${one.user}`));
  const who = one.user === undefined ? 'the history' : `user ${one.user}`;
  if (one.unknownItems.length > 0) {
    out.warn(`unknown to the model, and ignored: ${one.unknownItems.join(', ')}`);
  }
  if (one.source === 'fallback') {
    out.warn(
      `nothing in ${who} is known to the model: these are the most popular items (score = users who have it)`,
    );
  }
  if (one.shortfall > 0) {
    out.warn(
      `only ${count(k - one.shortfall)} of the ${count(k)} items asked for: there are no more to give`,
    );
  }
  if (one.items.length === 0) return;
  const titled = one.items.some(({ title }) => title !== undefined);
  const rows = one.items.map(({ item, title, score }, i) => [
    String(i + 1),
    item,
    ...(titled ? [clip(title ?? '', 60)] : []),
    one.source === 'fallback' ? String(score) : score.toFixed(4),
  ]);
  const head = ['rank', 'item', ...(titled ? ['title'] : []), 'score'];
  out.data(
    table([head, ...rows], titled ? 'rllr' : 'rlr', (line, row) => (row === 0 ? out.paint.bold(line) : line)),
  );
}
