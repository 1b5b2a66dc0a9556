import type { PairOps } from '../backend/pairOps.js';
import { ACTIVATIONS, sigmoid, softplus } from './activation.js';
import { floats, integers } from './tensor.js';

export const pairSum: PairOps['pairSum'] = (args) => {
  const pairs = integers(args.pairs);
  const users = floats(args.users);
  const items = floats(args.items);
  const out = floats(args.out);
  const hidden = args.out.shape[1];
  const activation = ACTIVATIONS[args.activation];

  for (let k = 0; k < args.count; k++) {
    const [user, item] = pairs.subarray(4 * (args.first + k));
    for (let h = 0; h < hidden; h++) {
      out[k * hidden + h] = activation(users[user * hidden + h] + items[item * hidden + h]);
    }
  }
  out.fill(0, args.count * hidden);
};

export const pairLoss: PairOps['pairLoss'] = (args) => {
  const pairs = integers(args.pairs);
  const bits = new Float32Array(pairs.buffer, pairs.byteOffset, pairs.length);
  const users = floats(args.users);
  const items = floats(args.items);
  const logits = floats(args.logits);
  const loss = floats(args.loss);
  const factors = args.users.shape[1];

  for (let k = 0; k < args.count; k++) {
    const at = 4 * (args.first + k);
    const [user, item] = pairs.subarray(at);
    const target = bits[at + 2];
    const weight = args.scale * bits[at + 3];
    let z: number = logits[k];
    for (let f = 0; f < factors; f++) z += users[user * factors + f] * items[item * factors + f];
    loss[k] = weight * (softplus(z) - target * z);
    logits[k] = weight * (sigmoid(z) - target);
  }
  logits.fill(0, args.count);
  loss.fill(0, args.count, args.logits.shape[0]);
};

export const pairBackward: PairOps['pairBackward'] = (args) => {
  const starts = integers(args.starts);
  const entries = integers(args.entries);
  const logitGrad = floats(args.logitGrad);
  const sumGrad = floats(args.sumGrad);
  const others = floats(args.others);
  const [rows, factors] = args.outDot.shape;
  const hidden = args.outSum.shape[1];
  const dot = new Float64Array(factors);
  const sum = new Float64Array(hidden);

  for (let row = 0; row < rows; row++) {
    dot.fill(0);
    sum.fill(0);
    const first = args.firstStart + row;
    for (let e = starts[first]; e < starts[first + 1]; e++) {
      const [pair, other] = entries.subarray(2 * e);
      for (let f = 0; f < factors; f++) dot[f] += logitGrad[pair] * others[other * factors + f];
      for (let h = 0; h < hidden; h++) sum[h] += sumGrad[pair * hidden + h];
    }
    floats(args.outDot).set(dot, row * factors);
    floats(args.outSum).set(sum, row * hidden);
  }
};

export const gridSum: PairOps['gridSum'] = (args) => {
  const users = floats(args.users);
  const items = floats(args.items);
  const out = floats(args.out);
  const [count, hidden] = args.items.shape;
  const activation = ACTIVATIONS[args.activation];
  for (let r = 0; r < args.rows; r++) {
    for (let at = 0; at < count * hidden; at++) {
      const z = users[(args.firstRow + r) * hidden + (at % hidden)] + items[at];
      out[r * count * hidden + at] = activation(z);
    }
  }
};

export const pairScores: PairOps['pairScores'] = (args) => {
  const parts = floats(args.parts);
  const scores = floats(args.scores);
  const items = args.scores.shape[1];
  for (let at = 0; at < args.rows * items; at++) scores[args.firstRow * items + at] += parts[at];
};
