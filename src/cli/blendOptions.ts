import type { Command } from 'commander';
import { FoldinError } from '../errors.js';
import {
  type BlendMember,
  type BlendOptions,
  checkBlendOptions,
  DEFAULT_MEMBERS,
} from '../model/blendConfig.js';
import { collect, given, number, words } from './options.js';

/** Flags of a blend. */
export interface BlendFlags {
  readonly members?: string[];
  readonly member?: string[];
  readonly weights?: number[];
}

export const BLEND_FLAGS = ['members', 'member', 'weights'] as const;

const names = DEFAULT_MEMBERS.map(({ model }) => model).join(',');

export const defineBlend = (command: Command): Command =>
  command
    .option('--members <models>', `blend: of these, each with its defaults (default ${names})`, words)
    .option(
      '--member <model and options>',
      'blend: and of this one, with its own, such as "ease --l2 250 --user-power 0.5"; may be repeated',
      collect,
    )
    .option(
      '--weights <numbers>',
      'blend: one a member, such as 0.4,0.6 (default: the best on the validation part)',
      (text) => text.split(',').map(number('weights')),
    );

/** The options that flags ask for; `parse` reads the words of a --member. CONFIG when they make no sense. */
export function blendOptions(
  { members = [], member = [], weights }: BlendFlags,
  parse: (words: readonly string[]) => BlendMember,
): Partial<BlendOptions> {
  const named = [
    ...members.map((model) => [model]),
    ...member.map((text) => text.split(/\s+/).filter((w) => w !== '')),
  ];
  const read = named.map((spoken): BlendMember => {
    try {
      return parse(spoken);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.replace(/^error: /, '') : String(cause);
      throw new FoldinError('CONFIG', `the member "${spoken.join(' ')}" of the blend: ${reason}`, {
        remedy:
          cause instanceof FoldinError
            ? cause.remedy
            : 'Name a model and its options as for --model, such as --member "ease --l2 250".',
        cause,
      });
    }
  });
  const options = given({ members: read.length > 0 ? read : undefined, weights });
  checkBlendOptions(options);
  return options;
}
