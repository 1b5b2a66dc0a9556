import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { consecutive, freeAll } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows } from '../../src/data/csr.js';
import { TRAIN_DEFAULTS } from '../../src/model/config.js';
import { Gru } from '../../src/model/gru.js';
import { type GruConfig, gruConfig } from '../../src/model/gruConfig.js';
import type { NamedArrays } from '../../src/model/parameters.js';
import { createModel } from '../../src/model/registry.js';
import { type Feed, feedFor } from '../../src/train/feed.js';
import { Trainer } from '../../src/train/trainer.js';
import { byHand, made, ordered, scoresOf } from './gruByHand.js';

const f64 = createCpuBackend({ precision: 'f64' });
const TIED = gruConfig({ hidden: 4, dropout: 0 });
const FREE = gruConfig({ hidden: 3, embedding: 5, tied: false, dropout: 0 });

describe.each([
  ['tied', TIED],
  ['free', FREE],
])('scores, %s output', (_, config) => {
  const items = 9;
  const arrays = made(items, config);

  it('are those after the last item, of histories of any length, also of one item and of none', async () => {
    const sequences = [[4], [0, 1, 2, 3, 4, 5, 6, 7, 8], [], [8, 7, 6], [2, 0], [3, 8, 1]];
    const model = new Gru(f64, items, config, arrays);
    const found = await scoresOf(f64, model, ordered(sequences, items));
    sequences.forEach((sequence, row) => {
      const expected =
        sequence.length > 0
          ? byHand(items, config, arrays, sequence).scores
          : [...arrays.get('outputBias')!.values];
      expected.forEach((score, item) => void expect(found[row][item], `row ${row}`).toBeCloseTo(score, 12));
    });
    model.dispose();
    expect(f64.liveBytes).toBe(0);
  });

  it('see the last items of a window, however long the history', async () => {
    const model = new Gru(f64, items, { ...config, window: 3 }, arrays);
    const [found] = await scoresOf(f64, model, ordered([[5, 0, 8, 2, 7, 1]], items));
    const { scores } = byHand(items, config, arrays, [2, 7, 1]);
    scores.forEach((score, item) => void expect(found[item]).toBeCloseTo(score, 12));
    model.dispose();
  });
});

it('scores histories longer than any it has seen, in blocks of steps, as step by step', async () => {
  const items = 1500;
  const config = gruConfig({ hidden: 3, dropout: 0, window: 5000 });
  const arrays = made(items, config);
  // 7 histories up to the whole catalogue: more positions than a block has.
  const sequences = Array.from({ length: 7 }, (_, u) =>
    Array.from({ length: items - 210 * u }, (_, i) => (i * 7 + u) % items),
  );
  const model = new Gru(f64, items, config, arrays);
  const found = await scoresOf(f64, model, ordered(sequences, items));
  sequences.forEach((sequence, row) => {
    // The loss of every step would take long; the state is what counts.
    const { scores } = byHand(items, config, arrays, sequence.slice(-300));
    for (const item of [0, 1, items - 1]) expect(found[row][item]).toBeCloseTo(scores[item], 8);
  });
  model.dispose();
  expect(f64.liveBytes).toBe(0);
});

async function firstStep(feed: Feed) {
  for await (const step of feed.epoch(0)) return step;
  throw new Error('an epoch without steps');
}

