import type { Command } from 'commander';
import { type Importance, importance } from '../explain/importance.js';
import { Recommender } from '../recommend/recommender.js';
import { readModelFile } from '../store/files.node.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, withBackend } from './device.js';
import { defineKnown, type KnownFlags, knownItems } from './knownItems.js';
import { wholeNumber } from './options.js';
import type { Output } from './output.js';
import { clip, count, table } from './table.js';

interface Flags extends SharedOptions, DeviceFlags, KnownFlags {
  readonly sample: number;
}

export const command: CommandSpec = {
  name: 'importance',
  summary: 'What a model goes by as a whole: the items and attributes that move its recommendations most.',
  examples: [
    'foldin importance model.safetensors',
    'foldin importance model.safetensors --items items.csv --sample 200 --json',
  ],
  notes: `For a sample of users: what each item of their histories does to the score of what they are recommended first, in the
units of the score, and the same by attribute. A content model gives the exact terms of its own attributes; for other models
the contributions of items that share a category or a flag of --items are added up.`,
  define(command: Command) {
    command
      .argument('<model>', 'the model file')
      .option('--sample <n>', 'how many users are looked at', wholeNumber('sample'), 100);
    defineDevice(defineKnown(command));
  },
  run,
};

async function run({ out, options, args, signal }: Context<Flags>): Promise<void> {
  const contents = await readModelFile(args[0] as string);
  await withBackend(options, out, async (backend) => {
    const recommender = Recommender.load(backend, contents);
    try {
      const { sample: users, seed } = options;
      const known = await knownItems(options, recommender);
      const found = await importance(recommender, { users, seed, known, signal });
      if (out.isJson) out.json(found);
      else print(found, out);
    } finally {
      recommender.dispose();
    }
  });
}

type Means = Pick<Importance['influential'][number], 'histories' | 'meanAbsolute' | 'mean'>;

function print({ users, influential, attributes, popularity }: Importance, out: Output): void {
  const head = (line: string, row: number) => (row === 0 ? out.paint.bold(line) : line);
  const figures = ({ histories, meanAbsolute, mean }: Means): string[] => [
    meanAbsolute.toFixed(4),
    mean.toFixed(4),
    count(histories),
  ];
  out.data(
    `what items of ${count(users)} users' histories do to the score of what each is recommended first, in its units`,
  );
  const columns = ['mean absolute', 'mean', 'histories'];
  const rows = influential.map((one) => [...figures(one), one.item, clip(one.title ?? '', 60)]);
  out.data(`\n${table([[...columns, 'item', 'title'], ...rows], 'rrrll', head)}`);
  if (attributes.length > 0) {
    const byAttribute = attributes.map((one) => [
      ...figures(one),
      clip(one.attribute, 40),
      clip(one.value ?? '', 40),
    ]);
    out.data(`\n${table([[...columns, 'attribute', 'value'], ...byAttribute], 'rrrll', head)}`);
  }
  out.data(
    `\nwhat is recommended has ${popularity.ratio.toFixed(2)} times as many users as what people chose themselves`,
  );
}
