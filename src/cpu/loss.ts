import { type BlockLossArgs, type Ops, SQUARE_PARTS } from '../backend/ops.js';
import { sigmoid, softplus } from './activation.js';
import { floats, integers } from './tensor.js';

/** One row as the losses see it: dense, in doubles. */
interface Row {
  /** Scores on entry; the gradient, not yet scaled, on return. */
  readonly logits: Float64Array;
  /** 0 where nothing is stored. */
  readonly targets: Float64Array;
  /** 1 where a target is stored. */
  readonly stored: Uint8Array;
}

/** Runs `rowLoss`, which turns the row's logits into their gradient, over the rows of a batch. */
function eachRow(args: BlockLossArgs, rowLoss: (row: Row) => number): void {
  const indptr = integers(args.targets.indptr);
  const indices = integers(args.targets.indices);
  const values = floats(args.targets.values);
  const rows = integers(args.batch.rows);
  const logits = floats(args.logits);
  const loss = floats(args.loss);
  const items = args.logits.shape[1];
  const { count, first } = args.batch;
  const { firstItem = 0 } = args;
  const dense: Row = {
    logits: new Float64Array(items),
    targets: new Float64Array(items),
    stored: new Uint8Array(items),
  };

  for (let b = 0; b < count; b++) {
    const from = indptr[rows[first + b]];
    const to = indptr[rows[first + b] + 1];
    dense.targets.fill(0);
    dense.stored.fill(0);
    for (let e = from; e < to; e++) {
      const column = indices[e] - firstItem;
      if (column < 0 || column >= items) continue;
      dense.targets[column] = values[values.length === 1 ? 0 : e];
      dense.stored[column] = 1;
    }
    for (let i = 0; i < items; i++) dense.logits[i] = logits[b * items + i];
    loss[b] = (firstItem > 0 ? loss[b] : 0) + args.scale * rowLoss(dense);
    for (let i = 0; i < items; i++) logits[b * items + i] = args.scale * dense.logits[i];
  }
  logits.fill(0, count * items);
  loss.fill(0, count, args.logits.shape[0]);
}

export const softmaxNll: Ops['softmaxNll'] = (args) =>
  eachRow(args, ({ logits, targets }) => {
    const logSum = logSumExp(logits);
    let total = 0;
    let loss = 0;
    for (let i = 0; i < logits.length; i++) {
      total += targets[i];
      if (targets[i] !== 0) loss += targets[i] * (logSum - logits[i]);
    }
    for (let i = 0; i < logits.length; i++) logits[i] = total * Math.exp(logits[i] - logSum) - targets[i];
    return loss;
  });

export const squaredError: Ops['squaredError'] = (args) =>
  eachRow(args, ({ logits, targets, stored }) => {
    let loss = 0;
    for (let i = 0; i < logits.length; i++) {
      const weight = stored[i] ? 1 : args.negativeWeight;
      const difference = logits[i] - targets[i];
      loss += weight * difference * difference;
      logits[i] = 2 * weight * difference;
    }
    return loss;
  });

export const activatedSquaredError: Ops['activatedSquaredError'] = (args) =>
  eachRow(args, ({ logits, targets, stored }) => {
    const outputs = args.output === 'softmax' ? softmax(logits) : logits.map(sigmoid);
    const outputsGrad = new Float64Array(logits.length);
    let loss = 0;
    let dot = 0;
    for (let i = 0; i < logits.length; i++) {
      const weight = stored[i] ? 1 : args.negativeWeight;
      const difference = outputs[i] - targets[i];
      loss += weight * difference * difference;
      outputsGrad[i] = 2 * weight * difference;
      dot += outputsGrad[i] * outputs[i];
    }
    for (let i = 0; i < logits.length; i++) {
      const y = outputs[i];
      logits[i] = args.output === 'softmax' ? y * (outputsGrad[i] - dot) : y * (1 - y) * outputsGrad[i];
    }
    return loss;
  });

export const binaryCrossEntropy: Ops['binaryCrossEntropy'] = (args) =>
  eachRow(args, ({ logits, targets }) => {
    let loss = 0;
    for (let i = 0; i < logits.length; i++) {
      loss += softplus(logits[i]) - targets[i] * logits[i];
      logits[i] = sigmoid(logits[i]) - targets[i];
    }
    return loss;
  });

export const sumSquares: Ops['sumSquares'] = (args) => {
  let sum = 0;
  for (const x of floats(args.input).subarray(0, args.count)) sum += x * x;
  const sums = floats(args.sums);
  sums.fill(0, args.slot, args.slot + SQUARE_PARTS);
  sums[args.slot] = args.factor * sum;
};

export const recordLoss: Ops['recordLoss'] = (args) => {
  const parts = floats(args.parts);
  let sum = 0;
  for (let i = 0; i < args.count; i++) sum += Number.isFinite(parts[i]) ? parts[i] : Number.NaN;
  floats(args.ring)[args.slot] = sum;
};

function logSumExp(logits: Float64Array): number {
  let max = logits[0];
  for (const x of logits) max = Math.max(max, x);
  let sum = 0;
  for (const x of logits) sum += Math.exp(x - max);
  return max + Math.log(sum);
}

function softmax(logits: Float64Array): Float64Array {
  const logSum = logSumExp(logits);
  return logits.map((x) => Math.exp(x - logSum));
}
