import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/backend/backend.js';
import { consecutive, freeAll } from '../../src/backend/sparse.js';
import { readStored, writeStored } from '../../src/backend/stored.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { columnCounts } from '../../src/data/csr.js';
import { SAMPLED_ABOVE, TRAIN_DEFAULTS } from '../../src/model/config.js';
import { Gru } from '../../src/model/gru.js';
import { gruConfig } from '../../src/model/gruConfig.js';
import { pack, packInto } from '../../src/model/packing.js';
import { createModel } from '../../src/model/registry.js';
import { SampledGru } from '../../src/model/sampledGru.js';
import { feedFor } from '../../src/train/feed.js';
import { LazyOptimiser } from '../../src/train/lazyOptimiser.js';
import { Optimiser } from '../../src/train/optimiser.js';
import { Proposal } from '../../src/train/proposal.js';
import { Trainer } from '../../src/train/trainer.js';
import { allScores } from '../behaviour/allScores.js';
import { inputGradients } from '../behaviour/inputGradients.js';
import { byHand, made, ordered, scoresOf } from './gruByHand.js';

const f64 = createCpuBackend({ precision: 'f64' });
const ITEMS = 64;
const TIED = gruConfig({ hidden: 4, dropout: 0, softmax: 'sampled', softmaxSamples: 7 });
const FREE = gruConfig({
  hidden: 3,
  embedding: 5,
  tied: false,
  dropout: 0,
  softmax: 'sampled',
  softmaxSamples: 7,
});
const SEQUENCES = [
  [0, 1, 2, 3, 4, 5, 6],
  [3, 8, 1, 5],
  [8, 7, 6],
  [40, 0],
];

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThan(1e-12);
}

