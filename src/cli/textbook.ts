import { type Csr, csrFromRows, rowIndices } from '../data/csr.js';
import type { EvaluationSet } from '../data/splitTypes.js';
import { reconstructionError } from '../evaluate/reconstruction.js';
import type { NetworkConfig } from '../model/config.js';
import type { FitOptions } from '../recommend/fit.js';

/** The tutorial's metric, `mae`: how far the network's output is from the whole rows of the validation users. */
export function textbookError(
  output: NetworkConfig['output'],
  signal: AbortSignal,
): NonNullable<FitOptions['alsoValidate']> {
  let rows: Csr | undefined;
  return async (backend, model, validation) => {
    rows ??= wholeRows(validation);
    return { mae: await reconstructionError(backend, model, rows, output, signal) };
  };
}

/** Histories and what is held out of them, together again. */
function wholeRows({ history, heldOut }: EvaluationSet): Csr {
  const merged = (of: (part: Csr, row: number) => ArrayLike<number>) =>
    Array.from({ length: history.rows }, (_, row) => [
      ...Array.from(of(history, row)),
      ...Array.from(of(heldOut, row)),
    ]);
  const values = (part: Csr, row: number) =>
    part.values?.subarray(part.indptr[row], part.indptr[row + 1]) ?? [];
  return csrFromRows(merged(rowIndices), history.columns, history.values && merged(values));
}
