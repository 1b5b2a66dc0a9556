import type { Backend } from '../src/backend/backend.js';
import { consecutive, uploadRows } from '../src/backend/sparse.js';
import { rowIndices } from '../src/data/csr.js';
import type { Model } from '../src/model/model.js';
import type { TrainTest } from './publishedSplits.js';

type NcfSplit = TrainTest & { readonly negatives: readonly (readonly number[])[] };

/** Of each user, how many items score above theirs, or the same at a lower index. */
export interface NcfRanks {
  /** Among the given negatives, but for the item itself where it is one of them. */
  readonly sampled: readonly number[];
  /** Among all items that the user does not have. */
  readonly full: readonly number[];
}

/** Both from one scoring of everybody. */
export async function ncfRanks(
  backend: Backend,
  model: Model,
  { train, test, negatives }: NcfSplit,
): Promise<NcfRanks> {
  const size = 128;
  const rows = consecutive(backend, train.rows);
  const input = uploadRows(backend, train, model.inputValues(train));
  const scores = backend.zeros('f32', [size, model.items]);
  const [sampled, full]: number[][] = [[], []];
  for (let first = 0; first < train.rows; first += size) {
    const count = Math.min(size, train.rows - first);
    model.score(input, { rows, first, count, consecutive: true }, scores);
    const found = await backend.read(scores);
    for (let row = 0; row < count; row++) {
      const user = first + row;
      const item = test.heldOut.indices[test.heldOut.indptr[user]];
      const mine = found.subarray(row * model.items, (row + 1) * model.items);
      const isBefore = (i: number) => mine[i] > mine[item] || (mine[i] === mine[item] && i < item);
      const before = (items: Iterable<number>) => [...items].filter((i) => i !== item && isBefore(i)).length;
      sampled.push(before(negatives[user]));
      full.push(before(mine.keys()) - before(rowIndices(train, user)));
    }
  }
  for (const tensor of [rows, input, scores]) tensor.free();
  return { sampled, full };
}

/** How many of the user's negatives stand before their item. */
export const sampledRanks = async (
  backend: Backend,
  model: Model,
  split: NcfSplit,
): Promise<readonly number[]> => (await ncfRanks(backend, model, split)).sampled;

/** HR@10 and NDCG@10 of such places. */
export function ncfFigures(places: readonly number[]): { readonly hitRate: number; readonly ndcg: number } {
  const hits = places.filter((rank) => rank < 10);
  const gains = hits.reduce((sum, rank) => sum + 1 / Math.log2(rank + 2), 0);
  return { hitRate: hits.length / places.length, ndcg: gains / places.length };
}
