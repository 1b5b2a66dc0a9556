import type { LatentOps } from '../backend/latentOps.js';
import { randomNormal } from '../backend/random.js';
import { floats } from './tensor.js';

export const gaussianSample: LatentOps['gaussianSample'] = (args) => {
  const encoded = floats(args.encoded);
  const out = floats(args.out);
  const latent = args.out.shape[1];
  const { count, noise } = args;

  for (let b = 0; b < count; b++) {
    for (let c = 0; c < latent; c++) {
      const mean = encoded[2 * b * latent + c];
      const logVariance = encoded[(2 * b + 1) * latent + c];
      const drawn = noise ? Math.exp(logVariance / 2) * randomNormal(noise.seed, noise.step, b, c) : 0;
      out[b * latent + c] = mean + drawn;
    }
  }
  out.fill(0, count * latent);
};

export const gaussianBackward: LatentOps['gaussianBackward'] = (args) => {
  const encoded = floats(args.encoded);
  const outGrad = floats(args.outGrad);
  const out = floats(args.out);
  const loss = floats(args.loss);
  const latent = args.outGrad.shape[1];
  const { count, noise, scale } = args;

  for (let b = 0; b < count; b++) {
    let kl = 0;
    for (let c = 0; c < latent; c++) {
      const at = 2 * b * latent + c;
      const mean = encoded[at];
      const logVariance = encoded[at + latent];
      const variance = Math.exp(logVariance);
      const g = outGrad[b * latent + c];
      const normal = noise ? randomNormal(noise.seed, noise.step, b, c) : 0;
      kl += (mean * mean + variance - logVariance - 1) / 2;
      out[at] = g + scale * mean;
      out[at + latent] = (g * Math.sqrt(variance) * normal + scale * (variance - 1)) / 2;
    }
    loss[b] += scale * kl;
  }
  out.fill(0, 2 * count * latent);
};
