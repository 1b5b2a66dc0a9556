import type { ItemOps } from './itemOps.js';
import { ANY, alike, atLeast, batchRows, firstOfBlock, floating, matrix, sparse, vector } from './shapes.js';

/** The checks of ItemOps; see check.ts. */
export const itemChecks: { readonly [K in keyof ItemOps]: (args: Parameters<ItemOps[K]>[0]) => void } = {
  bagBlock({ input, batch, weights, bias, out, firstItem }) {
    matrix('bagBlock', 'weights', weights, ANY, ANY);
    sparse('bagBlock', input, 'input.indptr', 'input.indices', 'input.values');
    vector('bagBlock', 'bias', bias, weights.shape[1]);
    matrix('bagBlock', 'out', out, ANY, weights.shape[1]);
    batchRows('bagBlock', batch, out.shape[0]);
    firstOfBlock('bagBlock', firstItem);
  },
  softmaxSums({ logits, targets, batch, sums, firstItem }) {
    matrix('softmaxSums', 'logits', logits, ANY, ANY);
    sparse('softmaxSums', targets, 'targets.indptr', 'targets.indices', 'targets.values');
    batchRows('softmaxSums', batch, logits.shape[0]);
    matrix('softmaxSums', 'sums', sums, logits.shape[0], 4);
    firstOfBlock('softmaxSums', firstItem);
  },
  softmaxGrad({ logits, targets, batch, sums, loss, firstItem }) {
    matrix('softmaxGrad', 'logits', logits, ANY, ANY);
    sparse('softmaxGrad', targets, 'targets.indptr', 'targets.indices', 'targets.values');
    batchRows('softmaxGrad', batch, logits.shape[0]);
    matrix('softmaxGrad', 'sums', sums, logits.shape[0], 4);
    vector('softmaxGrad', 'loss', loss, ANY);
    atLeast('softmaxGrad', 'loss', loss, logits.shape[0]);
    firstOfBlock('softmaxGrad', firstItem);
  },
  correctLogits({ logits, positives, batch, corrections }) {
    matrix('correctLogits', 'logits', logits, ANY, ANY);
    sparse('correctLogits', positives, 'positives.indptr', 'positives.indices', 'positives.values');
    batchRows('correctLogits', batch, logits.shape[0]);
    vector('correctLogits', 'corrections', corrections, logits.shape[1]);
  },
  accumulate({ input, out }) {
    floating('accumulate', 'input', input);
    alike('accumulate', 'out', out, input);
  },
  gatherRows({ input, items, out, firstItem }) {
    floating('gatherRows', 'input', input);
    vector('gatherRows', 'items', items, ANY, 'u32');
    if (input.shape.length === 1) vector('gatherRows', 'out', out, items.size);
    else matrix('gatherRows', 'out', out, items.size, input.shape[1]);
    firstOfBlock('gatherRows', firstItem);
  },
  adamRows({ param, grad, moment1, moment2, items, firstItem }) {
    floating('adamRows', 'param', param);
    alike('adamRows', 'moment1', moment1, param);
    alike('adamRows', 'moment2', moment2, param);
    vector('adamRows', 'items', items, ANY, 'u32');
    if (param.shape.length === 1) vector('adamRows', 'grad', grad, items.size);
    else matrix('adamRows', 'grad', grad, items.size, param.shape[1]);
    firstOfBlock('adamRows', firstItem);
  },
};
