import { FoldinError } from '../errors.js';
import type { TrainConfig } from './config.js';

/** A model that is to be part of a blend. */
export interface BlendMember {
  /** Its name in the registry. */
  readonly model: string;
  /** What differs from its defaults: ModelOptions. */
  readonly network?: object;
  readonly train?: Partial<TrainConfig>;
}

/** What a blend is to be made of. */
export interface BlendOptions {
  /** Two or more; the default ones where absent. */
  readonly members: readonly BlendMember[];
  /** One a member, >= 0, in any unit; found on the validation part where absent. */
  readonly weights: readonly number[];
}

/** What a blend is made of, as its file says. */
export interface BlendConfig {
  readonly members: readonly { readonly model: string; readonly config: unknown }[];
  /** One a member, >= 0; they add up to 1. */
  readonly weights: readonly number[];
}

/** Two that need no table of users, no times and no long training, and differ in what they learn. */
export const DEFAULT_MEMBERS: readonly BlendMember[] = [{ model: 'ease' }, { model: 'ials' }];

/** Models that cannot be members: a blend of blends is a blend, and chance adds nothing. */
const REFUSED = ['blend', 'random'];

/** CONFIG unless the members and weights make sense. */
export function checkBlendOptions({ members = DEFAULT_MEMBERS, weights }: Partial<BlendOptions>): void {
  const refused = members.find(({ model }) => REFUSED.includes(model));
  if (refused) {
    throw new FoldinError('CONFIG', `"${refused.model}" cannot be a member of a blend`, {
      remedy: 'Name models that learn from histories, such as ease, ials, kernel or vae.',
    });
  }
  if (members.length < 2) {
    throw new FoldinError('CONFIG', `a blend of ${members.length} members is none`, {
      remedy: 'Name two models or more, such as --members ease,ials.',
    });
  }
  if (!weights) return;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (
    weights.length !== members.length ||
    !weights.every((weight) => weight >= 0) ||
    !(sum > 0 && sum < 1e6)
  ) {
    throw new FoldinError(
      'CONFIG',
      `weights are ${weights.join(',') || 'none'}; expected ${members.length} numbers of at least 0, not all 0`,
      { remedy: 'Give one weight a member, or leave them out to have them found on the validation part.' },
    );
  }
}
