import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { randomOrder } from '../../src/backend/random.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { clean } from '../../src/data/clean.js';
import { csrFromRows, rowIndices } from '../../src/data/csr.js';
import { logRows } from '../../src/data/logRows.js';
import { sampleLog } from '../../src/data/sample.js';
import { heldOutUsers } from '../../src/data/split.js';
import type { EpochEvent, Notice } from '../../src/events.js';
import type { GpuBackend } from '../../src/gpu/backend.js';
import type { NetworkConfig, TrainConfig } from '../../src/model/config.js';
import { fit } from '../../src/recommend/fit.js';
import { allScores } from '../behaviour/allScores.js';
import { tastes } from '../behaviour/blocksSuite.js';
import { checkerboard } from '../behaviour/suite.js';
import { openGpu } from './backend.js';

let gpu: GpuBackend;
beforeAll(async () => {
  gpu = await openGpu();
});
afterAll(() => gpu?.dispose());

const multinomial = { loss: 'multinomial', output: 'softmax' } as const;
const bookshop = (users: number, items: number) =>
  clean(logRows(sampleLog({ users, items, seed: 3 }).rows)).interactions;

async function train(
  backend: Backend,
  interactions: ReturnType<typeof bookshop>,
  network: Partial<NetworkConfig>,
  options: Partial<TrainConfig>,
) {
  const epochs: EpochEvent[] = [];
  const notices: Notice[] = [];
  const { recommender, test } = await fit(backend, interactions, {
    model: 'mlp',
    network: { ...multinomial, ...network },
    train: { batch: 50, seed: 1, l2: 0, ...options },
    split: heldOutUsers(interactions, { seed: 5, test: 0.25 }),
    metrics: ['ndcg@100'],
    onEvent(event) {
      if (event.event === 'epoch') epochs.push(event);
      if (event.event === 'notice') notices.push(event);
    },
  });
  const { manifest } = await recommender.contents();
  recommender.dispose();
  return {
    epochs,
    notices,
    manifest,
    ndcg: test!.model.metrics['ndcg@100'],
    popular: test!.popular.metrics['ndcg@100'].mean,
  };
}

it('learns what the exact softmax does: ndcg@100 within two standard errors of its', async () => {
  const interactions = bookshop(1200, 800);
  const options = { epochs: 40, patience: 8 };
  const exact = await train(gpu, interactions, { softmax: 'full' }, options);
  const sampled = await train(gpu, interactions, { softmax: 'sampled', softmaxSamples: 400 }, options);
  // What 300 test users can tell apart: their own standard error, twice.
  expect(sampled.ndcg.mean).toBeGreaterThan(exact.ndcg.mean - 2 * exact.ndcg.se!);
  // Popularity is far below that bound: whoever learned nothing fails.
  expect(exact.popular).toBeLessThan(exact.ndcg.mean - 10 * exact.ndcg.se!);
}, 600_000);

describe.each([
  ['tied', { hidden: 18 }],
  ['free', { hidden: 18, embedding: 11, tied: false }],
])('gru, %s output, on a small log', (_, own) => {
  const log = tastes(100, 400);
  const matrix = csrFromRows(
    Array.from({ length: log.matrix.rows }, (_, u) => {
      const own = rowIndices(log.matrix, u);
      return Array.from(randomOrder(own.length, 5, 2, u), (place) => own[place]);
    }),
    log.matrix.columns,
    undefined,
    { inOrder: true },
  );
  const network = { ...own, dropout: 0.2, softmax: 'sampled', softmaxSamples: 50 } as const;
  const run = async (backend: Backend) => {
    const epochs: EpochEvent[] = [];
    const notices: Notice[] = [];
    const { recommender, split } = await fit(
      backend,
      { ...log, matrix },
      {
        model: 'gru',
        network,
        train: { epochs: 3, batch: 8, seed: 1, l2: 1e-4, learningRate: 0.01, patience: 0 },
        onEvent(event) {
          if (event.event === 'epoch') epochs.push(event);
          if (event.event === 'notice') notices.push(event);
        },
      },
    );
    const { manifest } = await recommender.contents();
    const scores = await allScores(backend, recommender.model, split.test.history);
    const blocks = recommender.model.blocks?.length;
    recommender.dispose();
    return { epochs, notices, manifest, scores, blocks };
  };

  const expectAlike = (found: Awaited<ReturnType<typeof run>>, expected: typeof found) => {
    expect(found.epochs).toHaveLength(3);
    expected.epochs.forEach(({ loss }, epoch) => {
      expect(Math.abs(found.epochs[epoch].loss / loss - 1)).toBeLessThan(2e-5);
    });
    expected.scores.forEach((row, user) => {
      row.forEach(
        (score, item) => void expect(Math.abs(found.scores[user][item] - score)).toBeLessThan(1e-3),
      );
    });
  };

  it('trains as the CPU does, and says what it does', async () => {
    const found = await run(gpu);
    expectAlike(found, await run(createCpuBackend()));
    expect(found.notices.map(({ code }) => code)).toContain('SAMPLED_SOFTMAX');
    expect(found.manifest['training']).toMatchObject({ softmax: { kind: 'sampled', samples: 50 } });
  });

  it('and so in blocks of items', async () => {
    const liveBefore = gpu.liveBytes;
    const found = await run({ ...gpu, mostRows: (columns) => Math.min(192, gpu.mostRows(columns)) });
    expect(found.blocks).toBe(2);
    expectAlike(found, await run(createCpuBackend()));
    expect(gpu.liveBytes).toBe(liveBefore);
  });
});

