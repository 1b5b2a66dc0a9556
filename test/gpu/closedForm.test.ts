import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFixedSplit } from '../../bench/fixedSplits.js';
import { freeAll } from '../../src/backend/sparse.js';
import { readStored, writeStored } from '../../src/backend/stored.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { evaluate } from '../../src/evaluate/evaluate.js';
import type { GpuBackend } from '../../src/gpu/backend.js';
import { EASE_DEFAULTS, fitEase } from '../../src/model/ease.js';
import { inverse } from '../../src/model/inverse.js';
import { numbers, randomCsr } from '../../src/verify/inputs.js';
import { gaussJordan, worst } from '../model/dense.js';
import { openGpu } from './backend.js';

const DATA = process.env['FOLDIN_DATA'];
const splits = join(DATA ?? '', 'splits');

let backend: GpuBackend;
beforeAll(async () => {
  backend = await openGpu();
});
afterAll(() => backend?.dispose());

describe('the inverse on the GPU', () => {
  const n = 150;
  /** Symmetric, eigenvalues from about `least` to n / 3, exact in f32. */
  function matrix(least: number): Float32Array {
    const half = numbers(n * 20, 95);
    const a = new Float32Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = i === j ? least : 0;
        for (let t = 0; t < 20; t++) sum += half[t * n + i] * half[t * n + j];
        a[i * n + j] = sum;
      }
    }
    return a;
  }

  async function relativeError(least: number): Promise<{ error: number; dispatches: number }> {
    const a = matrix(least);
    const expected = gaussJordan(a, n);
    const before = backend.counts.dispatches;
    const found = await inverse(
      backend,
      n,
      async (out) => writeStored(backend, out, a),
      async () => {},
    );
    const error =
      worst(await readStored(backend, found), expected) / worst(expected, new Float64Array(n * n));
    freeAll(found.blocks);
    return { error, dispatches: backend.counts.dispatches - before };
  }

  it('needs no refinement where the matrix is well conditioned', async () => {
    expect((await relativeError(1)).error).toBeLessThan(1e-5);
  });

  it('is refined where it is not', async () => {
    // A condition of 3e4 leaves three digits (1.3e-3 on lavapipe); refined, as many as f32 has.
    const plain = await relativeError(1);
    const { error, dispatches } = await relativeError(3e-3);
    expect(dispatches).toBeGreaterThan(plain.dispatches);
    expect(error).toBeLessThan(5e-6);
  });

  it('refuses what f32 cannot tell from a singular matrix, and frees all it took', async () => {
    const liveBefore = backend.liveBytes;
    await expect(relativeError(1e-7)).rejects.toMatchObject({ code: 'CONFIG' });
    expect(backend.liveBytes).toBe(liveBefore);
  });
});

it('EASE has the weights of the f64 reference', async () => {
  const train = randomCsr(400, 200, 0.1, 96);
  const config = { ...EASE_DEFAULTS, l2: 10, dropout: 0.3, userPower: 0.5, l2Power: 0.5 };
  const reference = createCpuBackend({ precision: 'f64' });
  const read = async (on: typeof reference) => {
    const model = await fitEase(on, train, config, {});
    const weights = await readStored(on, model.tensors.get('weights')!);
    model.dispose();
    return weights;
  };
  expect(worst(await read(backend), await read(reference))).toBeLessThan(1e-6);
});

describe('golden figures of ML-100K', () => {
  const golden = () => JSON.parse(readFileSync(join(splits, 'golden-metrics.json'), 'utf8'));
  const here = DATA !== undefined && existsSync(join(splits, 'golden-metrics.json'));
  for (const name of ['ml100k-s0', 'ml100k-s1', 'ml100k-s2']) {
    it.skipIf(!here)(`EASE on ${name} (needs FOLDIN_DATA with splits/)`, async () => {
      const split = readFixedSplit(DATA!, name)!;
      const model = await fitEase(backend, split.train, { ...EASE_DEFAULTS, l2: 300 }, {});
      const { metrics } = await evaluate(backend, model, split.test, { ties: 'index' });
      model.dispose();
      const expected = golden()[name].EASE_lambda300;
      for (const [metric, key] of [
        ['ndcg@100', 'N100'],
        ['cappedRecall@20', 'R20'],
        ['cappedRecall@50', 'R50'],
        ['precision@10', 'P10'],
        ['f1@10', 'F10'],
      ]) {
        expect(Math.abs(metrics[metric].mean - expected[key]), metric).toBeLessThan(1e-4);
      }
    });
  }
});