describe.each([
  ['tied', TIED],
  ['free', FREE],
])('the sampled softmax of gru, %s output', (_, config) => {
  const arrays = made(ITEMS, config);

  it('with every item drawn as often as expected, learns what the exact one does', async () => {
    const whole = new Gru(f64, ITEMS, config, arrays);
    const sampled = new SampledGru(f64, ITEMS, config, arrays);
    const train = { ...TRAIN_DEFAULTS, l2: 0.01, optimizer: 'adamw', weightDecay: 0.1 } as const;
    const optimiser = new Optimiser(f64, whole.parameters, train);
    const lazy = new LazyOptimiser(f64, sampled.parameters, train);
    const packing = pack(SEQUENCES.map((items) => items.length - 1));
    const { positions } = packing;
    const [inputs, targets] = [new Uint32Array(positions), new Uint32Array(positions)];
    for (const [out, from, to] of [
      [inputs, 0, -1],
      [targets, 1, undefined],
    ] as const) {
      packInto(
        packing,
        SEQUENCES.map((items) => items.slice(from, to)),
        out,
      );
    }
    const starts = new Uint32Array(ITEMS + 1);
    const entries: number[] = [];
    const one = new Uint32Array(Float32Array.of(1).buffer)[0];
    for (let item = 0; item < ITEMS; item++) {
      inputs.forEach((input, position) => void (input === item && entries.push(position, one)));
      starts[item + 1] = entries.length / 2;
    }
    const numbers = consecutive(f64, positions + 1);
    const all = consecutive(f64, ITEMS);
    const values = f64.tensor([1]);
    const sparse = (items: Uint32Array) => ({ indptr: numbers, indices: f64.tensor(items), values });
    const shared = {
      packing,
      inputs: sparse(inputs),
      targets: sparse(targets),
      numbers,
      first: 0,
      capacity: positions,
      starts: f64.tensor(starts),
      entries: f64.tensor(Uint32Array.from(entries)),
      firstStart: 0,
      seed: 8,
    };
    const corrections = f64.zeros('f32', [ITEMS]);
    const [losses, estimates] = [optimiser, lazy].map(({ penalties }) =>
      f64.zeros('f32', [positions + penalties]),
    );
    for (let step = 1; step <= 3; step++) {
      whole.sequenceGradients({ ...shared, lossParts: losses, step });
      sampled.sampledSequenceGradients({
        ...shared,
        own: all,
        items: all,
        corrections,
        lossParts: estimates,
        step,
      });
      optimiser.penalty(losses, positions);
      lazy.penalty(estimates, positions);
      const [loss, estimate] = await Promise.all([losses, estimates].map((parts) => f64.read(parts)));
      expectClose(estimate.subarray(0, positions), loss.subarray(0, positions));
      const sum = (parts: ArrayLike<number>) => Array.from(parts).reduce((total, x) => total + x, 0);
      expect(sum(estimate)).toBeCloseTo(sum(loss), 10);
      optimiser.apply(step, 10);
      lazy.apply(step, 10);
      for (const [name, stored] of whole.tensors) {
        expect(sampled.tensors.get(name)!.shape).toEqual(stored.shape);
        expectClose(await readStored(f64, sampled.tensors.get(name)!), await f64.read(stored));
      }
      for (const [name, stored] of optimiser.state) {
        expectClose(await readStored(f64, lazy.state.get(name)!), await readStored(f64, stored));
      }
    }
    const histories = ordered([[4, 3, 9], [], [63]], ITEMS);
    expectClose(
      (await scoresOf(f64, sampled, histories)).flat(),
      (await scoresOf(f64, whole, histories)).flat(),
    );
    const { inputs: i, targets: t, starts: s, entries: e } = shared;
    freeAll([i.indices, t.indices, s, e, numbers, all, values, corrections, losses, estimates]);
    for (const part of [optimiser, lazy, whole, sampled]) part.dispose();
    expect(f64.liveBytes).toBe(0);
  });

  /** The loss of an epoch of one step, without learning. */
  async function oneStep(model: SampledGru, look = async () => {}): Promise<Float64Array> {
    const feed = feedFor(f64, model, ordered(SEQUENCES, ITEMS), { batch: 100, seed: 3 });
    const lossParts: Tensor = f64.zeros('f32', [feed.mostParts]);
    let parts = 0;
    for await (const step of feed.epoch(0)) parts = step({ lossParts, step: 5, steps: 9 });
    const losses = (await f64.read(lossParts)) as Float64Array;
    await look();
    lossParts.free();
    feed.dispose();
    return losses.subarray(0, parts);
  }
  const total = (losses: Float64Array) => losses.reduce((sum, x) => sum + x, 0);

  it('weighs what was drawn by the inverse of its expectation, the next item left out', async () => {
    const model = new SampledGru(f64, ITEMS, config, arrays);
    const found = await oneStep(model);
    model.dispose();
    const proposal = new Proposal(columnCounts(ordered(SEQUENCES, ITEMS)), 3);
    const draws = Array.from({ length: config.softmaxSamples }, (_, draw) => proposal.item(0, draw));
    const expected = SEQUENCES.flatMap((sequence) =>
      sequence.slice(1).map((next, t) => {
        const { scores } = byHand(ITEMS, config, arrays, sequence.slice(0, t + 1));
        const others = draws
          .filter((item) => item !== next)
          .reduce(
            (sum, item) => sum + Math.exp(scores[item]) / (draws.length * proposal.probability(item)),
            0,
          );
        return (Math.log(Math.exp(scores[next]) + others) - scores[next]) / found.length;
      }),
    );
    expect(found).toHaveLength(expected.length);
    // Corrections go to the device as f32.
    expect(total(found)).toBeCloseTo(
      expected.reduce((sum, x) => sum + x, 0),
      6,
    );
  });

  it('has the gradient of that loss, dropout included, and of no other row', async () => {
    const model = new SampledGru(f64, ITEMS, { ...config, dropout: 0.4 }, arrays);
    const found = new Map<string, Float64Array>();
    await oneStep(model, async () => {
      const { dense, names, touched } = model.parameters;
      for (const { place, grad } of dense) found.set(names[place], (await f64.read(grad)) as Float64Array);
      for (const { places, items, grad } of touched()) {
        const name = names[places[0]];
        const { size } = model.tensors.get(name)!;
        const width = size / ITEMS;
        const rows = new Float64Array(size);
        const [numbers, values] = [await f64.read(items), (await f64.read(grad)) as Float64Array];
        numbers.forEach((item, e) => {
          if (item < ITEMS) rows.set(values.subarray(e * width, (e + 1) * width), item * width);
        });
        found.set(name, name === 'outputWeights' ? turned(rows, width) : rows);
      }
    });
    expect([...found.keys()].sort()).toEqual([...model.tensors.keys()].sort());
    for (const [name, stored] of model.tensors) {
      const x = (await readStored(f64, stored)) as Float64Array;
      for (let i = 0; i < x.length; i++) {
        const at = async (shift: number) => {
          writeStored(f64, stored, x.with(i, x[i] + shift));
          return total(await oneStep(model));
        };
        const slope = ((await at(1e-5)) - (await at(-1e-5))) / 2e-5;
        expect(Math.abs(slope - found.get(name)![i]), `${name} ${i}`).toBeLessThan(1e-8);
      }
      writeStored(f64, stored, x);
    }
    const touched = new Set([...found.get('embedding')!].flatMap((g, i) => (g === 0 ? [] : [i])));
    expect(touched.size).toBeGreaterThan(0);
    expect(touched.size).toBeLessThan(found.get('embedding')!.length / 2);
    model.dispose();
    expect(f64.liveBytes).toBe(0);
  });
});

