import { expect, it } from 'vitest';
import { readStored } from '../../src/backend/stored.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { TRAIN_DEFAULTS } from '../../src/model/config.js';
import { createModel, trainable } from '../../src/model/registry.js';
import { Trainer } from '../../src/train/trainer.js';
import { checkerboard } from '../behaviour/suite.js';

/** Trains with made-up validations, one an epoch, and returns what came of it with the weights of each epoch. */
async function train(scores: readonly number[], patience: number) {
  const backend = createCpuBackend();
  const { matrix } = checkerboard(20, 10);
  const model = trainable(createModel('mlp', backend, { train: matrix, config: { hidden: [4] }, seed: 1 }))!;
  let epoch = 0;
  const trainer = new Trainer(backend, model, matrix, {
    config: { ...TRAIN_DEFAULTS, batch: 10, epochs: scores.length, patience },
    validate: async () => ({ 'ndcg@100': scores[epoch++] }),
  });
  const weights = async () => [...(await readStored(backend, model.tensors.get('W1')!))];
  const after: number[][] = [];
  const run = trainer.run();
  for (;;) {
    const next = await run.next();
    if (next.done) return { result: next.value, after, kept: await weights() };
    if (next.value.event === 'epoch') after.push(await weights());
  }
}

it('keeps the best epoch, its weights and its validation', async () => {
  const { result, after, kept } = await train([0.1, 0.3, 0.2, 0.25], 20);
  expect(result).toMatchObject({
    epochs: 4,
    bestEpoch: 2,
    validation: { 'ndcg@100': 0.3 },
    stopped: 'epochs',
  });
  expect(kept).toEqual(after[1]);
  expect(kept).not.toEqual(after[3]);
});

it('stops when the patience is over', async () => {
  const { result, after, kept } = await train([0.1, 0.3, 0.2, 0.25, 0.4], 2);
  expect(result).toMatchObject({ epochs: 4, bestEpoch: 2, stopped: 'patience' });
  expect(kept).toEqual(after[1]);
});

it('without patience keeps the last epoch, and says what that one measured', async () => {
  const { result, after, kept } = await train([0.1, 0.3, 0.2], 0);
  expect(result).toMatchObject({ epochs: 3, bestEpoch: 3, validation: { 'ndcg@100': 0.2 } });
  expect(kept).toEqual(after[2]);
});
