import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { goldens, replay, worstDifference } from './replay.js';
import { forwardTrace, goldenGru, replayGru, worstOf } from './replayGru.js';

export interface Bounds {
  /** Relative, on every one of the 20 losses. */
  readonly loss: number;
  /** Absolute, on the final weights and the first gradients. */
  readonly weights: number;
  readonly gradients: number;
}

/** All PyTorch traces on one backend: 15 of networks over histories, 4 of recurrent units. */
export function goldenSuite(title: string, open: () => Promise<Backend>, bounds: Bounds): void {
  describe(title, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend?.dispose());

    it('finds the 15 cases', () => {
      expect(goldens.flatMap((golden) => golden.cases)).toHaveLength(15);
    });
    for (const golden of goldens) {
      it.each(golden.cases)('$name', async (c) => {
        const { losses, grad0, final, top5 } = await replay(backend, golden, c);
        const worstLoss = Math.max(
          ...c.losses_f64.map((loss, step) => Math.abs(losses[step] - loss) / Math.abs(loss)),
        );
        expect(worstLoss).toBeLessThanOrEqual(bounds.loss);
        expect(worstDifference(grad0, c.grad0)).toBeLessThanOrEqual(bounds.gradients);
        expect(worstDifference(final, c.final)).toBeLessThanOrEqual(bounds.weights);
        // The smallest gap between a list's scores is above 1e-5 in every case, well above the weights' bound's effect.
        expect(top5).toEqual(c.top5);
      });
    }

    it('gates and states of a GRU, item by item', async () => {
      const found = await forwardTrace(backend);
      expect(found).toHaveLength(7);
      found.forEach((step, t) => {
        for (const [name, values] of Object.entries(goldenGru.forward_trace_user2_init[t])) {
          values.forEach((x, i) => {
            const difference = Math.abs(step[name as 'h'][i] - x);
            expect(difference, `${name} of item ${t}, unit ${i}`).toBeLessThanOrEqual(bounds.gradients);
          });
        }
      });
    });

    it.each(goldenGru.cases)('$name', async (c) => {
      const liveBefore = backend.liveBytes;
      const found = await replayGru(backend, c);
      expect(found.positions).toEqual(c.positions);
      const worstLoss = Math.max(
        ...c.losses_f64.map((loss, step) => Math.abs(found.losses[step] - loss) / Math.abs(loss)),
      );
      expect(worstLoss).toBeLessThanOrEqual(Math.min(bounds.loss, 1e-5));
      expect(worstOf(found.grad0, c.grad0)).toBeLessThanOrEqual(bounds.gradients);
      expect(worstOf(found.final, c.final)).toBeLessThanOrEqual(bounds.weights);
      const worstScore = (got: number[][], expected: number[][]) =>
        Math.max(...expected.flatMap((row, u) => row.map((x, i) => Math.abs(got[u][i] - x))));
      expect(worstScore(found.scoresBefore, c.scores_last_init)).toBeLessThanOrEqual(bounds.weights);
      expect(worstScore(found.scoresAfter, c.scores_last)).toBeLessThanOrEqual(5 * bounds.weights);
      expect(found.top5).toEqual(c.top5);
      expect(backend.liveBytes).toBe(liveBefore);
    });
  });
}
