import { expect, it } from 'vitest';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import {
  fitModel,
  isMadeOfLog,
  learnsInEpochs,
  MODEL_NAMES,
  modelDefaults,
  trainable,
} from '../../src/model/registry.js';

const train = csrFromRows(
  [
    [0, 1, 2],
    [2, 3],
    [1, 3, 0],
  ],
  4,
  undefined,
  { inOrder: true },
);

// A blend is made by `fit`, which has a validation part to weigh its members on.
const alone = MODEL_NAMES.filter((name) => isMadeOfLog(name) && name !== 'blend');

it.each(alone)('%s learns in epochs exactly where it can be trained', async (name) => {
  const backend = createCpuBackend();
  const model = await fitModel(name, backend, { train, config: {}, seed: 1 });
  expect(trainable(model) !== undefined).toBe(learnsInEpochs(name));
  backend.dispose();
});

it('tells the defaults of every model', () => {
  expect(modelDefaults('mlp')).toMatchObject({ hidden: [128, 64] });
  expect(modelDefaults('popular')).toEqual({});
  expect(() => modelDefaults('no such model')).toThrow(expect.objectContaining({ code: 'CONFIG' }));
});
