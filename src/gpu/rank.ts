import rankOfShader from '../../shaders/rankOf.wgsl';
import scoresOfShader from '../../shaders/scoresOf.wgsl';
import topKShader from '../../shaders/topK.wgsl';
import type { Ops } from '../backend/ops.js';
import { batchParams, gpu, sparse } from './launch.js';
import type { Queue } from './queue.js';

/** How many items one dispatch of topK finds. */
const MOST_AT_ONCE = 256;

export const rankOps = (queue: Queue): Pick<Ops, 'topK' | 'scoresOf' | 'rankOf'> => ({
  topK({ scores, seen, batch, allowed, topItems, topScores, firstItem = 0 }) {
    const [, items] = scores.shape;
    const [rows, k] = topItems.shape;
    for (let done = 0; done < k; done += MOST_AT_ONCE) {
      const wanted = Math.min(MOST_AT_ONCE, k - done);
      queue.launch({
        shader: topKShader,
        tensors: {
          scores: gpu(scores),
          ...sparse('seen', seen),
          rows: gpu(batch.rows),
          allowed: gpu(allowed),
          topItems: gpu(topItems),
          topScores: gpu(topScores),
        },
        params: {
          ...batchParams(batch),
          items,
          firstItem,
          stride: gpu(scores).stride,
          k,
          done,
          wanted,
          segments: Math.ceil(wanted / 64),
          topStride: gpu(topScores).stride,
        },
        workgroups: [rows, 1, 1],
      });
    }
  },

  scoresOf({ scores, heldOut, batch, out, firstEntry, firstItem = 0 }) {
    const [rows, items] = scores.shape;
    queue.launch({
      shader: scoresOfShader,
      tensors: { scores: gpu(scores), ...sparse('heldOut', heldOut), rows: gpu(batch.rows), out: gpu(out) },
      params: { ...batchParams(batch), items, firstItem, stride: gpu(scores).stride, firstEntry },
      workgroups: [rows, 1, 1],
    });
  },

  rankOf({ scores, seen, heldOut, heldOutScores, batch, ranks, firstEntry, firstItem = 0 }) {
    const [rows, items] = scores.shape;
    queue.launch({
      shader: rankOfShader,
      tensors: {
        scores: gpu(scores),
        ...sparse('seen', seen),
        ...sparse('heldOut', heldOut),
        heldOutScores: gpu(heldOutScores),
        rows: gpu(batch.rows),
        ranks: gpu(ranks),
      },
      params: { ...batchParams(batch), items, firstItem, stride: gpu(scores).stride, firstEntry },
      workgroups: [rows, 1, 1],
    });
  },
});
