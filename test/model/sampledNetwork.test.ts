import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/backend/backend.js';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import { readStored } from '../../src/backend/stored.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows, rowIndices } from '../../src/data/csr.js';
import { MLP_DEFAULTS, type NetworkConfig, TRAIN_DEFAULTS } from '../../src/model/config.js';
import type { SampledInputs } from '../../src/model/model.js';
import { Network } from '../../src/model/network.js';
import { initialWeights } from '../../src/model/networkWeights.js';
import { SampledNetwork } from '../../src/model/sampledNetwork.js';
import { LazyOptimiser } from '../../src/train/lazyOptimiser.js';
import { Optimiser } from '../../src/train/optimiser.js';
import { columnsOf, randomCsr } from '../../src/verify/inputs.js';

const ITEMS = 64;
const BATCH = 5;
const config: NetworkConfig = {
  ...MLP_DEFAULTS,
  hidden: [7, 5],
  activation: 'tanh',
  loss: 'multinomial',
  output: 'softmax',
  dropout: 0.3,
  normalise: 'none',
};
const histories = randomCsr(BATCH, ITEMS, 0.3, 12, true);
const backend = createCpuBackend({ precision: 'f64' });
const initial = initialWeights(ITEMS, config.hidden, 4);

/** A step in which every item was drawn exactly as often as it was to be expected: nothing is estimated. */
function everything(lossParts: Tensor): {
  exact: Parameters<Network['gradients']>[0];
  sampled: SampledInputs;
} {
  const rows = uploadRows(backend, histories);
  const { starts, entries } = columnsOf(histories, [0, 1, 2, 3, 4]);
  const all = backend.tensor(Uint32Array.from({ length: ITEMS }, (_, i) => i));
  const exact = {
    inputs: rows,
    targets: rows,
    batch: { rows: consecutive(backend, BATCH), first: 0, count: BATCH },
    capacity: BATCH,
    starts: backend.tensor(starts),
    entries: backend.tensor(entries),
    firstStart: 0,
    lossParts,
    step: 3,
    steps: 10,
    seed: 8,
  };
  return { exact, sampled: { ...exact, own: all, items: all, corrections: backend.zeros('f32', [ITEMS]) } };
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThan(1e-12);
}

describe('with every item among the samples', () => {
  it.each([0, 0.01])('the loss and a step are those of the exact softmax, L2 %s', async (l2) => {
    const train = { ...TRAIN_DEFAULTS, l2, optimizer: 'adamw', weightDecay: 0.1 } as const;
    const network = new Network('mlp', backend, ITEMS, config, initial);
    const sampled = new SampledNetwork('mlp', backend, ITEMS, config, initial);
    const whole = new Optimiser(backend, network.parameters, train);
    const lazy = new LazyOptimiser(backend, sampled.parameters, train);
    const [losses, estimates] = [whole, lazy].map(({ penalties }) =>
      backend.zeros('f32', [BATCH + penalties]),
    );
    for (let step = 1; step <= 3; step++) {
      network.gradients(everything(losses).exact);
      sampled.sampledGradients(everything(estimates).sampled);
      whole.penalty(losses, BATCH);
      lazy.penalty(estimates, BATCH);
      const [loss, estimate] = await Promise.all([losses, estimates].map((parts) => backend.read(parts)));
      expectClose(estimate.subarray(0, BATCH), loss.subarray(0, BATCH));
      const sum = (parts: ArrayLike<number>) => Array.from(parts).reduce((total, x) => total + x, 0);
      expect(Math.abs(sum(estimate) - sum(loss))).toBeLessThan(1e-11);
      whole.apply(step, 10);
      lazy.apply(step, 10);
      for (const [name, stored] of network.tensors) {
        expect(sampled.tensors.get(name)!.shape).toEqual(stored.shape);
        expectClose(await readStored(backend, sampled.tensors.get(name)!), await readStored(backend, stored));
      }
      for (const [name, stored] of whole.state) {
        expectClose(await readStored(backend, lazy.state.get(name)!), await readStored(backend, stored));
      }
    }
    whole.dispose();
    lazy.dispose();
    network.dispose();
    sampled.dispose();
  });

  it('scores are those of the exact network', async () => {
    const network = new Network('mlp', backend, ITEMS, config, initial);
    const sampled = new SampledNetwork('mlp', backend, ITEMS, config, initial);
    const rows = uploadRows(backend, histories);
    const batch = { rows: consecutive(backend, BATCH), first: 0, count: BATCH };
    const scores = backend.zeros('f32', [BATCH, ITEMS]);
    network.score(rows, batch, scores);
    const expected = await backend.read(scores);
    sampled.score(rows, batch, scores);
    expectClose(await backend.read(scores), expected);
  });
});

