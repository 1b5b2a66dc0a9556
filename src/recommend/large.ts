import type { Notice } from '../events.js';
import { type NetworkConfig, SAMPLED_ABOVE } from '../model/config.js';
import type { Model, TrainableModel } from '../model/model.js';
import { trainable } from '../model/registry.js';

const count = (n: number): string => n.toLocaleString('en-US');

/** How the multinomial loss was worked out: over all items, or estimated from how many that were drawn how. */
export type SoftmaxKind =
  | { readonly kind: 'full' }
  | {
      readonly kind: 'sampled';
      readonly samples: number;
      readonly proposal: string;
      readonly correction: string;
      readonly updates: string;
    };

/** What manifest and report say of it; nothing of a model with another loss. */
export function softmaxOf(model: Model): { readonly softmax?: SoftmaxKind } {
  const { softmax, loss = 'multinomial' } = (model.config ?? {}) as Partial<NetworkConfig>;
  if (softmax === undefined || loss !== 'multinomial') return {};
  const network = trainable(model);
  if (!network || !('samples' in network)) return { softmax: { kind: 'full' } };
  return {
    softmax: {
      kind: 'sampled',
      samples: network.samples,
      proposal: 'training users of an item + 1',
      correction: 'log-Q',
      updates: 'rows of the step',
    },
  };
}

/** What a person should know before a network learns from a large catalogue. */
export function largeCatalogue(model: TrainableModel): Notice | undefined {
  const { items } = model;
  if ('samples' in model) {
    return {
      event: 'notice',
      code: 'SAMPLED_SOFTMAX',
      message:
        `${count(items)} items: the softmax is estimated from ${count(model.samples)} items drawn a step, and a step ` +
        'changes the rows of its own items only (--softmax full for all of them)',
    };
  }
  const { loss } = model.config as Partial<NetworkConfig>;
  if (items <= SAMPLED_ABOVE || !model.blocks || loss === undefined || loss === 'multinomial')
    return undefined;
  return {
    event: 'notice',
    code: 'LARGE_CATALOGUE',
    message: `${count(items)} items: every step scores all of them; --loss multinomial learns from samples of them and is many times faster`,
  };
}
