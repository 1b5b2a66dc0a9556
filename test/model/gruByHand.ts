import type { Backend } from '../../src/backend/backend.js';
import { consecutive, freeAll, uploadRows } from '../../src/backend/sparse.js';
import { type Csr, csrFromRows } from '../../src/data/csr.js';
import type { GruConfig } from '../../src/model/gruConfig.js';
import { initialGru } from '../../src/model/gruParameters.js';
import type { Model } from '../../src/model/model.js';
import type { NamedArrays } from '../../src/model/parameters.js';
import { doubles } from '../cpu/differences.js';

export const ordered = (rows: number[][], items: number): Csr =>
  csrFromRows(rows, items, undefined, { inOrder: true });

/** Parameters large enough that everything matters. */
export function made(items: number, config: GruConfig): NamedArrays {
  return new Map(
    [...initialGru(items, config, 1)].map(([name, { shape, values }], i) => [
      name,
      { shape, values: doubles(values.length, 40 + i) },
    ]),
  );
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The scores after a sequence, and the loss of every next item, in the plainest way. */
export function byHand(items: number, config: GruConfig, arrays: NamedArrays, sequence: readonly number[]) {
  const { hidden, embedding, tied } = config;
  const of = (name: string) => arrays.get(name)!.values;
  let h = new Array<number>(hidden).fill(0);
  const losses: number[] = [];
  let scores: number[] = [];
  sequence.forEach((item, t) => {
    const x = Array.from({ length: embedding }, (_, d) => of('embedding')[item * embedding + d]);
    const sum = (vector: number[], name: string, column: number) =>
      vector.reduce(
        (total, v, d) => total + v * of(`${name}Weights`)[d * 3 * hidden + column],
        of(`${name}Bias`)[column],
      );
    h = h.map((old, j) => {
      const r = sigmoid(sum(x, 'input', j) + sum(h, 'state', j));
      const z = sigmoid(sum(x, 'input', hidden + j) + sum(h, 'state', hidden + j));
      const n = Math.tanh(sum(x, 'input', 2 * hidden + j) + r * sum(h, 'state', 2 * hidden + j));
      return (1 - z) * n + z * old;
    });
    const weight = (j: number, i: number) =>
      tied ? of('embedding')[i * embedding + j] : of('outputWeights')[j * items + i];
    scores = Array.from({ length: items }, (_, i) =>
      h.reduce((total, v, j) => total + v * weight(j, i), of('outputBias')[i]),
    );
    if (t + 1 < sequence.length) {
      const exps = scores.reduce((total, s) => total + Math.exp(s), 0);
      losses.push(Math.log(exps) - scores[sequence[t + 1]]);
    }
  });
  return { scores, losses };
}

export async function scoresOf(backend: Backend, model: Model, histories: Csr): Promise<number[][]> {
  const input = uploadRows(backend, histories, model.inputValues(histories));
  const rows = consecutive(backend, histories.rows);
  const out = backend.zeros('f32', [histories.rows, model.items]);
  model.score(input, { rows, first: 0, count: histories.rows, consecutive: true }, out);
  const found = Array.from(await backend.read(out));
  input.free();
  freeAll([rows, out]);
  return Array.from({ length: histories.rows }, (_, r) =>
    found.slice(r * model.items, (r + 1) * model.items),
  );
}