it('a step changes the rows it touches and nothing else, moments included', async () => {
  const few = csrFromRows(
    [
      [3, 10],
      [10, 40],
    ],
    ITEMS,
  );
  const own = Uint32Array.of(3, 10, 40);
  const items = Uint32Array.of(3, 10, 25, 40, 60);
  const own3 = csrFromRows(
    [
      [0, 1],
      [1, 2],
    ],
    3,
  );
  const items5 = csrFromRows(
    [
      [0, 1],
      [1, 3],
    ],
    5,
  );
  expect(Array.from(rowIndices(few, 1), (item) => items[rowIndices(items5, 1)[0]] <= item)).toEqual([
    true,
    true,
  ]);
  const sampled = new SampledNetwork('mlp', backend, ITEMS, { ...config, dropout: 0 }, initial);
  const train = { ...TRAIN_DEFAULTS, l2: 0.01 };
  const lazy = new LazyOptimiser(backend, sampled.parameters, train);
  const { starts, entries } = columnsOf(own3, [0, 1]);
  sampled.sampledGradients({
    inputs: uploadRows(backend, own3),
    targets: uploadRows(backend, items5),
    batch: { rows: consecutive(backend, 2), first: 0, count: 2 },
    capacity: 2,
    starts: backend.tensor(starts),
    entries: backend.tensor(entries),
    firstStart: 0,
    own: backend.tensor(own),
    items: backend.tensor(items),
    corrections: backend.tensor([-0.5, 0.1, 0.7, -3.4e38, 1.5]),
    lossParts: backend.zeros('f32', [2 + lazy.penalties]),
    step: 1,
    steps: 2,
    seed: 1,
  });
  lazy.apply(1, 2);
  const changed = async (name: string, rowOf: (i: number) => number) => {
    const before = initial.get(name)!.values;
    const after = await readStored(backend, sampled.tensors.get(name)!);
    const moments = await readStored(backend, lazy.state.get(`${name}.moment2`)!);
    const rows = new Set<number>();
    after.forEach((x, i) => {
      if (Math.abs(x - before[i]) > 1e-9) rows.add(rowOf(i));
      if (moments[i] !== 0) rows.add(rowOf(i));
    });
    return [...rows].sort((a, b) => a - b);
  };
  expect(await changed('W1', (i) => Math.floor(i / 7))).toEqual([...own]);
  expect(await changed('W3', (i) => i % ITEMS)).toEqual([...items]);
  expect(await changed('b3', (i) => i)).toEqual([...items]);
  lazy.dispose();
  sampled.dispose();
});

it('CONFIG for an optimiser that rows alone cannot follow', () => {
  const sampled = new SampledNetwork('mlp', backend, ITEMS, config, initial);
  for (const option of [{ optimizer: 'sgd' as const }, { clip: 1 }]) {
    expect(() => new LazyOptimiser(backend, sampled.parameters, { ...TRAIN_DEFAULTS, ...option })).toThrow(
      expect.objectContaining({ code: 'CONFIG', remedy: expect.stringContaining('--softmax full') }),
    );
  }
  sampled.dispose();
});
