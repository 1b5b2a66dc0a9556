import { expect, it } from 'vitest';
import { recipeOf } from '../../src/cli/trainOptions.js';

it.each(['linear', 'mlp', 'dae', 'vae', 'gru'])(
  '%s takes the options of its training from the flags',
  (model) => {
    const { train } = recipeOf({ model, l2: 0.25, epochs: 3, lr: 0.5, batch: 7 });
    expect(train).toMatchObject({ l2: 0.25, epochs: 3, learningRate: 0.5, batch: 7 });
  },
);

it('a member of a blend has its own options', () => {
  const { network } = recipeOf({
    model: 'blend',
    members: ['ials'],
    member: ['vae --l2 0.25 --hidden 20,10 --epochs 3'],
  });
  expect(network).toMatchObject({
    members: [
      { model: 'ials', network: {} },
      { model: 'vae', network: { hidden: [20, 10] }, train: { l2: 0.25, epochs: 3 } },
    ],
  });
});
