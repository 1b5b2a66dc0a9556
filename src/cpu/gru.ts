import type { GruOps } from '../backend/gruOps.js';
import { sigmoid } from './activation.js';
import { floats } from './tensor.js';

export const gruGatesForward: GruOps['gruGatesForward'] = (args) => {
  const x = floats(args.inputGates);
  const weights = floats(args.weights);
  const bias = floats(args.bias);
  const states = floats(args.states);
  const gates = floats(args.gates);
  const recurrent = floats(args.recurrent);
  const previous = floats(args.previous);
  const hidden = args.states.shape[1];
  const h = new Float64Array(hidden);
  const sums = new Float64Array(3 * hidden);

  for (let i = 0; i < args.count; i++) {
    const row = args.first + i;
    const from = (args.previousFirst + i) * hidden;
    if (i < args.previousCount) h.set(states.subarray(from, from + hidden));
    else h.fill(0);
    sums.set(bias);
    for (let k = 0; k < hidden; k++) {
      for (let j = 0; j < 3 * hidden; j++) sums[j] += h[k] * weights[k * 3 * hidden + j];
    }
    for (let j = 0; j < hidden; j++) {
      const at = row * 3 * hidden + j;
      const r = sigmoid(x[at] + sums[j]);
      const z = sigmoid(x[at + hidden] + sums[hidden + j]);
      const n = Math.tanh(x[at + 2 * hidden] + r * sums[2 * hidden + j]);
      gates[at] = r;
      gates[at + hidden] = z;
      gates[at + 2 * hidden] = n;
      recurrent[row * hidden + j] = sums[2 * hidden + j];
      previous[row * hidden + j] = h[j];
      states[row * hidden + j] = (1 - z) * n + z * h[j];
    }
  }
};

export const gruGatesBackward: GruOps['gruGatesBackward'] = (args) => {
  const gates = floats(args.gates);
  const recurrent = floats(args.recurrent);
  const previous = floats(args.previous);
  const outGrad = floats(args.outGrad);
  const weightsT = floats(args.weightsT);
  const inputGrad = floats(args.inputGrad);
  const recurrentGrad = floats(args.recurrentGrad);
  const carried = floats(args.carried);
  const hidden = args.outGrad.shape[1];
  const sums = new Float64Array(hidden);

  for (let i = 0; i < args.count; i++) {
    const row = args.first + i;
    const next = args.nextFirst + i;
    for (let j = 0; j < hidden; j++) sums[j] = outGrad[row * hidden + j];
    if (i < args.nextCount) {
      for (let j = 0; j < hidden; j++) sums[j] += carried[next * hidden + j];
      for (let k = 0; k < 3 * hidden; k++) {
        const d = recurrentGrad[next * 3 * hidden + k];
        for (let j = 0; j < hidden; j++) sums[j] += d * weightsT[k * hidden + j];
      }
    }
    for (let j = 0; j < hidden; j++) {
      const at = row * 3 * hidden + j;
      const [r, z, n] = [gates[at], gates[at + hidden], gates[at + 2 * hidden]];
      const dh = sums[j];
      const dn = dh * (1 - z) * (1 - n * n);
      const dz = dh * (previous[row * hidden + j] - n) * z * (1 - z);
      const dr = dn * recurrent[row * hidden + j] * r * (1 - r);
      inputGrad[at] = dr;
      inputGrad[at + hidden] = dz;
      inputGrad[at + 2 * hidden] = dn;
      recurrentGrad[at] = dr;
      recurrentGrad[at + hidden] = dz;
      recurrentGrad[at + 2 * hidden] = dn * r;
      carried[row * hidden + j] = dh * z;
    }
  }
};
