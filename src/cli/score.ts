import type { Command } from 'commander';
import { Recommender } from '../recommend/recommender.js';
import { readModelFile } from '../store/files.node.js';
import type { CommandSpec, Context, SharedOptions } from './command.js';
import { type DeviceFlags, defineDevice, withBackend } from './device.js';
import { required, usage } from './options.js';
import { count } from './table.js';
import { defineWho, type WhoFlags, whoOf } from './who.js';

interface Flags extends SharedOptions, DeviceFlags, WhoFlags {
  readonly item?: string;
}

export const command: CommandSpec = {
  name: 'score',
  summary: 'The predicted interest of one user, or of anyone by what they had, in one item.',
  examples: [
    'foldin score model.safetensors --user u0001 --item b0042',
    'foldin score model.safetensors --history b0003,b0017 --item b0042',
  ],
  notes:
    'A score has no unit: it compares the items for one user, higher is better. The rank says where it stands.\n' +
    'Of neumf it is the logarithm of the odds, and the probability is told, too: that of an item among those a user has and\n' +
    'as many others as --negatives drew beside them.',
  define(command: Command) {
    command.argument('<model>', 'the model file');
    defineWho(command, 'user').option('--item <id>', 'the item');
    defineDevice(command);
  },
  run,
};

async function run({ out, options, args, signal }: Context<Flags>): Promise<void> {
  const item = required(options.item, '--item', 'b0042');
  const contents = await readModelFile(args[0] as string);
  if (options.user && options.user.length > 1) throw usage('several users are given', 'Give one --user.');
  await withBackend(options, out, async (backend) => {
    const recommender = Recommender.load(backend, contents);
    try {
      const [who] = whoOf(options, recommender);
      const score = await recommender.score(who, item);
      const k = recommender.model.items;
      const ranking = await recommender.recommend(who, { k, withSeen: true, signal });
      if (ranking.unknownItems.length > 0) {
        out.warn(`unknown to the model, and ignored: ${ranking.unknownItems.join(', ')}`);
      }
      if (ranking.source === 'fallback')
        out.warn('nothing of the history is known: the score is the same for everyone');
      // A fallback's score is a popularity, whatever the model's scores stand for.
      const probability = ranking.source === 'model' ? recommender.model.probability?.(score) : undefined;
      if (out.isJson) {
        const found = { item, score, ...(probability !== undefined && { probability }) };
        return out.json({ ...('user' in who && { user: who.user }), ...found });
      }
      const place = ranking.items.findIndex((one) => one.item === item);
      const title = ranking.items[place]?.title;
      const named = title === undefined ? item : `${item} "${title}"`;
      const odds = probability === undefined ? '' : `, probability ${probability.toFixed(4)}`;
      out.data(`${named}: score ${score.toFixed(4)}${odds}`);
      if (ranking.source === 'model')
        out.data(`rank ${count(place + 1)} of ${count(k)} items, those already had among them`);
    } finally {
      recommender.dispose();
    }
  });
}
