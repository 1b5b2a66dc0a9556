import { readFileSync } from 'node:fs';
import type { Backend } from '../../src/backend/backend.js';
import { consecutive, freeAll, uploadRows } from '../../src/backend/sparse.js';
import { csrFromRows } from '../../src/data/csr.js';
import { topLists } from '../../src/evaluate/topLists.js';
import { TRAIN_DEFAULTS, type TrainConfig } from '../../src/model/config.js';
import { Gru } from '../../src/model/gru.js';
import { GRU_DEFAULTS } from '../../src/model/gruConfig.js';
import { pack, packInto } from '../../src/model/packing.js';
import type { NamedArrays } from '../../src/model/parameters.js';
import { Optimiser } from '../../src/train/optimiser.js';
import { scoresOf } from '../model/gruByHand.js';

type Nested = number[] | number[][];

/** One case of golden_gru_gen.py: 10 steps of PyTorch in f64. */
export interface GoldenGruCase {
  name: string;
  opt: 'sgd' | 'adam';
  lr: number;
  clip?: number;
  losses_f64: number[];
  positions: number[];
  grad0: Record<string, Nested>;
  final: Record<string, Nested>;
  scores_last: number[][];
  scores_last_init: number[][];
  top5: number[][];
}

export interface GoldenGru {
  n_users: number;
  n_items: number;
  embedding: number;
  hidden: number;
  indptr: number[];
  sequence: number[];
  batches: number[][];
  init: Record<string, Nested>;
  /** Of user 2: r, z, n and h after every item, with the first weights. */
  forward_trace_user2_init: Record<'r' | 'z' | 'n' | 'h', number[]>[];
  cases: GoldenGruCase[];
}

export const goldenGru: GoldenGru = JSON.parse(
  readFileSync(new URL('golden_gru.json', import.meta.url), 'utf8'),
);

/** PyTorch's names, and whether its array lies the other way. */
const NAMES: Readonly<Record<string, readonly [string, boolean]>> = {
  E: ['embedding', false],
  W_ih: ['inputWeights', true],
  W_hh: ['stateWeights', true],
  W_o: ['outputWeights', true],
  b_ih: ['inputBias', false],
  b_hh: ['stateBias', false],
  b_o: ['outputBias', false],
};

/** PyTorch's arrays under foldin's names, as foldin lays them out. */
function named(arrays: Record<string, Nested>): Map<string, { shape: number[]; values: Float64Array }> {
  return new Map(
    Object.entries(arrays).map(([theirs, nested]) => {
      const [name, isTurned] = NAMES[theirs];
      if (!Array.isArray(nested[0])) {
        return [name, { shape: [nested.length], values: Float64Array.from(nested as number[]) }];
      }
      const rows = nested as number[][];
      const turned = isTurned ? rows[0].map((_, c) => rows.map((row) => row[c])) : rows;
      return [name, { shape: [turned.length, turned[0].length], values: Float64Array.from(turned.flat()) }];
    }),
  );
}

const sequences = Array.from({ length: goldenGru.n_users }, (_, u) =>
  goldenGru.sequence.slice(goldenGru.indptr[u], goldenGru.indptr[u + 1]),
);
const histories = csrFromRows(sequences, goldenGru.n_items, undefined, { inOrder: true });

export const goldenModel = (backend: Backend): Gru => {
  const { n_items, hidden, embedding } = goldenGru;
  const config = { ...GRU_DEFAULTS, hidden, embedding, tied: false, dropout: 0 };
  return new Gru(backend, n_items, config, named(goldenGru.init) as NamedArrays);
};

const trainConfig = (c: GoldenGruCase): TrainConfig => ({
  ...TRAIN_DEFAULTS,
  l2: 0,
  optimizer: c.opt,
  learningRate: c.lr,
  clip: c.clip ?? 0,
});

/** The inputs and targets of a batch: histories of one item have none. */
function batchOf(users: readonly number[]) {
  const mine = users.map((u) => sequences[u]).filter((items) => items.length > 1);
  mine.sort((a, b) => b.length - a.length);
  const packing = pack(mine.map((items) => items.length - 1));
  const [inputs, targets] = [new Uint32Array(packing.positions), new Uint32Array(packing.positions)];
  packInto(
    packing,
    mine.map((items) => items.slice(0, -1)),
    inputs,
  );
  packInto(
    packing,
    mine.map((items) => items.slice(1)),
    targets,
  );
  return { packing, inputs, targets };
}

/** The positions of every item, as Ops.bagBackward reads them. */
function columnsOf(inputs: Uint32Array, items: number) {
  const one = new Uint32Array(Float32Array.of(1).buffer)[0];
  const columns = Array.from({ length: items }, (_, item) =>
    [...inputs.keys()].filter((position) => inputs[position] === item),
  );
  const starts = new Uint32Array(items + 1);
  columns.forEach((column, item) => {
    starts[item + 1] = starts[item] + column.length;
  });
  return { starts, entries: Uint32Array.from(columns.flat().flatMap((position) => [position, one])) };
}

