import uniformShader from '../../shaders/uniform.wgsl';
import type { Ops } from '../backend/ops.js';
import { mix } from '../backend/random.js';
import { gpu } from './launch.js';
import type { Queue } from './queue.js';

export const randomOps = (queue: Queue): Pick<Ops, 'uniform'> => ({
  uniform({ out, seed, stream, firstRow, firstColumn = 0 }) {
    const [m, n] = out.shape;
    queue.launch({
      shader: uniformShader,
      tensors: { out: gpu(out) },
      params: { m, n, stride: gpu(out).stride, key: mix(mix(seed) ^ stream), firstRow, firstColumn },
      workgroups: [m, Math.ceil(n / 64), 1],
    });
  },
});
