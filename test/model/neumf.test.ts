import { afterAll, describe, expect, it } from 'vitest';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { type Csr, csrFromRows } from '../../src/data/csr.js';
import type { PairInputs, PairModel } from '../../src/model/model.js';
import { initialNeumf, Neumf } from '../../src/model/neumf.js';
import { NEUMF_DEFAULTS, NEUMF_TRAIN_DEFAULTS, type NeumfConfig } from '../../src/model/neumfConfig.js';
import { pairsToFold, SAMPLES } from '../../src/model/neumfFold.js';
import { unseenItem } from '../../src/model/pairs.js';
import { PairFeed } from '../../src/train/pairFeed.js';
import { Trainer } from '../../src/train/trainer.js';
import { randomCsr } from '../../src/verify/inputs.js';
import { expectModelGradients } from './modelGradients.js';

const backend = createCpuBackend({ precision: 'f64' });
afterAll(() => backend.dispose());

function modelOf(train: Csr, changed: Partial<NeumfConfig> = {}): Neumf {
  const config = { ...NEUMF_DEFAULTS, factors: 3, hidden: [4, 3], ...changed };
  const { columns, rows } = train;
  return new Neumf(backend, columns, config, initialNeumf(columns, rows, config, 5), rows);
}

/** What the feed gives a model in an epoch: pairs of (user, item, target, weight) by step. */
async function fed(train: Csr, batch: number, negatives: number, epoch: number, seed = 7) {
  const steps: number[][][] = [];
  const waiting: Promise<void>[] = [];
  const model = {
    negatives,
    pairGradients({ pairs, first, count }: PairInputs) {
      const place = steps.push([]) - 1;
      const reading = backend.read(pairs).then((all) => {
        const numbers = Uint32Array.from(all);
        const floats = new Float32Array(numbers.buffer);
        for (let k = first; k < first + count; k++) {
          steps[place].push([...numbers.slice(4 * k, 4 * k + 2), ...floats.slice(4 * k + 2, 4 * k + 4)]);
        }
      });
      waiting.push(reading);
    },
  } as unknown as PairModel;
  const feed = new PairFeed(backend, model, train, { batch, seed, planner: 'inline' });
  const lossParts = backend.zeros('f32', [feed.mostParts]);
  let step = 0;
  for (const gradients of feed.epoch(epoch)) gradients({ lossParts, step: ++step, steps: feed.steps });
  await Promise.all(waiting);
  feed.dispose();
  lossParts.free();
  return steps;
}

it('the gradients of the whole model are those of central differences', async () => {
  const train = randomCsr(5, 6, (user) => (user === 3 ? 0 : 0.5), 33);
  const model = modelOf(train, { negatives: 2 });
  // Fresh tables are so small that relu has kinks within reach of a difference.
  const { values } = model.parameters;
  for (const part of values.parts) {
    const spread = (await backend.read(part)).map((x, i) => 30 * x + 0.3 * Math.sin(i + 1));
    backend.write(part, spread as Float64Array);
  }
  const feed = new PairFeed(backend, model, train, { batch: 5, seed: 7, planner: 'inline' });
  const lossParts = backend.zeros('f32', [feed.mostParts]);
  const [first] = feed.epoch(0);
  await expectModelGradients(backend, model.parameters, async () => {
    const parts = first({ lossParts, step: 1, steps: 1 });
    return Array.from(await backend.read(lossParts))
      .slice(0, parts)
      .reduce((sum, x) => sum + x, 0);
  });
  feed.dispose();
  lossParts.free();
  model.dispose();
});

it('unseenItem counts the items that a history lacks', () => {
  for (const history of [[], [0], [4], [0, 1, 2], [1, 3], [0, 4], [0, 1, 2, 3]]) {
    const unseen = [0, 1, 2, 3, 4].filter((item) => !history.includes(item));
    expect(unseen.map((_, place) => unseenItem(Uint32Array.from(history), place))).toEqual(unseen);
  }
});

