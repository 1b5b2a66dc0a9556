import type { Backend } from '../src/backend/backend.js';
import { consecutive, uploadRows } from '../src/backend/sparse.js';
import type { Model } from '../src/model/model.js';
import type { TrainTest } from './publishedSplits.js';

/** How many of the user's negatives score above their item, or the same at a lower index; itself left out. */
export async function sampledRanks(
  backend: Backend,
  model: Model,
  { train, test, negatives }: TrainTest & { negatives: number[][] },
): Promise<number[]> {
  const size = 128;
  const rows = consecutive(backend, train.rows);
  const input = uploadRows(backend, train, model.inputValues(train));
  const scores = backend.zeros('f32', [size, model.items]);
  const places: number[] = [];
  for (let first = 0; first < train.rows; first += size) {
    const count = Math.min(size, train.rows - first);
    model.score(input, { rows, first, count, consecutive: true }, scores);
    const found = await backend.read(scores);
    for (let row = 0; row < count; row++) {
      const user = first + row;
      const item = test.heldOut.indices[test.heldOut.indptr[user]];
      const score = (i: number) => found[row * model.items + i];
      places.push(
        negatives[user].filter(
          (i) => i !== item && (score(i) > score(item) || (score(i) === score(item) && i < item)),
        ).length,
      );
    }
  }
  for (const tensor of [rows, input, scores]) tensor.free();
  return places;
}
