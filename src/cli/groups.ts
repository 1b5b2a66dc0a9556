import type { Command } from 'commander';
import { csv } from '../data/sample.js';
import { type Group, type Groups, groups } from '../groups/groups.js';
import { Recommender } from '../recommend/recommender.js';
import { readModelFile } from '../store/files.node.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, withBackend } from './device.js';
import { wholeNumber } from './options.js';
import { writeText } from './outFile.js';
import type { Output } from './output.js';
import { clip, count, table } from './table.js';

interface Flags extends SharedOptions, DeviceFlags {
  readonly groups?: number;
  readonly out?: string;
}

export const command: CommandSpec = {
  name: 'groups',
  summary: 'Groups of users with like tastes, what sets each apart, and how they relate.',
  examples: [
    'foldin groups model.safetensors',
    'foldin groups model.safetensors --groups 8 --out groups.csv',
  ],
  notes: `k-means on what the model has learned of the users. Without --groups the number with the best silhouette on a
sample of users is taken. Spread: 0 all alike, 1 nothing in common. Likeness: cosine of the groups' mean tastes.`,
  define(command: Command) {
    command
      .argument('<model>', 'the model file')
      .option('--groups <n>', 'how many (default: by silhouette)', wholeNumber('groups'))
      .option('--out <file>', 'a CSV of every user and their group');
    defineDevice(command);
  },
  run,
};

async function run({ out, options, args, signal }: Context<Flags>): Promise<void> {
  const contents = await readModelFile(args[0] as string);
  await withBackend(options, out, async (backend) => {
    const recommender = Recommender.load(backend, contents);
    try {
      const found = await groups(recommender, { groups: options.groups, seed: options.seed, signal });
      if (options.out) await writeMembers(options.out, recommender, found);
      if (out.isJson) out.json(documentOf(found));
      else print(found, out);
    } finally {
      recommender.dispose();
    }
  });
}

/** A line a user, into a file that appears whole or not at all. */
async function writeMembers(path: string, { parts }: Recommender, { assigned }: Groups): Promise<void> {
  const rows = (parts.users?.ids ?? []).map((user, row) => [user, String(assigned[row] + 1)]);
  await writeText(path, csv(['user', 'group'], rows));
}

const documentOf = ({ groups, relations, flow, silhouette, chosenBy, representation }: Groups) => ({
  groups,
  relations,
  flow: flow ?? null,
  silhouette,
  chosenBy,
  representation: representation.of,
});

function print(found: Groups, out: Output): void {
  const how = found.chosenBy === 'asked' ? 'as asked' : 'the number with the best silhouette';
  out.data(`${found.groups.length} groups (${how}); silhouette ${found.silhouette.toFixed(2)}`);
  for (const group of found.groups) out.data(`\n${profile(group, out)}`);
  const names = found.groups.map(({ group }) => String(group));
  const rows = found.relations.map((row, a) => [names[a], ...row.map((x) => x.toFixed(2))]);
  out.data(`\n${out.paint.bold('likeness of the groups')}`);
  const align = `r${'r'.repeat(names.length)}`;
  out.data(table([['', ...names], ...rows], align));
  if (!found.flow) return;
  const { users, shares, stay } = found.flow;
  const moved = shares.map((row, a) => [names[a], ...row.map(percent)]);
  out.data(`\n${out.paint.bold('from the earlier half of a history to the later one')}`);
  out.data(table([['', ...names], ...moved], align));
  out.data(`${percent(stay)} of ${count(users)} users with six items and more stay in their group`);
}

function profile({ group, users, share, spread, defining }: Group, out: Output): string {
  const head = out.paint.bold(`group ${group}: ${count(users)} users (${percent(share)})`);
  const rows = defining.map(({ item, title, share: here, overall }) => [
    percent(here),
    percent(overall),
    item,
    clip(title ?? '', 50),
  ]);
  return `${head}, spread ${spread.toFixed(2)}\n${table([['have it', 'of all', 'item', 'title'], ...rows], 'rrll')}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;
