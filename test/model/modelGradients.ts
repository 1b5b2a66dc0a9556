import { expect } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import type { Parameters } from '../../src/model/model.js';

/**
 * Every gradient of a model against central differences of its loss, in f64. `run` computes loss and gradients of one
 * step with the parameters as they are, and returns the loss.
 */
export async function expectModelGradients(
  backend: Backend,
  { names, values, grads }: Parameters,
  run: () => Promise<number>,
): Promise<void> {
  expect(await run()).toBeGreaterThan(0);
  const found = await Promise.all(grads.parts.map((part) => backend.read(part)));
  const h = 1e-5;
  for (const [place, name] of names.entries()) {
    const part = values.parts[place];
    const start = (await backend.read(part)) as Float64Array;
    for (let i = 0; i < start.length; i++) {
      const losses: number[] = [];
      for (const step of [h, -h]) {
        const moved = start.slice();
        moved[i] += step;
        backend.write(part, moved);
        losses.push(await run());
      }
      const slope = (losses[0] - losses[1]) / (2 * h);
      const error = Math.abs(slope - found[place][i]) / Math.max(1, Math.abs(slope));
      expect(error, `${name}[${i}]: differences ${slope}, gradient ${found[place][i]}`).toBeLessThan(1e-6);
    }
    backend.write(part, start);
  }
}