/** Replays a case and returns what it recorded, under foldin's names. */
export async function replayGru(backend: Backend, c: GoldenGruCase) {
  const model = goldenModel(backend);
  const optimiser = new Optimiser(backend, model.parameters, trainConfig(c));
  const scoresBefore = await scoresOf(backend, model, histories);
  const numbers = consecutive(backend, 100);
  const one = backend.tensor([1]);
  const capacity = 64;
  const lossParts = backend.zeros('f32', [capacity]);
  const ring = backend.zeros('f32', [goldenGru.batches.length]);
  const grad0 = new Map<string, ArrayLike<number>>();
  const positions: number[] = [];

  for (const [index, users] of goldenGru.batches.entries()) {
    const { packing, inputs, targets } = batchOf(users);
    const columns = columnsOf(inputs, model.items);
    const [items, next, starts, entries] = [inputs, targets, columns.starts, columns.entries].map((values) =>
      backend.tensor(values),
    );
    model.sequenceGradients({
      packing,
      inputs: { indptr: numbers, indices: items, values: one },
      targets: { indptr: numbers, indices: next, values: one },
      numbers,
      first: 0,
      capacity,
      starts,
      entries,
      firstStart: 0,
      lossParts,
      step: index + 1,
      seed: 0,
    });
    const { names, grads } = model.parameters;
    for (const [place, name] of names.entries()) {
      if (index === 0) grad0.set(name, await backend.read(grads.parts[place]));
    }
    backend.recordLoss({ parts: lossParts, ring, count: packing.positions, slot: index });
    optimiser.apply(index + 1, goldenGru.batches.length);
    positions.push(packing.positions);
    freeAll([items, next, starts, entries]);
  }
  const losses = await backend.read(ring);
  const final = new Map<string, ArrayLike<number>>();
  for (const [name, tensor] of model.tensors) final.set(name, await backend.read(tensor));
  const scoresAfter = await scoresOf(backend, model, histories);
  const { items } = await topLists(backend, model, { histories, k: 5 });
  const top5 = sequences.map((_, u) =>
    [...items.subarray(5 * u, 5 * u + 5)].filter((item) => item < model.items),
  );
  freeAll([numbers, one, lossParts, ring]);
  optimiser.dispose();
  model.dispose();
  return { losses, positions, grad0, final, scoresBefore, scoresAfter, top5 };
}

/** The largest difference over all arrays of a record of PyTorch's. */
export function worstOf(
  got: ReadonlyMap<string, ArrayLike<number>>,
  expected: Record<string, Nested>,
): number {
  let worst = 0;
  for (const [name, { values }] of named(expected)) {
    values.forEach((x, i) => {
      const difference = Math.abs((got.get(name)?.[i] ?? Number.NaN) - x);
      if (!(difference <= worst)) worst = difference;
    });
  }
  return worst;
}

/** User 2's gates and states with the first weights, item by item, as the model computes them. */
export async function forwardTrace(backend: Backend) {
  const { hidden } = goldenGru;
  const first = named(goldenGru.init);
  const items = sequences[2];
  const found: Record<'r' | 'z' | 'n' | 'h', number[]>[] = [];
  const tensors = backend.scope(() => {
    const made = (name: string) => backend.tensor(first.get(name)!.values, first.get(name)!.shape);
    const rows = csrFromRows(
      items.map((item) => [item]),
      goldenGru.n_items,
    );
    const x = backend.zeros('f32', [items.length, goldenGru.embedding]);
    backend.bagForward({
      input: uploadRows(backend, rows),
      batch: { rows: consecutive(backend, items.length), first: 0, count: items.length },
      weights: made('embedding'),
      bias: backend.zeros('f32', [goldenGru.embedding]),
      out: x,
      activation: 'linear',
      dropout: { rate: 0, seed: 0, step: 0 },
    });
    const zeros = (columns: number) => backend.zeros('f32', [items.length, columns]);
    const [inputGates, states, gates, recurrent, previous] = [
      zeros(3 * hidden),
      zeros(hidden),
      zeros(3 * hidden),
      zeros(hidden),
      zeros(hidden),
    ];
    backend.matmulNN({
      a: x,
      b: made('inputWeights'),
      bias: made('inputBias'),
      out: inputGates,
      activation: 'linear',
    });
    const [weights, bias] = [made('stateWeights'), made('stateBias')];
    const saved = { states, gates, recurrent, previous };
    items.forEach((_, t) => {
      const place = { first: t, count: 1, previousFirst: t - 1, previousCount: t === 0 ? 0 : 1 };
      if (t === 0) place.previousFirst = 0;
      backend.gruGatesForward({ inputGates, weights, bias, ...saved, ...place });
    });
    return { gates, states };
  });
  const [gates, states] = [await backend.read(tensors.gates), await backend.read(tensors.states)];
  freeAll(Object.values(tensors));
  items.forEach((_, t) => {
    const gate = (n: number) =>
      Array.from(gates.subarray((3 * t + n) * hidden, (3 * t + n + 1) * hidden) as Float64Array);
    const h = Array.from(states.subarray(t * hidden, (t + 1) * hidden) as Float64Array);
    found.push({ r: gate(0), z: gate(1), n: gate(2), h });
  });
  return found;
}
