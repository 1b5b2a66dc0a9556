import type { Backend } from '../../src/backend/backend.js';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import type { Csr } from '../../src/data/csr.js';
import type { Model } from '../../src/model/model.js';

/** How the score of an item changes with each entry of all histories but the first; 0 for those of the first. */
export async function inputGradients(
  on: Backend,
  model: Model,
  histories: Csr,
  item: number,
): Promise<number[]> {
  const places = uploadRows(on, histories);
  const rows = consecutive(on, histories.rows);
  const out = on.zeros('f32', [histories.indices.length]);
  const batch = { rows, first: 1, count: histories.rows - 1, consecutive: true } as const;
  model.inputGradients!(places, batch, item, out);
  const found = Array.from(await on.read(out));
  for (const made of [places, rows, out]) made.free();
  return found;
}
