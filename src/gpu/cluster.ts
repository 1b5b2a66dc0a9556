import clusterAssignShader from '../../shaders/clusterAssign.wgsl';
import clusterUpdateShader from '../../shaders/clusterUpdate.wgsl';
import type { Ops } from '../backend/ops.js';
import { gpu, grid, vec4s } from './launch.js';
import type { Queue } from './queue.js';

export const clusterOps = (queue: Queue): Pick<Ops, 'clusterAssign' | 'clusterUpdate'> => ({
  clusterAssign({ points, centroids, assigned, distances }) {
    const [n] = points.shape;
    queue.launch({
      shader: clusterAssignShader,
      tensors: {
        points: gpu(points),
        centroids: gpu(centroids),
        assigned: gpu(assigned),
        distances: gpu(distances),
      },
      params: { n, k: centroids.shape[0], stride4: vec4s(gpu(points).stride) },
      workgroups: grid(Math.ceil(n / 64)),
    });
  },

  clusterUpdate({ points, assigned, centroids, counts }) {
    const stride4 = vec4s(gpu(points).stride);
    queue.launch({
      shader: clusterUpdateShader,
      tensors: {
        points: gpu(points),
        assigned: gpu(assigned),
        centroids: gpu(centroids),
        counts: gpu(counts),
      },
      params: { n: points.shape[0], stride4 },
      workgroups: [centroids.shape[0], Math.ceil(stride4 / 32), 1],
    });
  },
});
