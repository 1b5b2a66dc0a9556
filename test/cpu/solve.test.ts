import { describe, expect, it } from 'vitest';
import { freeAll } from '../../src/backend/sparse.js';
import { type Blocked, readStored, writeStored } from '../../src/backend/stored.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { inverse, inverseSteps } from '../../src/model/inverse.js';
import { numbers } from '../../src/verify/inputs.js';
import { gaussJordan, worst } from '../model/dense.js';

const backend = createCpuBackend({ precision: 'f64' });

/** M'M / n + I of a seeded M: symmetric and well conditioned. */
function definite(n: number): Float64Array {
  const m = numbers(n * n, 91);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let t = 0; t < n; t++) a[i * n + j] += (m[t * n + i] * m[t * n + j]) / n;
    }
    a[i * n + i] += 1;
  }
  return a;
}

describe('the inverse by blocks', () => {
  it.each([1, 2, 63, 64, 65, 130, 200])('of order %i is that of Gauss and Jordan', async (n) => {
    const a = definite(n);
    let steps = 0;
    const fill = async (out: Blocked) => writeStored(backend, out, a);
    const found = await inverse(backend, n, fill, async () => {
      steps++;
    });
    expect(worst(await readStored(backend, found), gaussJordan(a, n))).toBeLessThan(1e-12);
    expect(steps).toBe(inverseSteps(n));
    freeAll(found.blocks);
    expect(backend.liveBytes).toBe(0);
  });

  it('refuses a singular matrix and frees all it took', async () => {
    const a = Float64Array.of(1, 1, 1, 1);
    const made = inverse(
      backend,
      2,
      async (out) => writeStored(backend, out, a),
      async () => {},
    );
    await expect(made).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('singular'),
    });
    expect(backend.liveBytes).toBe(0);
  });
});
