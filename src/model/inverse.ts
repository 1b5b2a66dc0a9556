import type { Backend, Tensor } from '../backend/backend.js';
import { PANEL } from '../backend/ops.js';
import { randomBits } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import { FoldinError } from '../errors.js';
import { fillIdentity } from './gram.js';

/** How many times `inverse` calls `step`, but for refinement. */
export const inverseSteps = (n: number): number => 2 * Math.ceil(n / PANEL);

/** Columns of random signs that the first inverse is tried on. */
const PROBES = 8;
/** The norm of I - A P that needs no refinement, the one at which it ends, and the one at which it is hopeless. */
const GOOD = 1e-3;
const TARGET = 1e-6;
const HOPELESS = 0.5;

/**
 * The inverse of a symmetric positive definite matrix A f32[n, n], which `fill` writes (twice: so that no copy of it
 * has to be kept meanwhile). By blocks: A = UT U, Y = U^-T beside it, P = YT Y. At most two tables are held at a
 * time, four while refining. The result is the caller's to free.
 *
 * I - A P is then measured on random signs. If f32 was not enough, Newton's steps P (2 I - A P), whose residual is
 * computed with eleven more bits, win back about three digits. CONFIG when A is singular to f32.
 */
export async function inverse(
  backend: Backend,
  n: number,
  fill: (out: Tensor) => Promise<void>,
  step: () => Promise<void>,
): Promise<Tensor> {
  const held = new Set<Tensor>();
  const make = (rows: number, columns: number): Tensor => {
    const tensor = backend.zeros('f32', [rows, columns]);
    held.add(tensor);
    return tensor;
  };
  const free = (tensor: Tensor): void => {
    tensor.free();
    held.delete(tensor);
  };
  try {
    const factor = make(n, n);
    await fill(factor);
    const rooted = make(n, n);
    await fillIdentity(backend, rooted);
    const diagonal = make(n, PANEL);
    const panel = make(PANEL, n);
    for (let first = 0; first < n; first += PANEL) {
      const rows = Math.min(PANEL, n - first);
      const end = first + rows;
      const block = { out: panel, outRow: 0, first, rows, from: 0, to: first };
      backend.matmulPanel({
        ...block,
        a: factor,
        b: factor,
        firstColumn: first,
        endColumn: n,
        bIsLower: false,
      });
      backend.cholesky({ matrix: factor, panel, diagonal, first });
      backend.triangularSolve({ diagonal, panel, out: factor, first, firstColumn: first, endColumn: n });
      backend.matmulPanel({ ...block, a: factor, b: rooted, firstColumn: 0, endColumn: end, bIsLower: true });
      backend.triangularSolve({ diagonal, panel, out: rooted, first, firstColumn: 0, endColumn: end });
      await step();
    }
    const pivots = await backend.read(diagonal);
    for (let i = 0; i < n; i++) if (!(pivots[i * PANEL + (i % PANEL)] > 0)) throw singular();
    for (const tensor of [factor, diagonal, panel]) free(tensor);

    let result = make(n, n);
    for (let first = 0; first < n; first += PANEL) {
      const rows = Math.min(PANEL, n - first);
      const columns = { firstColumn: 0, endColumn: n, bIsLower: true };
      backend.matmulPanel({
        ...columns,
        a: rooted,
        b: rooted,
        out: result,
        outRow: first,
        first,
        rows,
        from: first,
        to: n,
      });
      await step();
    }
    free(rooted);

    const matrix = make(n, n);
    await fill(matrix);
    let error = await measured(backend, matrix, result);
    let refined = false;
    if (!(error < HOPELESS)) throw singular();
    // A step squares the error.
    for (; error > TARGET && (error > GOOD || refined); error *= error) {
      refined = true;
      const residual = make(n, n);
      for (let first = 0; first < n; first += PANEL) {
        const count = Math.min(PANEL, n - first);
        backend.residual({ a: matrix, b: result, out: residual, scale: 2, first, count });
        await step();
      }
      const better = make(n, n);
      // P is symmetric, so that its transpose will do.
      for (let first = 0; first < n; first += PANEL) {
        const rows = Math.min(PANEL, n - first);
        const block = { outRow: first, first, rows, from: 0, to: n, firstColumn: 0, endColumn: n };
        backend.matmulPanel({ ...block, a: result, b: residual, out: better, bIsLower: false });
        await step();
      }
      free(residual);
      free(result);
      result = better;
    }
    held.delete(result);
    return result;
  } finally {
    freeAll(held);
  }
}

/** An estimate of the Frobenius norm of I - A P: the mean length of (I - A P) z over random signs z. */
async function measured(backend: Backend, matrix: Tensor, inverted: Tensor): Promise<number> {
  const [n] = matrix.shape;
  const signs = Float64Array.from({ length: n * PROBES }, (_, i) => (randomBits(1, 0, 0, i) & 1 ? 1 : -1));
  const tensors = backend.scope(() => {
    const z = backend.tensor(signs, [n, PROBES]);
    const [pz, apz] = [backend.zeros('f32', [n, PROBES]), backend.zeros('f32', [n, PROBES])];
    const sums = backend.zeros('f32', [PROBES]);
    backend.matmulTN({ a: inverted, b: z, out: pz, sums });
    backend.matmulTN({ a: matrix, b: pz, out: apz, sums });
    return { apz };
  });
  try {
    const found = await backend.read(tensors.apz);
    let squares = 0;
    signs.forEach((sign, i) => {
      squares += (sign - found[i]) ** 2;
    });
    return Math.sqrt(squares / PROBES);
  } finally {
    tensors.apz.free();
  }
}

const singular = (): FoldinError =>
  new FoldinError(
    'CONFIG',
    'l2 is too small: the matrix to be inverted is singular to the precision at hand',
    {
      remedy: 'Raise --l2 (the default suits most logs).',
    },
  );