describe('training', () => {
  const items = 9;
  const sequences = [[4], [0, 1, 2, 3, 4, 5, 6], [8, 7, 6], [2, 0], [3, 8, 1, 5]];

  /** The mean loss of an epoch of one step, without learning: lr is too small for f64 to notice. */
  async function lossOf(
    backend: Backend,
    config: GruConfig,
    arrays: NamedArrays,
    batch = 100,
  ): Promise<number> {
    const model = new Gru(backend, items, config, arrays);
    const trainer = new Trainer(backend, model, ordered(sequences, items), {
      config: {
        ...TRAIN_DEFAULTS,
        l2: 0,
        optimizer: 'sgd',
        learningRate: 1e-12,
        epochs: 1,
        batch,
        patience: 0,
      },
    });
    let loss = Number.NaN;
    for await (const event of trainer.run()) if (event.event === 'epoch') loss = event.loss;
    trainer.dispose();
    model.dispose();
    return loss;
  }

  it('minimises the mean over all positions, histories of one item aside', async () => {
    for (const config of [TIED, FREE]) {
      const arrays = made(items, config);
      const losses = sequences.flatMap((sequence) => byHand(items, config, arrays, sequence).losses);
      expect(losses).toHaveLength(12);
      const mean = losses.reduce((sum, x) => sum + x, 0) / losses.length;
      expect(await lossOf(f64, config, arrays)).toBeCloseTo(mean, 12);
    }
    expect(f64.liveBytes).toBe(0);
  });

  it('cuts histories from the end into windows that begin with nothing', async () => {
    const arrays = made(items, TIED);
    // Targets of [0 .. 6] with windows of 2: (1 2) is what is left over, then 3 4, then 5 6.
    const cut = [
      [0, 1, 2],
      [2, 3, 4],
      [4, 5, 6],
      [8, 7, 6],
      [2, 0],
      [3, 8],
      [8, 1, 5],
    ];
    const losses = cut.flatMap((sequence) => byHand(items, TIED, arrays, sequence).losses);
    const mean = losses.reduce((sum, x) => sum + x, 0) / losses.length;
    expect(losses).toHaveLength(12);
    expect(await lossOf(f64, { ...TIED, window: 2 }, arrays)).toBeCloseTo(mean, 12);
  });

  it.each([
    ['tied', { ...TIED, dropout: 0.4 }],
    ['free', { ...FREE, dropout: 0.4 }],
  ])('has the gradient of that loss, dropout included: %s', async (_, config) => {
    const arrays = made(items, config);
    const model = new Gru(f64, items, config, arrays);
    const histories = ordered(sequences, items);
    const lossAndGradient = async () => {
      const feed = feedFor(f64, model, histories, { batch: 100, seed: 3 });
      const lossParts = f64.zeros('f32', [feed.mostParts]);
      const step = await firstStep(feed);
      const parts = step({ lossParts, step: 5, steps: 9 });
      const losses = (await f64.read(lossParts)) as Float64Array;
      freeAll([lossParts]);
      feed.dispose();
      return losses.subarray(0, parts).reduce((sum, x) => sum + x, 0);
    };
    await lossAndGradient();
    const { names, values, grads } = model.parameters;
    const found = await Promise.all(grads.parts.map((part) => f64.read(part)));
    for (const [place, name] of names.entries()) {
      const x = (await f64.read(values.parts[place])) as Float64Array;
      for (let i = 0; i < x.length; i++) {
        const at = async (shift: number) => {
          f64.write(values.parts[place], x.with(i, x[i] + shift));
          return lossAndGradient();
        };
        const slope = ((await at(1e-5)) - (await at(-1e-5))) / 2e-5;
        expect(Math.abs(slope - found[place][i]), `${name} ${i}`).toBeLessThan(1e-8);
      }
      f64.write(values.parts[place], x);
    }
    model.dispose();
    expect(f64.liveBytes).toBe(0);
  });

  it('is the same in chunks of positions', async () => {
    // So many items that the logits of 64 positions fill a chunk.
    const many = 40_000;
    const config = gruConfig({ hidden: 2, dropout: 0 });
    const arrays = new Map(made(many, config));
    const long = Array.from({ length: 150 }, (_, i) => (i * 263) % many);
    const model = new Gru(f64, many, config, arrays);
    const feed = feedFor(f64, model, ordered([long], many), { batch: 1, seed: 1 });
    const lossParts = f64.zeros('f32', [feed.mostParts]);
    const step = await firstStep(feed);
    expect(step({ lossParts, step: 1, steps: 1 })).toBe(149);
    const losses = await f64.read(lossParts);
    // What the model says after the items before a target, by the way that scores.
    const prefixes = ordered([long.slice(0, 64), long.slice(0, 65), long.slice(0, 129)], many);
    const scores = await scoresOf(f64, model, prefixes);
    [64, 65, 129].forEach((length, row) => {
      const exps = scores[row].reduce((total, s) => total + Math.exp(s), 0);
      const expected = (Math.log(exps) - scores[row][long[length]]) / 149;
      expect(losses[length - 1]).toBeCloseTo(expected, 12);
    });
    const { names, grads } = model.parameters;
    const biasGrad = (await f64.read(grads.parts[names.indexOf('outputBias')])) as Float64Array;
    // Softmax minus target adds up to nothing at every position, so also in sum over all chunks.
    expect(biasGrad.reduce((sum, g) => sum + g, 0)).toBeCloseTo(0, 12);
    const targets = new Set(long.slice(1));
    const untouched = many - 1;
    expect(targets.has(untouched)).toBe(false);
    expect(biasGrad[untouched]).toBeGreaterThan(0);
    expect(biasGrad[long[149]]).toBeLessThan(0);
    freeAll([lossParts]);
    feed.dispose();
    model.dispose();
    expect(f64.liveBytes).toBe(0);
  });

  it('gives every epoch the same shapes, every window once, and batches of one length as far as it goes', async () => {
    const histories = ordered(
      Array.from({ length: 40 }, (_, u) => Array.from({ length: 1 + (u % 9) }, (_, i) => (u + i) % items)),
      items,
    );
    const model = new Gru(f64, items, { ...TIED, window: 4 }, made(items, TIED));
    const seen: { positions: number; steps: number }[][] = [];
    for (const epoch of [0, 1]) {
      const feed = feedFor(f64, model, histories, { batch: 5, seed: 1 });
      const shapes: { positions: number; steps: number }[] = [];
      const original = model.sequenceGradients.bind(model);
      model.sequenceGradients = (step) => {
        shapes.push({ positions: step.packing.positions, steps: step.packing.steps.length });
        original(step);
      };
      const lossParts = f64.zeros('f32', [feed.mostParts]);
      let step = 0;
      for await (const gradients of feed.epoch(epoch)) gradients({ lossParts, step: ++step, steps: 9 });
      expect(step).toBe(feed.steps);
      lossParts.free();
      feed.dispose();
      model.sequenceGradients = original;
      seen.push(shapes);
    }
    const total = (shapes: { positions: number }[]) =>
      shapes.reduce((sum, { positions }) => sum + positions, 0);
    // Every item but the first of a history is a target once.
    expect(seen.map(total)).toEqual([histories.indices.length - 40, histories.indices.length - 40]);
    const key = ({ positions, steps }: { positions: number; steps: number }) => `${steps} ${positions}`;
    expect(seen[0].map(key)).not.toEqual(seen[1].map(key));
    expect(seen[0].map(key).sort()).toEqual(seen[1].map(key).sort());
    const padded = seen[0].reduce((sum, { steps }) => sum + 5 * steps, 0);
    expect(total(seen[0]) / padded).toBeGreaterThan(0.8);
    model.dispose();
  });
});

