import type { Command } from 'commander';
import type { Recommender, Who } from '../recommend/recommender.js';
import { collect, usage } from './options.js';

export interface WhoFlags {
  readonly user?: string[];
  readonly history?: string[];
}

export const defineWho = (command: Command, users: 'users' | 'user'): Command =>
  command
    .option(
      users === 'users' ? '--user <id...>' : '--user <id>',
      'a user of the log the model was trained on',
      users === 'users' ? collect : (id: string, before?: string[]) => collect(id, before),
    )
    .option('--history <ids>', 'or anyone by the items they had: a,b,c; may be repeated', collect);

/**
 * Item ids as they are typed: "a,b,c" is three, unless it is the id of an item. So an id with a comma can be given,
 * and options can be repeated.
 */
export const itemIds = (texts: readonly string[], { parts }: Recommender): string[] =>
  texts.flatMap((text) =>
    parts.items.indexOf(text) !== undefined
      ? [text]
      : text
          .split(',')
          .map((id) => id.trim())
          .filter((id) => id !== ''),
  );

/** The users asked for, or the one history. */
export function whoOf({ user, history }: WhoFlags, recommender: Recommender): Who[] {
  if (user && history) throw usage('--user and --history are both given', 'Give one of them.');
  if (user) return user.map((id) => ({ user: id }));
  if (history) return [{ history: itemIds(history, recommender) }];
  throw usage('nobody is named', 'Give --user ID, or --history a,b,c for someone new.');
}