describe('on a small log', () => {
  const interactions = bookshop(300, 400);

  it('trains as the CPU does: losses agree', async () => {
    const network = { softmax: 'sampled', softmaxSamples: 60, hidden: [33, 20] } as const;
    const options = { epochs: 4, l2: 1e-3, optimizer: 'adamw', weightDecay: 0.01 } as const;
    const found = await train(gpu, interactions, network, options);
    const expected = await train(createCpuBackend(), interactions, network, options);
    expect(found.epochs).toHaveLength(4);
    expected.epochs.forEach(({ loss }, epoch) => {
      expect(Math.abs(found.epochs[epoch].loss / loss - 1)).toBeLessThan(2e-5);
    });
  });

  it('says so: a notice before the first epoch, and in the manifest', async () => {
    const { notices, manifest } = await train(
      gpu,
      interactions,
      { softmax: 'sampled', softmaxSamples: 60, hidden: [8] },
      { epochs: 1 },
    );
    expect(notices.map(({ code }) => code)).toContain('SAMPLED_SOFTMAX');
    expect(notices.find(({ code }) => code === 'SAMPLED_SOFTMAX')!.message).toMatch(
      /60 items drawn a step.*--softmax full/,
    );
    expect(manifest['training']).toMatchObject({
      softmax: { kind: 'sampled', samples: 60, updates: 'rows of the step' },
    });
    const full = await train(gpu, interactions, { hidden: [8] }, { epochs: 1 });
    expect(full.notices.map(({ code }) => code)).not.toContain('SAMPLED_SOFTMAX');
    expect(full.manifest['training']).toMatchObject({ softmax: { kind: 'full' } });
  });

  it('makes no buffer, bind group or pipeline where steps are of sizes seen before', async () => {
    const device = gpu.gpuDevice;
    const made = { early: 0, late: 0 };
    let phase: keyof typeof made = 'early';
    const names = ['createBuffer', 'createBindGroup', 'createComputePipeline'] as const;
    const real = names.map((name) => device[name].bind(device) as (...args: unknown[]) => never);
    names.forEach((name, i) => {
      Object.assign(device, {
        [name]: (...args: unknown[]) => {
          made[phase]++;
          return real[i](...args);
        },
      });
    });
    // 30 items: every step has 64 places, some of them empty.
    const log = checkerboard();
    const { recommender } = await fit(gpu, log, {
      model: 'mlp',
      network: { ...multinomial, softmax: 'sampled', softmaxSamples: 12, hidden: [40, 24] },
      train: { epochs: 6, batch: 16, patience: 0 },
      // Users of a checkerboard are twins, which the gate finds.
      split: heldOutUsers(log, { seed: 5, test: 0, allowLeak: true }),
      onEvent: (event) => {
        if (event.event === 'epoch' && event.epoch === 2) phase = 'late';
      },
    });
    for (const name of names) delete (device as unknown as Record<string, unknown>)[name];
    recommender.dispose();
    expect(made.early).toBeGreaterThan(10);
    expect(made.late).toBe(0);
  });
});
