import { itemChecks } from './checkItems.js';
import { pairChecks } from './checkPairs.js';
import { solveChecks } from './checkSolve.js';
import { systemChecks } from './checkSystems.js';
import { type LossArgs, type Ops, SQUARE_PARTS } from './ops.js';
import {
  ANY,
  alike,
  atLeast,
  batchRows,
  firstOfBlock,
  floating,
  matrix,
  parts,
  sparse,
  vector,
  within,
} from './shapes.js';

export { checkAlike, checkSlice, describe, mismatch } from './shapes.js';

type Args<K extends keyof Ops> = Parameters<Ops[K]>[0];

/**
 * The same ops with their arguments looked at first: both backends go through here, so a wrong shape is the
 * same error on both. `before` runs first of all (a backend refuses work once it is disposed).
 */
export function checkedOps(ops: Ops, before: () => void): Ops {
  const checked: Record<string, (args: never) => void> = {};
  for (const name of Object.keys(checks) as (keyof Ops)[]) {
    const check = checks[name] as (args: never) => void;
    const run = ops[name] as (args: never) => void;
    checked[name] = (args) => {
      before();
      check(args);
      run.call(ops, args);
    };
  }
  return checked as unknown as Ops;
}

/** One check an op: SHAPE_MISMATCH with op, argument, expected and got. Nothing is allocated when all is well. */
export const checks: { readonly [K in keyof Ops]: (args: Args<K>) => void } = {
  ...itemChecks,
  ...pairChecks,
  ...solveChecks,
  ...systemChecks,
  bagForward({ input, batch, weights, bias, out, scales }) {
    matrix('bagForward', 'weights', weights, ANY, ANY);
    const hidden = weights.shape[1];
    sparse('bagForward', input, 'input.indptr', 'input.indices', 'input.values');
    vector('bagForward', 'bias', bias, hidden);
    matrix('bagForward', 'out', out, ANY, hidden);
    if (scales) vector('bagForward', 'scales', scales, out.shape[0]);
    batchRows('bagForward', batch, out.shape[0]);
  },
  bagInputGrad({ places, batch, weights, outGrad, out, firstItem = 0 }) {
    firstOfBlock('bagInputGrad', firstItem);
    matrix('bagInputGrad', 'weights', weights, ANY, ANY);
    matrix('bagInputGrad', 'outGrad', outGrad, ANY, weights.shape[1]);
    sparse('bagInputGrad', places, 'places.indptr', 'places.indices', 'places.values');
    vector('bagInputGrad', 'out', out, places.indices.size);
    batchRows('bagInputGrad', batch, outGrad.shape[0]);
  },
  bagBackward({ starts, entries, firstStart, outGrad, out, sums, scales, firstItem = 0 }) {
    matrix('bagBackward', 'out', out, ANY, ANY);
    matrix('bagBackward', 'outGrad', outGrad, ANY, out.shape[1]);
    vector('bagBackward', 'sums', sums, out.shape[1]);
    vector('bagBackward', 'starts', starts, ANY, 'u32');
    vector('bagBackward', 'entries', entries, ANY, 'u32');
    firstOfBlock('bagBackward', firstItem);
    atLeast('bagBackward', 'starts', starts, firstStart + firstItem + out.shape[0] + 1);
    if (scales) vector('bagBackward', 'scales', scales, outGrad.shape[0]);
  },
  matmulNN({ a, b, bias, out }) {
    matrix('matmulNN', 'a', a, ANY, ANY);
    matrix('matmulNN', 'b', b, a.shape[1], ANY);
    vector('matmulNN', 'bias', bias, b.shape[1]);
    matrix('matmulNN', 'out', out, a.shape[0], b.shape[1]);
  },
  matmulNT({ a, b, out }) {
    matrix('matmulNT', 'a', a, ANY, ANY);
    matrix('matmulNT', 'b', b, ANY, a.shape[1]);
    parts('matmulNT', 'out', out, a.shape[0], b.shape[0]);
  },
  matmulNTActivation({ a, b, saved, out }) {
    matrix('matmulNTActivation', 'a', a, ANY, ANY);
    matrix('matmulNTActivation', 'b', b, ANY, a.shape[1]);
    matrix('matmulNTActivation', 'saved', saved, a.shape[0], b.shape[0]);
    matrix('matmulNTActivation', 'out', out, a.shape[0], b.shape[0]);
  },
  matmulTN({ a, b, out, sums }) {
    matrix('matmulTN', 'a', a, ANY, ANY);
    matrix('matmulTN', 'b', b, a.shape[0], ANY);
    matrix('matmulTN', 'out', out, a.shape[1], b.shape[1]);
    vector('matmulTN', 'sums', sums, b.shape[1]);
  },
  transpose({ input, out }) {
    matrix('transpose', 'input', input, ANY, ANY);
    matrix('transpose', 'out', out, input.shape[1], input.shape[0]);
  },
  reduceActivation({ parts: partial, saved, out }) {
    matrix('reduceActivation', 'out', out, ANY, ANY);
    matrix('reduceActivation', 'saved', saved, out.shape[0], out.shape[1]);
    parts('reduceActivation', 'parts', partial, out.shape[0], out.shape[1]);
  },
  activate({ input, out }) {
    floating('activate', 'input', input);
    alike('activate', 'out', out, input);
  },
  bagSparse({ input, batch, table, out }) {
    matrix('bagSparse', 'out', out, ANY, ANY);
    sparse('bagSparse', input, 'input.indptr', 'input.indices', 'input.values');
    sparse('bagSparse', table, 'table.indptr', 'table.indices', 'table.values');
    vector('bagSparse', 'table.indptr', table.indptr, out.shape[1] + 1, 'u32');
    batchRows('bagSparse', batch, out.shape[0]);
  },
  dropout({ values }) {
    matrix('dropout', 'values', values, ANY, ANY);
  },
  gruGatesForward(args) {
    const { inputGates, weights, bias, states, gates, recurrent, previous } = args;
    matrix('gruGatesForward', 'states', states, ANY, ANY);
    const [positions, hidden] = states.shape;
    matrix('gruGatesForward', 'inputGates', inputGates, positions, 3 * hidden);
    matrix('gruGatesForward', 'weights', weights, hidden, 3 * hidden);
    vector('gruGatesForward', 'bias', bias, 3 * hidden);
    matrix('gruGatesForward', 'gates', gates, positions, 3 * hidden);
    matrix('gruGatesForward', 'recurrent', recurrent, positions, hidden);
    matrix('gruGatesForward', 'previous', previous, positions, hidden);
    within('gruGatesForward', 'first + count', args.first + args.count, positions);
    within(
      'gruGatesForward',
      'previousFirst + previousCount',
      args.previousFirst + args.previousCount,
      positions,
    );
  },
  gruGatesBackward(args) {
    const { gates, recurrent, previous, outGrad, weightsT, inputGrad, recurrentGrad, carried } = args;
    matrix('gruGatesBackward', 'outGrad', outGrad, ANY, ANY);
    const [positions, hidden] = outGrad.shape;
    matrix('gruGatesBackward', 'gates', gates, positions, 3 * hidden);
    matrix('gruGatesBackward', 'recurrent', recurrent, positions, hidden);
    matrix('gruGatesBackward', 'previous', previous, positions, hidden);
    matrix('gruGatesBackward', 'weightsT', weightsT, 3 * hidden, hidden);
    matrix('gruGatesBackward', 'inputGrad', inputGrad, positions, 3 * hidden);
    matrix('gruGatesBackward', 'recurrentGrad', recurrentGrad, positions, 3 * hidden);
    matrix('gruGatesBackward', 'carried', carried, positions, hidden);
    within('gruGatesBackward', 'first + count', args.first + args.count, positions);
    within('gruGatesBackward', 'nextFirst + nextCount', args.nextFirst + args.nextCount, positions);
  },
  gaussianSample({ encoded, out, count }) {
    matrix('gaussianSample', 'out', out, ANY, ANY);
    matrix('gaussianSample', 'encoded', encoded, out.shape[0], 2 * out.shape[1]);
    within('gaussianSample', 'count', count, out.shape[0]);
  },
  gaussianBackward({ encoded, outGrad, out, loss: sums, count }) {
    matrix('gaussianBackward', 'outGrad', outGrad, ANY, ANY);
    const [batch, latent] = outGrad.shape;
    matrix('gaussianBackward', 'encoded', encoded, batch, 2 * latent);
    matrix('gaussianBackward', 'out', out, batch, 2 * latent);
    vector('gaussianBackward', 'loss', sums, ANY);
    atLeast('gaussianBackward', 'loss', sums, batch);
    within('gaussianBackward', 'count', count, batch);
  },
  softmaxNll: (args) => loss('softmaxNll', args),
  squaredError: (args) => loss('squaredError', args),
  activatedSquaredError: (args) => loss('activatedSquaredError', args),
  binaryCrossEntropy: (args) => loss('binaryCrossEntropy', args),
  sumSquares({ input, sums, slot }) {
    floating('sumSquares', 'input', input);
    vector('sumSquares', 'sums', sums, ANY);
    atLeast('sumSquares', 'sums', sums, slot + SQUARE_PARTS);
  },
  clipNorm({ grad, squares }) {
    vector('clipNorm', 'grad', grad, ANY);
    vector('clipNorm', 'squares', squares, SQUARE_PARTS);
  },
  recordLoss({ parts: partial, ring, count, slot }) {
    vector('recordLoss', 'parts', partial, ANY);
    atLeast('recordLoss', 'parts', partial, count);
    vector('recordLoss', 'ring', ring, ANY);
    atLeast('recordLoss', 'ring', ring, slot + 1);
  },
  sgd({ param, grad, velocity }) {
    floating('sgd', 'param', param);
    alike('sgd', 'grad', grad, param);
    alike('sgd', 'velocity', velocity, param);
  },
  adam({ param, grad, moment1, moment2 }) {
    floating('adam', 'param', param);
    alike('adam', 'grad', grad, param);
    alike('adam', 'moment1', moment1, param);
    alike('adam', 'moment2', moment2, param);
  },
  zeroDiagonal({ matrix: square }) {
    matrix('zeroDiagonal', 'matrix', square, ANY, square.shape[0]);
  },
  clusterAssign({ points, centroids, assigned, distances }) {
    matrix('clusterAssign', 'points', points, ANY, ANY);
    matrix('clusterAssign', 'centroids', centroids, ANY, points.shape[1]);
    vector('clusterAssign', 'assigned', assigned, points.shape[0], 'u32');
    vector('clusterAssign', 'distances', distances, points.shape[0]);
  },
  clusterUpdate({ points, assigned, centroids, counts }) {
    matrix('clusterUpdate', 'points', points, ANY, ANY);
    matrix('clusterUpdate', 'centroids', centroids, ANY, points.shape[1]);
    vector('clusterUpdate', 'assigned', assigned, points.shape[0], 'u32');
    vector('clusterUpdate', 'counts', counts, centroids.shape[0], 'u32');
  },
  uniform({ out }) {
    matrix('uniform', 'out', out, ANY, ANY);
  },
  topK({ scores, seen, batch, allowed, topItems, topScores, firstItem = 0 }) {
    matrix('topK', 'scores', scores, ANY, ANY);
    firstOfBlock('topK', firstItem);
    sparse('topK', seen, 'seen.indptr', 'seen.indices', 'seen.values');
    batchRows('topK', batch, scores.shape[0]);
    vector('topK', 'allowed', allowed, ANY, 'u32');
    atLeast('topK', 'allowed', allowed, Math.ceil((firstItem + scores.shape[1]) / 32));
    matrix('topK', 'topItems', topItems, scores.shape[0], ANY, 'u32');
    matrix('topK', 'topScores', topScores, scores.shape[0], topItems.shape[1]);
  },
  scoresOf({ scores, heldOut, batch, out, firstItem = 0 }) {
    matrix('scoresOf', 'scores', scores, ANY, ANY);
    firstOfBlock('scoresOf', firstItem);
    sparse('scoresOf', heldOut, 'heldOut.indptr', 'heldOut.indices', 'heldOut.values');
    batchRows('scoresOf', batch, scores.shape[0]);
    vector('scoresOf', 'out', out, ANY);
  },
  rankOf({ scores, seen, heldOut, heldOutScores, batch, ranks, firstItem = 0 }) {
    matrix('rankOf', 'scores', scores, ANY, ANY);
    firstOfBlock('rankOf', firstItem);
    sparse('rankOf', seen, 'seen.indptr', 'seen.indices', 'seen.values');
    sparse('rankOf', heldOut, 'heldOut.indptr', 'heldOut.indices', 'heldOut.values');
    vector('rankOf', 'heldOutScores', heldOutScores, ANY);
    batchRows('rankOf', batch, scores.shape[0]);
    vector('rankOf', 'ranks', ranks, ANY, 'u32');
  },
};

function loss(op: keyof Ops, args: LossArgs & { firstItem?: number }): void {
  firstOfBlock(op, args.firstItem ?? 0);
  matrix(op, 'logits', args.logits, ANY, ANY);
  sparse(op, args.targets, 'targets.indptr', 'targets.indices', 'targets.values');
  batchRows(op, args.batch, args.logits.shape[0]);
  vector(op, 'loss', args.loss, ANY);
  atLeast(op, 'loss', args.loss, args.logits.shape[0]);
}