describe('what is drawn', () => {
  const train = randomCsr(9, 20, (user) => 0.1 + 0.08 * user, 34);
  const has = (user: number, item: number) =>
    train.indices.subarray(train.indptr[user], train.indptr[user + 1]).includes(item);

  it('every interaction once, each with negatives that its user does not have', async () => {
    const steps = await fed(train, 16, 3, 0);
    expect(steps.length).toBe(Math.ceil(train.indices.length / 16));
    const all = steps.flat();
    const positives = all.filter(([, , target]) => target === 1);
    expect(positives.map(([user, item]) => 20 * user + item).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 9 }, (_, user) => user).flatMap((user) =>
        Array.from(
          train.indices.subarray(train.indptr[user], train.indptr[user + 1]),
          (item) => 20 * user + item,
        ),
      ),
    );
    const negatives = all.filter(([, , target]) => target === 0);
    expect(negatives.length).toBe(3 * positives.length);
    expect(negatives.filter(([user, item]) => has(user, item))).toEqual([]);
  });

  it('others in another epoch or under another seed, the same in the same', async () => {
    const once = await fed(train, 16, 3, 0);
    expect(await fed(train, 16, 3, 0)).toEqual(once);
    expect(await fed(train, 16, 3, 1)).not.toEqual(once);
    expect(await fed(train, 16, 3, 0, 8)).not.toEqual(once);
  });

  it('every item a user lacks about as often', async () => {
    const one = csrFromRows([[2, 3, 7]], 10);
    const counts = new Array<number>(10).fill(0);
    for (let epoch = 0; epoch < 400; epoch++) {
      for (const [, item, target] of (await fed(one, 3, 7, epoch)).flat()) if (target === 0) counts[item]++;
    }
    // 8,400 draws over seven items: 1,200 each, with a standard deviation of 32.
    for (const item of [0, 1, 4, 5, 6, 8, 9])
      expect(Math.abs(counts[item] - 1200), `item ${item}`).toBeLessThan(150);
    expect([2, 3, 7].map((item) => counts[item])).toEqual([0, 0, 0]);
  });

  it('nothing for a user who has every item', async () => {
    const full = csrFromRows([[0, 1, 2], [1]], 3);
    const all = (await fed(full, 4, 5, 0)).flat();
    expect(all.filter(([user]) => user === 0).map(([, , target]) => target)).toEqual([1, 1, 1]);
    expect(all.filter(([user]) => user === 1).length).toBe(6);
  });

  it('SPLIT_EMPTY where nobody has an item', async () => {
    await expect(fed(csrFromRows([[], []], 3), 4, 5, 0)).rejects.toMatchObject({ code: 'SPLIT_EMPTY' });
  });
});

describe('what a history is told from', () => {
  const items = 900;
  const rows = [[5, 17, 800], [], Array.from({ length: 50 }, (_, i) => 3 * i), [...Array(items).keys()]];
  const histories = csrFromRows(rows, items);

  /** The pairs of a row in each sample: item, target, weight. */
  function told(first: number, count: number, row: number): number[][][] {
    const { list, count: ofSample } = pairsToFold(histories, first, count, 4);
    const floats = new Float32Array(list.numbers.buffer);
    expect(list.length).toBe(SAMPLES * ofSample);
    return Array.from({ length: SAMPLES }, (_, sample) =>
      Array.from({ length: ofSample }, (_, k) => 4 * (sample * ofSample + k))
        .filter((at) => list.numbers[at] === row)
        .map((at) => [list.numbers[at + 1], floats[at + 2], floats[at + 3]]),
    );
  }

  it.each([0, 1, 2, 3])(
    'in every sample all of row %i, and items it lacks that count four times as much',
    (row) => {
      const has = rows[row];
      for (const pairs of told(0, rows.length, row)) {
        expect(pairs.filter(([, target]) => target === 1)).toEqual(has.map((item) => [item, 1, 1]));
        const lacking = pairs.filter(([, target]) => target === 0);
        expect(new Set(lacking.map(([item]) => item)).size).toBe(lacking.length);
        expect(lacking.filter(([item]) => has.includes(item))).toEqual([]);
        const weight = lacking.reduce((sum, [, , w]) => sum + w, 0);
        expect(weight).toBeCloseTo(has.length === items ? 0 : 4 * has.length, 3);
      }
    },
  );

  it('the samples together have every item that it lacks where they have room for it', () => {
    const once = told(0, 1, 0)[0].filter(([, target]) => target === 0).length;
    expect(once).toBeLessThan(items / 4);
    const all = new Set(told(0, 1, 0).flatMap((pairs) => pairs.map(([item]) => item)));
    expect(all.size).toBe(items);
  });

  it('the same alone and among others', () => {
    expect(told(2, 1, 0)).toEqual(told(0, rows.length, 2));
  });
});

