import gaussianBackwardShader from '../../shaders/gaussianBackward.wgsl';
import gaussianSampleShader from '../../shaders/gaussianSample.wgsl';
import type { LatentOps, Noise } from '../backend/latentOps.js';
import { mix } from '../backend/random.js';
import { gpu, grid } from './launch.js';
import type { Queue } from './queue.js';

const noiseKey = (noise: Noise | undefined): number => (noise ? mix(mix(noise.seed) ^ noise.step) : 0);
const draws = (noise: Noise | undefined) => ({ draws: noise ? 1 : 0 });

export const latentOps = (queue: Queue): LatentOps => ({
  gaussianSample({ encoded, out, count, noise }) {
    const [batch, latent] = out.shape;
    queue.launch({
      shader: gaussianSampleShader,
      tensors: { encoded: gpu(encoded), out: gpu(out) },
      params: {
        batch,
        latent,
        count,
        encodedStride: gpu(encoded).stride,
        stride: gpu(out).stride,
        noiseKey: noiseKey(noise),
      },
      constants: draws(noise),
      workgroups: grid(Math.ceil((batch * latent) / 64)),
    });
  },

  gaussianBackward({ encoded, outGrad, out, loss, count, noise, scale }) {
    const [batch, latent] = outGrad.shape;
    queue.launch({
      shader: gaussianBackwardShader,
      tensors: { encoded: gpu(encoded), outGrad: gpu(outGrad), out: gpu(out), loss: gpu(loss) },
      params: {
        latent,
        count,
        encodedStride: gpu(encoded).stride,
        stride: gpu(outGrad).stride,
        noiseKey: noiseKey(noise),
        scale,
      },
      constants: draws(noise),
      workgroups: [batch, 1, 1],
    });
  },
});
