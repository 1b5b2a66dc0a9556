import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { clean } from '../../src/data/clean.js';
import { logRows } from '../../src/data/logRows.js';
import { sampleLog } from '../../src/data/sample.js';
import { heldOutUsers } from '../../src/data/split.js';
import type { EpochEvent } from '../../src/events.js';
import type { GpuBackend } from '../../src/gpu/backend.js';
import { TRAIN_DEFAULTS } from '../../src/model/config.js';
import { createModel, type ModelOptions, trainable } from '../../src/model/registry.js';
import { fit } from '../../src/recommend/fit.js';
import { Trainer } from '../../src/train/trainer.js';
import { randomCsr } from '../../src/verify/inputs.js';
import { openGpu } from './backend.js';

let gpu: GpuBackend;
beforeAll(async () => {
  gpu = await openGpu();
});
afterAll(() => gpu?.dispose());

const { interactions } = clean(logRows(sampleLog({ users: 300, items: 120, seed: 3 }).rows));

const NETWORKS: Readonly<Record<string, ModelOptions>> = {
  mlp: { hidden: [33, 20] },
  linear: {},
  gru: { hidden: 20, window: 15 },
};

async function train(backend: Backend, model: string) {
  const epochs: EpochEvent[] = [];
  const { recommender, test } = await fit(backend, interactions, {
    model,
    network: NETWORKS[model],
    train: { epochs: 4, batch: 50, seed: 5 },
    split: heldOutUsers(interactions, { seed: 5 }),
    onEvent: (event) => event.event === 'epoch' && epochs.push(event),
  });
  recommender.dispose();
  return { epochs, metrics: test!.model.metrics };
}

it.each(['mlp', 'linear', 'gru'])(
  'trains %s as the CPU does, dropout included: losses and figures agree',
  async (model) => {
    const found = await train(gpu, model);
    const expected = await train(createCpuBackend(), model);
    expect(found.epochs).toHaveLength(expected.epochs.length);
    for (const [index, { loss, validation }] of expected.epochs.entries()) {
      expect(Math.abs(found.epochs[index].loss / loss - 1)).toBeLessThan(2e-5);
      expect(found.epochs[index].validation!['ndcg@100']).toBeCloseTo(validation!['ndcg@100'], 3);
    }
    expect(found.metrics['ndcg@100'].mean).toBeCloseTo(expected.metrics['ndcg@100'].mean, 3);
  },
);

it('gru beats popularity by a factor of two on the sample with planted groups', async () => {
  const sample = clean(logRows(sampleLog({ users: 1000, seed: 2 }).rows)).interactions;
  const { recommender, test } = await fit(gpu, sample, {
    model: 'gru',
    network: { hidden: 24, dropout: 0.1, window: 20 },
    train: { epochs: 8, learningRate: 0.01, seed: 1 },
  });
  recommender.dispose();
  const [model, popular] = [test!.model, test!.popular].map(({ metrics }) => metrics['ndcg@10'].mean);
  expect(model).toBeGreaterThan(2 * popular);
}, 180_000);

it('uploads nothing within an epoch but the order and the columns of the batches, and uniforms', async () => {
  const perEpoch: number[] = [];
  let last = 0;
  const { recommender, split } = await fit(gpu, interactions, {
    train: { epochs: 5, batch: 50, patience: 0 },
    onEvent: ({ event }) => {
      if (event !== 'epoch') return;
      perEpoch.push(gpu.counts.uploadedBytes - last);
      last = gpu.counts.uploadedBytes;
    },
  });
  recommender.dispose();
  const steps = Math.ceil(split.train.rows / 50);
  const order = 4 * split.train.rows;
  const columns = 8 * split.train.indices.length + 4 * steps * (split.train.columns + 1);
  const uniforms = 256 * 40 * (steps + 1);
  for (const bytes of perEpoch.slice(1)) expect(bytes).toBeLessThan(order + columns + uniforms);
});

it.each([
  ['mlp', { hidden: [40, 24] }],
  ['gru', { hidden: 16, window: 20 }],
])(
  '%s creates no buffer, bind group or pipeline once the first two epochs are over',
  async (model, network) => {
    const device = gpu.gpuDevice;
    const made = { early: 0, late: 0 };
    let phase: keyof typeof made = 'early';
    const spies = (['createBuffer', 'createBindGroup', 'createComputePipeline'] as const).map((name) => {
      const real = device[name].bind(device) as (...args: unknown[]) => never;
      return vi.spyOn(device, name).mockImplementation((...args: unknown[]) => {
        made[phase]++;
        return real(...args);
      });
    });
    const { recommender } = await fit(gpu, interactions, {
      model,
      network,
      train: { epochs: 6, batch: 50, patience: 0 },
      split: heldOutUsers(interactions, { seed: 5, test: 0 }),
      onEvent: (event) => {
        if (event.event === 'epoch' && event.epoch === 2) phase = 'late';
      },
    });
    for (const spy of spies) spy.mockRestore();
    recommender.dispose();
    expect(made.early).toBeGreaterThan(10);
    expect(made.late).toBe(0);
  },
);

it('takes at most twelve launches a step for the network of two hidden layers', async () => {
  const histories = randomCsr(512, 1700, 0.02, 7);
  const network = { hidden: [128, 64], loss: 'multinomial', output: 'softmax' } as const;
  const model = createModel('mlp', gpu, { train: histories, config: network, seed: 1 });
  const config = { ...TRAIN_DEFAULTS, batch: 64, epochs: 2, patience: 0, l2: 0 };
  const trainer = new Trainer(gpu, trainable(model)!, histories, { config });
  const launched: number[] = [];
  // After an epoch its losses have been read, so all its steps are launched.
  for await (const { event } of trainer.run()) {
    if (event === 'epoch') launched.push(gpu.counts.dispatches);
  }
  const steps = 512 / config.batch;
  expect((launched[1] - launched[0]) / steps).toBeLessThanOrEqual(12);
  trainer.dispose();
  model.dispose();
});