describe('what cannot be', () => {
  const named = (code: string, remedy: RegExp) =>
    expect.objectContaining({ code, remedy: expect.stringMatching(remedy) });
  const train = ordered(
    [
      [0, 1],
      [1, 2],
    ],
    3,
  );

  it('histories without an order', async () => {
    const bare = csrFromRows([[0, 1]], 3);
    expect(() => createModel('gru', f64, { train: bare, config: {}, seed: 1 })).toThrow(
      named('COLUMN_MISSING', /--order file/),
    );
    const model = createModel('gru', f64, { train, config: { hidden: 2 }, seed: 1 });
    expect(() => model.inputValues(bare)).toThrow(named('COLUMN_MISSING', /--time/));
    model.dispose();
  });

  it('histories of one item only, and a batch with no target', () => {
    const model = createModel('gru', f64, { train, config: { hidden: 2 }, seed: 1 }) as Gru;
    expect(() => feedFor(f64, model, ordered([[0], [], [2]], 3), { batch: 2, seed: 1 })).toThrow(
      named('SPLIT_EMPTY', /longer log/),
    );
    const numbers = consecutive(f64, 3);
    const sparse = { indptr: numbers, indices: numbers, values: numbers };
    expect(() =>
      model.sequenceGradients({
        packing: { positions: 0, steps: [] },
        inputs: sparse,
        targets: sparse,
        numbers,
        first: 0,
        capacity: 64,
        starts: numbers,
        entries: numbers,
        firstStart: 0,
        lossParts: numbers,
        step: 1,
        seed: 1,
      }),
    ).toThrow(named('SPLIT_EMPTY', /single item/));
    numbers.free();
    model.dispose();
    expect(f64.liveBytes).toBe(0);
  });

  it('options that make no sense', () => {
    const create = (config: Partial<GruConfig>) => () => createModel('gru', f64, { train, config, seed: 1 });
    expect(create({ hidden: 0 })).toThrow(named('CONFIG', /hidden/));
    expect(create({ window: 0 })).toThrow(named('CONFIG', /window/));
    expect(create({ dropout: 1 })).toThrow(named('CONFIG', /dropout/));
    expect(create({ softmaxSamples: 0 })).toThrow(named('CONFIG', /softmax-samples/));
    expect(create({ hidden: 4, embedding: 5 })).toThrow(named('CONFIG', /--free-output/));
    expect(f64.liveBytes).toBe(0);
  });

  it('more items than the exact softmax can bear', () => {
    const items = 1000;
    const limited = createCpuBackend({ maxTensorBytes: 63 * 4 * items });
    const config = gruConfig({ hidden: 2, softmax: 'full' });
    const model = new Gru(limited, items, config, made(items, config));
    const start = () =>
      new Trainer(limited, model, ordered([[0, 1]], items), { config: { ...TRAIN_DEFAULTS, l2: 0 } });
    expect(start).toThrow(named('LIMIT_EXCEEDED', /--softmax sampled/));
    model.dispose();
    expect(limited.liveBytes).toBe(0);
  });
});