describe('training and folding in', () => {
  async function trained(train: Csr, changed: Partial<NeumfConfig> = {}): Promise<Neumf> {
    const model = modelOf(train, changed);
    const config = { ...NEUMF_TRAIN_DEFAULTS, epochs: 30, batch: 32, learningRate: 0.02 };
    const trainer = new Trainer(backend, model, train, { config });
    const run = trainer.run();
    while (!(await run.next()).done);
    trainer.dispose();
    model.endTraining();
    return model;
  }

  /** The scores of histories, row by row. */
  async function scoresOf(model: Neumf, rows: number[][]): Promise<number[][]> {
    const input = uploadRows(backend, csrFromRows(rows, model.items));
    const scores = backend.zeros('f32', [rows.length, model.items]);
    const batch = { rows: consecutive(backend, rows.length), first: 0, count: rows.length };
    model.score(input, { ...batch, consecutive: true }, scores);
    const all = await backend.read(scores);
    input.free();
    scores.free();
    return rows.map((_, row) => Array.from(all.slice(row * model.items, (row + 1) * model.items)));
  }

  /** Users 0, 2, ... have items 0 to 9, the others 10 to 19, but for two of them each. */
  const groups = csrFromRows(
    Array.from({ length: 40 }, (_, u) =>
      Array.from({ length: 10 }, (_, i) => 10 * (u % 2) + i).filter(
        (i) => i % 10 !== u % 7 && i % 10 !== u % 10,
      ),
    ),
    20,
  );
  const mean = (numbers: number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

  function correlation(x: number[], y: number[]): number {
    const [mx, my] = [mean(x), mean(y)];
    const dot = (a: number[], ma: number, b: number[], mb: number) =>
      a.reduce((sum, value, i) => sum + (value - ma) * (b[i] - mb), 0);
    return dot(x, mx, y, my) / Math.sqrt(dot(x, mx, x, mx) * dot(y, my, y, my));
  }

  it('tells the probabilities of a history of one item, of all items, and of none', async () => {
    const model = await trained(groups);
    const everything = Array.from({ length: 20 }, (_, i) => i);
    const [one, all, none] = await scoresOf(model, [[3], everything, []]);
    for (const score of [...one, ...all, ...none]) expect(Number.isFinite(score)).toBe(true);
    expect(mean(one.slice(0, 10))).toBeGreaterThan(mean(one.slice(10)) + 0.5);
    // Without an item that they lack, every pair is one that they have.
    expect(mean(all.map((score) => model.probability(score)))).toBeGreaterThan(0.5);
    expect(model.probability(0)).toBe(0.5);
    model.dispose();
  });

  it('folding somebody in who was trained on gives about what was learned of them', async () => {
    const l2 = 1e-3;
    // The training's loss is a mean over interactions, that of folding in a sum.
    const model = modelOf(groups, { foldL2: l2 * groups.indices.length, foldSteps: 200 });
    const config = { ...NEUMF_TRAIN_DEFAULTS, epochs: 100, batch: 32, learningRate: 0.02, l2 };
    const trainer = new Trainer(backend, model, groups, { config });
    const run = trainer.run();
    while (!(await run.next()).done);
    const { names, values } = model.parameters;
    const learned = new Map(
      await Promise.all(names.map(async (name, i) => [name, await backend.read(values.parts[i])] as const)),
    );
    trainer.dispose();
    model.endTraining();
    const rows = Array.from({ length: 40 }, (_, u) =>
      Array.from(groups.indices.subarray(groups.indptr[u], groups.indptr[u + 1])),
    );
    const scores = await scoresOf(model, rows);
    const numbers = (name: string) => learned.get(name)!;
    const relu = (x: number) => Math.max(x, 0);
    const alike = rows.map((_, user) => {
      const own = scores[user].map((_, item) => {
        const sums = [0, 1, 2, 3].map((h) =>
          relu(numbers('userUnits')[4 * user + h] + numbers('itemUnits')[4 * item + h]),
        );
        const second = [0, 1, 2].map((j) =>
          relu(sums.reduce((sum, x, h) => sum + x * numbers('W1')[3 * h + j], numbers('b1')[j])),
        );
        const tower = second.reduce((sum, x, j) => sum + x * numbers('W2')[j], numbers('b2')[0]);
        return [0, 1, 2].reduce(
          (sum, f) => sum + numbers('userFactors')[3 * user + f] * numbers('itemFactors')[3 * item + f],
          tower,
        );
      });
      return correlation(own, scores[user]);
    });
    // Training stopped short of the minimum, and the users' part has more than one.
    expect(Math.min(...alike)).toBeGreaterThan(0.8);
    expect(mean(alike)).toBeGreaterThan(0.9);
    model.dispose();
  });

  it('the scores are those of its tensors: products, and layers over sums', async () => {
    const model = await trained(groups, { foldSteps: 1, foldRate: 1e-6 });
    // So short a way from zeros that nothing of the user is left.
    const [[score]] = await scoresOf(model, [[5]]);
    const tensor = async (name: string) => backend.read(model.tensors.get(name)!);
    const units = (await tensor('itemUnits')).slice(0, 4);
    const [W1, b1, W2, b2] = await Promise.all(['W1', 'b1', 'W2', 'b2'].map(tensor));
    const relu = (x: number) => Math.max(x, 0);
    const second = [0, 1, 2].map((j) =>
      relu([0, 1, 2, 3].reduce((sum, k) => sum + relu(units[k]) * W1[3 * k + j], b1[j])),
    );
    expect(score).toBeCloseTo(
      second.reduce((sum, x, j) => sum + x * W2[j], b2[0]),
      4,
    );
    expect([...model.tensors.keys()].filter((name) => name.startsWith('user'))).toEqual([]);
    model.dispose();
  });
});
