import { describe, expect, it } from 'vitest';
import { randomUniform } from '../../src/backend/random.js';
import type { ConsecutiveRows, DeviceRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import type { EvaluationSet } from '../../src/data/splitTypes.js';
import { chooseWeights } from '../../src/evaluate/blendWeights.js';
import type { Model } from '../../src/model/model.js';

const backend = createCpuBackend();
const ITEMS = 40;

/** A user has one item of the first half and is to find another: `distance` of 3, either way round the circle of items. */
function people(users: number): EvaluationSet {
  const item = (user: number) => (7 * user) % ITEMS;
  return {
    history: csrFromRows(
      Array.from({ length: users }, (_, u) => [item(u)]),
      ITEMS,
    ),
    heldOut: csrFromRows(
      Array.from({ length: users }, (_, u) => [(item(u) + (u % 2 ? 3 : ITEMS - 3)) % ITEMS]),
      ITEMS,
    ),
  };
}

/** Scores by what `of` says of the user's item and each item, and so much noise. */
const model = (seed: number, noise: number, of: (had: number, item: number) => number, scale = 1): Model => ({
  name: `model${seed}`,
  items: ITEMS,
  config: {},
  tensors: new Map(),
  isAdditive: false,
  inputValues() {},
  score(histories: DeviceRows, { first, count }: ConsecutiveRows, scores) {
    const values = new Float32Array(scores.size);
    for (let row = 0; row < count; row++) {
      const had = histories.matrix.indices[first + row];
      for (let item = 0; item < ITEMS; item++) {
        values[row * ITEMS + item] = scale * (of(had, item) + noise * randomUniform(seed, had, 0, item));
      }
    }
    backend.write(scores, values);
  },
  dispose() {},
});
const forward = (had: number, item: number) => ((had + 3) % ITEMS === item ? 1 : 0);
const backward = (had: number, item: number) => ((had + ITEMS - 3) % ITEMS === item ? 1 : 0);
const nothing = () => 0;

describe('weights of a blend', () => {
  it('leave out what only adds noise, whatever the units', async () => {
    const models = [model(1, 3, nothing, 1000), model(2, 1.5, forward, 1e-3), model(3, 1.5, backward)];
    const found = await chooseWeights(backend, models, people(200), { seed: 1 });
    expect(found.chosenBy).toBe('validation');
    expect(found.users).toBe(200);
    expect(found.weights[0]).toBeLessThan(Math.min(found.weights[1], found.weights[2]) / 2);
    expect(Math.abs(found.weights[1] - found.weights[2])).toBeLessThan(0.5);
    expect(found.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    const { chosen, equal, alone } = found.found!;
    expect(chosen).toBeGreaterThan(equal);
    for (const figure of alone) expect(chosen).toBeGreaterThan(figure);
    expect(backend.liveBytes).toBe(0);
    // The same again, to the last digit.
    expect(await chooseWeights(backend, models, people(200), { seed: 1 })).toEqual(found);
  });

  it('stay equal, and say why, where the users are too few', async () => {
    const models = [model(1, 3, nothing), model(2, 0.1, forward)];
    const found = await chooseWeights(backend, models, people(20), { seed: 1 });
    expect(found).toMatchObject({ weights: [0.5, 0.5], chosenBy: 'equal', users: 20 });
    expect(found.reason).toMatch(/20 validation users are too few/);
    expect(found.found).toBeUndefined();
  });

  it('stay equal, and say why, where no others are better beyond chance', async () => {
    const models = [model(1, 3, forward), model(2, 3, forward)];
    const found = await chooseWeights(backend, models, people(60), { seed: 1 });
    expect(found).toMatchObject({ weights: [0.5, 0.5], chosenBy: 'equal' });
    expect(found.reason).toMatch(/on 60 validation users no others are better beyond chance/);
    expect(found.found!.chosen).toBe(found.found!.equal);
  });

  it('stop when asked to, and free all they took', async () => {
    const models = [model(1, 3, nothing), model(2, 0.1, forward)];
    const signal = AbortSignal.abort();
    await expect(chooseWeights(backend, models, people(60), { seed: 1, signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(backend.liveBytes).toBe(0);
  });
});