/** From rows of items to rows of units. */
function turned(rows: Float64Array, width: number): Float64Array {
  return Float64Array.from(rows, (_, i) => rows[(i % ITEMS) * width + Math.floor(i / ITEMS)]);
}

it('is the same where its items lie in blocks', async () => {
  const items = 20_000;
  const limited = createCpuBackend({ maxTensorBytes: 2 ** 20 });
  const whole = createCpuBackend();
  for (const config of [
    gruConfig({ hidden: 16, softmax: 'sampled', softmaxSamples: 50 }),
    gruConfig({ hidden: 16, embedding: 14, tied: false, softmax: 'sampled', softmaxSamples: 50 }),
  ]) {
    const histories = ordered(
      Array.from({ length: 12 }, (_, u) => Array.from({ length: 5 }, (_, i) => (1777 * (u + 3 * i)) % items)),
      items,
    );
    const [found, expected] = await Promise.all(
      [limited, whole].map(async (on) => {
        const model = createModel('gru', on, { train: histories, config, seed: 2 });
        const trainer = new Trainer(on, model as SampledGru, histories, {
          config: { ...TRAIN_DEFAULTS, l2: 1e-3, epochs: 3, batch: 4, patience: 0 },
        });
        const losses: number[] = [];
        for await (const event of trainer.run()) if (event.event === 'epoch') losses.push(event.loss);
        trainer.dispose();
        const tensors = new Map<string, Float32Array>();
        for (const [name, stored] of model.tensors) {
          tensors.set(name, (await readStored(on, stored)) as Float32Array);
        }
        const scores = await allScores(on, model, ordered([[7, 1777], []], items));
        const { blocks } = model;
        const gradients = await inputGradients(on, model, histories, 16_400);
        model.dispose();
        return { losses, tensors, scores, gradients, blocks };
      }),
    );
    expect(found.blocks).toHaveLength(2);
    expect(expected.blocks).toHaveLength(1);
    expect(found.losses).toEqual(expected.losses);
    expect(found.tensors).toEqual(expected.tensors);
    expect(found.scores).toEqual(expected.scores);
    // The first history is not asked for.
    expect(expected.gradients.map((x) => x !== 0)).toEqual(expected.gradients.map((_, e) => e >= 5));
    expect(found.gradients).toEqual(expected.gradients);
  }
  expect(limited.liveBytes).toBe(0);
});

describe('which softmax it is', () => {
  const train = ordered([[0, 1, 2]], SAMPLED_ABOVE + 1);
  it.each([
    ['auto', SAMPLED_ABOVE, Gru],
    ['auto', SAMPLED_ABOVE + 1, SampledGru],
    ['full', SAMPLED_ABOVE + 1, Gru],
    ['sampled', 5, SampledGru],
  ] as const)('%s, %i items', (softmax, columns, kind) => {
    const init = { train: { ...train, columns }, config: { hidden: 1, softmax }, seed: 1 };
    const model = createModel('gru', f64, init);
    expect(model).toBeInstanceOf(kind);
    model.dispose();
    expect(f64.liveBytes).toBe(0);
  });
});
