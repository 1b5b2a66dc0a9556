import type { Ops } from '../backend/ops.js';
import { floats } from './tensor.js';

export const gaussianKernel: Ops['gaussianKernel'] = ({ cosines, sharpness }) => {
  const k = floats(cosines);
  for (let i = 0; i < k.length; i++) k[i] = Math.exp(sharpness * (k[i] - 1));
};

export const standardise: Ops['standardise'] = (args) => {
  const scores = floats(args.scores);
  const out = floats(args.out);
  const rowWeights = args.rowWeights && floats(args.rowWeights);
  const [batch, items] = args.scores.shape;
  for (let b = 0; b < batch; b++) {
    const at = b * items;
    // From the first score, so that equal scores are exactly 0 away from their mean.
    const origin = scores[at];
    let sum = 0;
    for (let i = 0; i < items; i++) sum += scores[at + i] - origin;
    const mean = sum / items;
    let squares = 0;
    for (let i = 0; i < items; i++) squares += (scores[at + i] - origin - mean) ** 2;
    const factor = squares > 0 ? (args.weight * (rowWeights?.[b] ?? 1)) / Math.sqrt(squares / items) : 0;
    for (let i = 0; i < items; i++) {
      const z = factor * (scores[at + i] - origin - mean);
      out[at + i] = args.accumulate ? out[at + i] + z : z;
    }
  }
};
