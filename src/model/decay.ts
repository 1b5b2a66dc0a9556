import type { Csr } from '../data/csr.js';
import { requireOrder } from '../data/order.js';

/** The histories with every value multiplied by decay^(steps back). COLUMN_MISSING where they know no order. */
export function decayed(histories: Csr, decay: number, model: string): Csr {
  if (decay === 1) return histories;
  const positions = requireOrder(histories, `${model} with decay`);
  const { rows, indptr } = histories;
  const values = new Float32Array(histories.indices.length);
  for (let row = 0; row < rows; row++) {
    const last = indptr[row + 1] - indptr[row] - 1;
    for (let e = indptr[row]; e < indptr[row + 1]; e++) {
      values[e] = (histories.values?.[e] ?? 1) * decay ** (last - positions[e]);
    }
  }
  return { ...histories, values };
}
