import rankOfShader from '../../shaders/rankOf.wgsl';
import scoresOfShader from '../../shaders/scoresOf.wgsl';
import topKShader from '../../shaders/topK.wgsl';
import type { Ops } from '../backend/ops.js';
import { type Family, ROW_LANES } from './family.js';
import { batchParams, gpu, sparse, vec4s } from './launch.js';
import type { Queue } from './queue.js';

/** How many items one dispatch of topK finds. */
const MOST_AT_ONCE = 256;

/** The most groups of items whose maxima the kernel keeps. */
const MOST_GROUPS = 1024;

/** vec4 columns of a group: four where that leaves several times as many groups as are wanted. */
const groupColumns = (items: number, wanted: number): number =>
  Math.max(Math.ceil(items / (4 * MOST_GROUPS)), Math.min(4, Math.floor(items / (24 * wanted))));

export const rankOps = (queue: Queue, family: Family): Pick<Ops, 'topK' | 'scoresOf' | 'rankOf'> => {
  const lanes = ROW_LANES[family];
  return {
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
            stride4: vec4s(gpu(scores).stride),
            k,
            done,
            wanted,
            // Half as many maxima again as wanted: fewer make a low bound, more take longer to compare.
            segments: Math.ceil((1.5 * wanted) / lanes),
            group4: groupColumns(items, wanted),
            topStride: gpu(topScores).stride,
          },
          constants: { lanes, later: done > 0 ? 1 : 0 },
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
        params: { ...batchParams(batch), items, firstItem, stride4: vec4s(gpu(scores).stride), firstEntry },
        constants: { lanes },
        workgroups: [rows, 1, 1],
      });
    },
  };
};
