import type { Backend } from '../../src/backend/backend.js';
import { freeAll, uploadRows } from '../../src/backend/sparse.js';
import type { Csr } from '../../src/data/csr.js';
import type { HistoryModel } from '../../src/model/model.js';
import { batchColumns } from '../../src/train/batches.js';

/**
 * One step of a model over the users 2, 5, 0 and 4 of the log, in room for five: `loss` computes it, and the gradients
 * with it, as often as it is called.
 */
export function oneStep(backend: Backend, model: HistoryModel, train: Csr, step: number, steps = 10) {
  const values = model.inputValues(train);
  const inputs = uploadRows(backend, train, values);
  const targets = uploadRows(backend, train, model.targetValues(train));
  const order = Uint32Array.of(2, 5, 0, 4);
  const columns = batchColumns(train, values, order, 4, { firstStep: 0, steps: 1 });
  const [rows, starts, entries] = [order, columns.starts, columns.entries].map((v) => backend.tensor(v));
  const lossParts = backend.zeros('f32', [5]);
  return {
    async loss(): Promise<number> {
      model.gradients({
        inputs,
        targets,
        batch: { rows, first: 0, count: 4 },
        capacity: 5,
        starts,
        entries,
        firstStart: 0,
        lossParts,
        step,
        steps,
        seed: 9,
      });
      return Array.from(await backend.read(lossParts)).reduce((sum, x) => sum + x, 0);
    },
    free(): void {
      inputs.free();
      targets.free();
      freeAll([rows, starts, entries, lossParts]);
    },
  };
}
