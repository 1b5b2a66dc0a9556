import { readFileSync } from 'node:fs';
import type { Backend } from '../../src/backend/backend.js';
import { freeAll, uploadRows } from '../../src/backend/sparse.js';
import { readStored } from '../../src/backend/stored.js';
import { csrFromRows } from '../../src/data/csr.js';
import {
  MLP_DEFAULTS,
  type NetworkConfig,
  TRAIN_DEFAULTS,
  type TrainConfig,
} from '../../src/model/config.js';
import { Network } from '../../src/model/network.js';
import type { NamedArrays } from '../../src/model/parameters.js';
import { batchColumns } from '../../src/train/batches.js';
import { Optimiser } from '../../src/train/optimiser.js';

type Nested = number[] | number[][];

/** One case of golden_gen.py: 20 steps of PyTorch in f64. */
export interface GoldenCase {
  name: string;
  loss: 'ce' | 'bce' | 'mse' | 'sse';
  output?: 'softmax' | 'linear';
  opt: 'sgd' | 'adam';
  lr: number;
  momentum?: number;
  l2?: number;
  weight_decay?: number;
  zero_diag?: boolean;
  losses_f64: number[];
  grad0: Record<string, Nested>;
  final: Record<string, Nested>;
  top5: number[][];
  top5_min_gap: number;
}

export interface Golden {
  n_users: number;
  n_items: number;
  hidden: number[];
  indptr: number[];
  indices: number[];
  batches: number[][];
  init: Record<string, Nested>;
  cases: GoldenCase[];
}

export const goldens = ['ce', 'mse', 'linear'].map(
  (name): Golden => JSON.parse(readFileSync(new URL(`golden_${name}.json`, import.meta.url), 'utf8')),
);

const flat = (nested: Nested): number[] => (nested as number[][]).flat();

/** Replays a case and returns what it recorded. */
export async function replay(backend: Backend, golden: Golden, c: GoldenCase) {
  const items = golden.n_items;
  const rows = Array.from({ length: golden.n_users }, (_, u) =>
    golden.indices.slice(golden.indptr[u], golden.indptr[u + 1]),
  );
  const matrix = csrFromRows(rows, items);
  const network = new Network('golden', backend, items, networkConfig(golden, c), initial(golden));
  const optimiser = new Optimiser(backend, network.parameters, trainConfig(c));
  const capacity = Math.max(...golden.batches.map((batch) => batch.length));
  const penalties = Optimiser.penaltyCount(trainConfig(c));
  const inputs = uploadRows(backend, matrix);
  const lossParts = backend.zeros('f32', [capacity + penalties]);
  const ring = backend.zeros('f32', [golden.batches.length]);
  const grad0 = new Map<string, Float32Array | Float64Array>();

  for (const [index, users] of golden.batches.entries()) {
    const order = Uint32Array.from(users);
    const columns = batchColumns(matrix, undefined, order, users.length, { firstStep: 0, steps: 1 });
    const [batchRows, starts, entries] = [order, columns.starts, columns.entries].map((v) =>
      backend.tensor(v),
    );
    network.gradients({
      inputs,
      targets: inputs,
      batch: { rows: batchRows, first: 0, count: users.length },
      capacity,
      starts,
      entries,
      firstStart: 0,
      lossParts,
      step: index + 1,
      steps: golden.batches.length,
      seed: 0,
    });
    if (index === 0) {
      const { names, values, grads } = network.parameters;
      for (const [place, name] of names.entries()) {
        // The file's gradients include the L2 term, which foldin adds in the optimiser.
        const g = (await backend.read(grads.parts[place])) as Float64Array;
        const w = await backend.read(values.parts[place]);
        const l2 = name.startsWith('W') ? (c.l2 ?? 0) : 0;
        grad0.set(
          name,
          g.map((x, i) => x + 2 * l2 * w[i]),
        );
      }
    }
    optimiser.penalty(lossParts, capacity);
    backend.recordLoss({ parts: lossParts, ring, count: capacity + penalties, slot: index });
    optimiser.apply(index + 1, golden.batches.length);
    freeAll([batchRows, starts, entries]);
  }
  const losses = await backend.read(ring);
  const final = new Map<string, ArrayLike<number>>();
  for (const [name, tensor] of network.tensors) final.set(name, await readStored(backend, tensor));
  const top5 = await topFive(backend, network, inputs, golden.n_users);
  return { losses, grad0, final, top5 };
}

async function topFive(
  backend: Backend,
  network: Network,
  inputs: ReturnType<typeof uploadRows>,
  users: number,
) {
  const batch = {
    rows: backend.tensor(Uint32Array.from({ length: users }, (_, u) => u)),
    first: 0,
    count: users,
  };
  const scores = backend.zeros('f32', [users, network.items]);
  network.score(inputs, batch, scores);
  const topItems = backend.zeros('u32', [users, 5]);
  const topScores = backend.zeros('f32', [users, 5]);
  const allowed = backend.tensor(
    Uint32Array.from({ length: Math.ceil(network.items / 32) }, () => 0xffffffff),
  );
  backend.topK({ scores, seen: inputs, batch, allowed, topItems, topScores });
  const items = [...(await backend.read(topItems))];
  return Array.from({ length: users }, (_, u) => items.slice(5 * u, 5 * u + 5));
}

function networkConfig(golden: Golden, c: GoldenCase): NetworkConfig {
  const loss = { ce: 'multinomial', bce: 'bce', mse: 'mse', sse: 'mse' } as const;
  const output = { ce: 'softmax', bce: 'sigmoid', mse: c.output ?? 'softmax', sse: 'linear' } as const;
  const reduction = { ce: 'users', bce: 'users', mse: 'mean', sse: 'sum' } as const;
  return {
    ...MLP_DEFAULTS,
    hidden: golden.hidden,
    loss: loss[c.loss],
    output: output[c.loss],
    reduction: reduction[c.loss],
    dropout: 0,
    normalise: 'none',
    zeroDiagonal: c.zero_diag ?? false,
  };
}

const trainConfig = (c: GoldenCase): TrainConfig => ({
  ...TRAIN_DEFAULTS,
  optimizer: c.weight_decay ? 'adamw' : c.opt,
  learningRate: c.lr,
  momentum: c.momentum ?? 0,
  l2: c.l2 ?? 0,
  weightDecay: c.weight_decay ?? 0,
});

function initial(golden: Golden): NamedArrays {
  return new Map(
    Object.entries(golden.init).map(([name, nested]) => {
      const shape = Array.isArray(nested[0]) ? [nested.length, nested[0].length] : [nested.length];
      return [name, { shape, values: Float64Array.from(flat(nested)) }];
    }),
  );
}

/** The largest |a - b| over all arrays of a record. */
export function worstDifference(
  got: ReadonlyMap<string, ArrayLike<number>>,
  expected: Record<string, Nested>,
): number {
  let worst = 0;
  for (const [name, nested] of Object.entries(expected)) {
    const values = got.get(name);
    flat(nested).forEach((x, i) => {
      const difference = Math.abs((values?.[i] ?? Number.NaN) - x);
      if (!(difference <= worst)) worst = difference;
    });
  }
  return worst;
}
