import type { Ops } from '../backend/ops.js';
import { randomUniform } from '../backend/random.js';
import { floats } from './tensor.js';

export const uniform: Ops['uniform'] = (args) => {
  const out = floats(args.out);
  const [rows, columns] = args.out.shape;
  const { firstColumn = 0 } = args;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      out[r * columns + c] = randomUniform(args.seed, args.stream, args.firstRow + r, firstColumn + c);
    }
  }
};
