import type { Backend } from '../backend/backend.js';
import type { BlockLossArgs, LossArgs } from '../backend/ops.js';
import { FoldinError } from '../errors.js';
import type { NetworkConfig } from './config.js';

/** What the loss of a batch is multiplied by. */
export const lossScale = ({ reduction }: NetworkConfig, users: number, items: number): number =>
  ({ users: 1 / users, mean: 1 / (users * items), sum: 1 })[reduction];

/** The loss of a batch over all items, and its gradient in the place of the logits. */
export function wholeLoss(backend: Backend, config: NetworkConfig, args: LossArgs): void {
  if (config.loss === 'multinomial') backend.softmaxNll(args);
  else if (isActivated(config) && config.output !== 'linear') {
    const negativeWeight = negativeWeightOf(config);
    backend.activatedSquaredError({ ...args, negativeWeight, output: config.output });
  } else blockLoss(backend, config, args);
}

/** The share of a block of items in a loss that is a sum over them. */
export function blockLoss(backend: Backend, config: NetworkConfig, args: BlockLossArgs): void {
  if (config.loss === 'bce') backend.binaryCrossEntropy(args);
  else backend.squaredError({ ...args, negativeWeight: negativeWeightOf(config) });
}

/** LIMIT_EXCEEDED for a loss that cannot be worked out block by block. */
export function requireBlockLoss(config: NetworkConfig, items: number, blocks: number): void {
  if (!isActivated(config)) return;
  throw new FoldinError(
    'LIMIT_EXCEEDED',
    `${items} items take ${blocks} tensors on this device, and squared error of the ${config.output} output needs all of them at once`,
    {
      remedy:
        'Keep fewer items (--min-item), leave out --preset textbook and --output, or take --loss multinomial, or another adapter or --device cpu.',
      details: { items, blocks },
    },
  );
}

/** Squared error of an activated output: a softmax in it ties all items together. */
const isActivated = ({ loss, output }: NetworkConfig): boolean =>
  (loss === 'mse' || loss === 'weightedMse') && output !== 'linear';

const negativeWeightOf = ({ loss, negativeWeight }: NetworkConfig): number =>
  loss === 'weightedMse' ? negativeWeight : 1;
