import type { Ops } from '../backend/ops.js';
import { floats } from './tensor.js';

export const sgd: Ops['sgd'] = (args) => {
  const param = floats(args.param);
  const grad = floats(args.grad);
  const velocity = floats(args.velocity);
  const { decayed = param.length } = args;
  for (let i = 0; i < param.length; i++) {
    const g = grad[i] + (i < decayed ? 2 * args.l2 * param[i] : 0);
    const v = args.momentum * velocity[i] + g;
    velocity[i] = v;
    param[i] -= args.learningRate * v;
  }
};

export const adam: Ops['adam'] = (args) => {
  const param = floats(args.param);
  const grad = floats(args.grad);
  const moment1 = floats(args.moment1);
  const moment2 = floats(args.moment2);
  const { learningRate, beta1, beta2, epsilon, decayed = param.length } = args;
  const correction1 = 1 - beta1 ** args.step;
  const correction2 = 1 - beta2 ** args.step;
  for (let i = 0; i < param.length; i++) {
    const l2 = i < decayed ? args.l2 : 0;
    const weightDecay = i < decayed ? args.weightDecay : 0;
    const g = grad[i] + 2 * l2 * param[i];
    const m = beta1 * moment1[i] + (1 - beta1) * g;
    const v = beta2 * moment2[i] + (1 - beta2) * g * g;
    moment1[i] = m;
    moment2[i] = v;
    const step = m / correction1 / (Math.sqrt(v / correction2) + epsilon);
    param[i] -= learningRate * (step + weightDecay * param[i]);
  }
};

export const clipNorm: Ops['clipNorm'] = (args) => {
  const grad = floats(args.grad);
  let sum = 0;
  for (const part of floats(args.squares)) sum += part;
  const factor = Math.min(1, args.most / (Math.sqrt(sum) + 1e-6));
  for (let i = 0; i < grad.length; i++) grad[i] *= factor;
};

export const zeroDiagonal: Ops['zeroDiagonal'] = (args) => {
  const matrix = floats(args.matrix);
  const n = args.matrix.shape[0];
  for (let i = 0; i < n; i++) matrix[i * n + i] = 0;
};
