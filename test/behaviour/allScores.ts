import type { Backend } from '../../src/backend/backend.js';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import type { Csr } from '../../src/data/csr.js';
import { readScores, Scores } from '../../src/evaluate/scores.js';
import type { Model } from '../../src/model/model.js';

/** The scores of every row, read back. */
export async function allScores(on: Backend, model: Model, histories: Csr): Promise<number[][]> {
  const input = uploadRows(on, histories, model.inputValues(histories));
  const scores = new Scores(on, model, histories.rows, { together: false, most: 16 });
  const rows = consecutive(on, histories.rows);
  const all: number[][] = [];
  for (let first = 0; first < histories.rows; first += scores.batch) {
    const count = Math.min(scores.batch, histories.rows - first);
    const found = await readScores(on, scores, input, { rows, first, count, consecutive: true });
    for (let r = 0; r < count; r++)
      all.push(Array.from(found.subarray(r * model.items, (r + 1) * model.items)));
  }
  input.free();
  rows.free();
  scores.free();
  return all;
}
