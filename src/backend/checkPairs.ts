import type { Tensor } from './backend.js';
import type { PairOps } from './pairOps.js';
import { ANY, atLeast, matrix, vector, within } from './shapes.js';

/** The checks of PairOps; see check.ts. */
export const pairChecks: { readonly [K in keyof PairOps]: (args: Parameters<PairOps[K]>[0]) => void } = {
  pairSum({ pairs, first, count, users, items, out }) {
    matrix('pairSum', 'out', out, ANY, ANY);
    matrix('pairSum', 'users', users, ANY, out.shape[1]);
    matrix('pairSum', 'items', items, ANY, out.shape[1]);
    pairsOf('pairSum', pairs, first, count, out.shape[0]);
  },
  pairLoss({ pairs, first, count, users, items, logits, loss: losses }) {
    matrix('pairLoss', 'users', users, ANY, ANY);
    matrix('pairLoss', 'items', items, ANY, users.shape[1]);
    matrix('pairLoss', 'logits', logits, ANY, 1);
    vector('pairLoss', 'loss', losses, ANY);
    atLeast('pairLoss', 'loss', losses, logits.shape[0]);
    pairsOf('pairLoss', pairs, first, count, logits.shape[0]);
  },
  pairBackward({ starts, entries, firstStart, logitGrad, sumGrad, others, outDot, outSum }) {
    vector('pairBackward', 'starts', starts, ANY, 'u32');
    vector('pairBackward', 'entries', entries, ANY, 'u32');
    matrix('pairBackward', 'logitGrad', logitGrad, ANY, 1);
    matrix('pairBackward', 'sumGrad', sumGrad, logitGrad.shape[0], ANY);
    matrix('pairBackward', 'others', others, ANY, ANY);
    matrix('pairBackward', 'outDot', outDot, ANY, others.shape[1]);
    matrix('pairBackward', 'outSum', outSum, outDot.shape[0], sumGrad.shape[1]);
    atLeast('pairBackward', 'starts', starts, firstStart + outDot.shape[0] + 1);
  },
  gridSum({ users, items, out, firstRow, rows }) {
    matrix('gridSum', 'users', users, ANY, ANY);
    matrix('gridSum', 'items', items, ANY, users.shape[1]);
    matrix('gridSum', 'out', out, ANY, users.shape[1]);
    within('gridSum', 'firstRow + rows', firstRow + rows, users.shape[0]);
    within('gridSum', 'rows * items', rows * items.shape[0], out.shape[0]);
  },
  pairScores({ parts: partial, scores, firstRow, rows }) {
    matrix('pairScores', 'parts', partial, ANY, 1);
    matrix('pairScores', 'scores', scores, ANY, ANY);
    within('pairScores', 'firstRow + rows', firstRow + rows, scores.shape[0]);
    within('pairScores', 'rows * items', rows * scores.shape[1], partial.shape[0]);
  },
};

function pairsOf(op: string, pairs: Tensor, first: number, count: number, capacity: number): void {
  vector(op, 'pairs', pairs, ANY, 'u32');
  atLeast(op, 'pairs', pairs, 4 * (first + count));
  within(op, 'count', count, capacity);
}
