import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { goldens, replay, worstDifference } from './replay.js';

export interface Bounds {
  /** Relative, on every one of the 20 losses. */
  readonly loss: number;
  /** Absolute, on the final weights and the first gradients. */
  readonly weights: number;
  readonly gradients: number;
}

/** All 15 PyTorch traces on one backend. */
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
  });
}
