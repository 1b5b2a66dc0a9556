import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomOrder, STREAM } from '../../src/backend/random.js';
import type { NetworkConfig, TrainConfig } from '../../src/model/config.js';
import { MLP_DEFAULTS, TRAIN_DEFAULTS } from '../../src/model/config.js';
import { initialWeights } from '../../src/model/networkWeights.js';
import { SIZES, syntheticLog } from '../logs.js';

/** What every side trains: the plain network, with nothing that only some of them have. */
export const NETWORK: NetworkConfig = {
  ...MLP_DEFAULTS,
  hidden: [128, 64],
  loss: 'multinomial',
  output: 'softmax',
  dropout: 0,
  normalise: 'none',
};

/** job.json: the work in numbers. The arrays lie beside it, little-endian, without a header. */
export interface Job {
  readonly size: string;
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
  readonly hidden: readonly number[];
  readonly batch: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly k: number;
  readonly seed: number;
  /** How many orders of the users there are. */
  readonly epochs: number;
}

export const trainConfig = ({ batch, learningRate, epsilon, seed, epochs }: Job): TrainConfig => ({
  ...TRAIN_DEFAULTS,
  batch,
  learningRate,
  epsilon,
  seed,
  epochs,
  l2: 0,
  patience: 0,
});

/**
 * Writes job.json, indptr.u32, indices.u32 (the log), orders.u32[epochs, users] (batches are slices of a row) and
 * weights.f32 (W1, b1, W2, b2, ...; a weight matrix is [inputs, outputs]).
 */
export function writeJob(folder: string, options: { size: string; batch: number; epochs: number }): Job {
  const { size, batch, epochs } = options;
  const seed = 1;
  const log = syntheticLog(SIZES[size], seed);
  const job: Job = {
    size,
    users: log.rows,
    items: log.columns,
    interactions: log.indices.length,
    hidden: NETWORK.hidden,
    batch: Math.min(batch, log.rows),
    learningRate: TRAIN_DEFAULTS.learningRate,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: TRAIN_DEFAULTS.epsilon,
    k: Math.min(20, log.columns),
    seed,
    epochs,
  };
  const weights = initialWeights(log.columns, NETWORK.hidden, seed);
  const layers = Array.from({ length: NETWORK.hidden.length + 1 }, (_, l) => l + 1);
  writeFileSync(join(folder, 'job.json'), JSON.stringify(job));
  writeFileSync(join(folder, 'indptr.u32'), log.indptr);
  writeFileSync(join(folder, 'indices.u32'), log.indices);
  const orders = Array.from({ length: epochs }, (_, epoch) =>
    Buffer.from(randomOrder(log.rows, seed, STREAM.order, epoch).buffer),
  );
  writeFileSync(join(folder, 'orders.u32'), Buffer.concat(orders));
  const arrays = layers.flatMap((l) => [`W${l}`, `b${l}`]).map((name) => weights.get(name)!.values);
  const bytes = arrays.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  writeFileSync(join(folder, 'weights.f32'), Buffer.concat(bytes));
  return job;
}
