import type { Backend, Tensor } from '../backend/backend.js';
import { type ItemBlock, itemBlocks } from '../backend/blocks.js';
import { PANEL } from '../backend/ops.js';
import { randomBits } from '../backend/random.js';
import { freeAll } from '../backend/sparse.js';
import { type Blocked, zerosInBlocks } from '../backend/stored.js';
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
 * has to be kept meanwhile), by blocks of rows: A = UT U, Y = U^-T beside it, P = YT Y. At most two tables are held at a
 * time, four while refining. Each lies in as many blocks of columns as the limit of a tensor makes necessary; every step
 * sums over all rows, so that the numbers do not depend on it. The result is the caller's to free.
 *
 * I - A P is then measured on random signs. If f32 was not enough, Newton's steps P (2 I - A P), whose residual is
 * computed with eleven more bits, win back about three digits. CONFIG when A is singular to f32.
 */
export async function inverse(
  backend: Backend,
  n: number,
  fill: (out: Blocked) => Promise<void>,
  step: () => Promise<void>,
): Promise<Blocked> {
  const columns = itemBlocks(backend, n, n);
  const held = new Set<Tensor>();
  const make = (rows = n): Blocked => {
    const made = zerosInBlocks(backend, [rows, n], 1, columns);
    for (const block of made.blocks) held.add(block);
    return made;
  };
  const free = (...tensors: readonly Tensor[]): void => {
    freeAll(tensors);
    for (const tensor of tensors) held.delete(tensor);
  };
  try {
    const factor = make();
    await fill(factor);
    const rooted = make();
    await fillIdentity(backend, rooted);
    const diagonal = backend.zeros('f32', [n, PANEL]);
    held.add(diagonal);
    const panel = make(PANEL);
    for (const { first, rows, own, column } of rowPanels(columns, n)) {
      const a = factor.blocks[own];
      const block = { a, outRow: 0, first: column, rows, from: 0, to: first };
      columns.slice(own).forEach((_, i) => {
        const [out, b] = [panel.blocks[own + i], factor.blocks[own + i]];
        const range = { firstColumn: i === 0 ? column : 0, endColumn: columns[own + i].count };
        backend.matmulPanel({ ...block, ...range, b, out, bIsLower: false });
        if (i === 0) {
          backend.cholesky({ matrix: a, matrixFirst: columns[own].first, panel: out, diagonal, first });
        }
        backend.triangularSolve({ ...range, diagonal, panel: out, out: b, first });
      });
      columns.slice(0, own + 1).forEach((_, i) => {
        const [out, b] = [panel.blocks[i], rooted.blocks[i]];
        const range = { firstColumn: 0, endColumn: i === own ? column + rows : columns[i].count };
        backend.matmulPanel({ ...block, ...range, b, bFirst: columns[i].first, out, bIsLower: true });
        backend.triangularSolve({ ...range, diagonal, panel: out, out: b, first });
      });
      await step();
    }
    const pivots = await backend.read(diagonal);
    for (let i = 0; i < n; i++) if (!(pivots[i * PANEL + (i % PANEL)] > 0)) throw singular();
    free(...factor.blocks, diagonal, ...panel.blocks);

    let result = make();
    const byRows = async (a: Blocked, b: Blocked, out: Blocked, bIsLower: boolean) => {
      for (const { first, rows, own, column } of rowPanels(columns, n)) {
        columns.forEach(({ first: bFirst, count }, i) => {
          backend.matmulPanel({
            a: a.blocks[own],
            b: b.blocks[i],
            bFirst,
            out: out.blocks[i],
            outRow: first,
            first: column,
            rows,
            from: bIsLower ? first : 0,
            to: n,
            firstColumn: 0,
            endColumn: count,
            bIsLower,
          });
        });
        await step();
      }
    };
    await byRows(rooted, rooted, result, true);
    free(...rooted.blocks);

    const matrix = make();
    await fill(matrix);
    let error = await measured(backend, matrix, result);
    let refined = false;
    if (!(error < HOPELESS)) throw singular();
    // A step squares the error.
    for (; error > TARGET && (error > GOOD || refined); error *= error) {
      refined = true;
      const missing = make();
      for (const { first, rows, own } of rowPanels(columns, n)) {
        const a = { a: matrix.blocks[own], aFirst: columns[own].first };
        columns.forEach(({ first: bFirst }, i) => {
          const [b, out] = [result.blocks[i], missing.blocks[i]];
          backend.residual({ ...a, b, bFirst, out, scale: 2, first, count: rows });
        });
        await step();
      }
      const better = make();
      // P is symmetric, so that its transpose will do.
      await byRows(result, missing, better, false);
      free(...missing.blocks, ...result.blocks);
      result = better;
    }
    for (const block of result.blocks) held.delete(block);
    return result;
  } finally {
    freeAll(held);
  }
}

/** PANEL rows at a time: which block has the columns of these numbers, and from which of its own on. */
function* rowPanels(columns: readonly ItemBlock[], n: number) {
  for (let first = 0; first < n; first += PANEL) {
    const own = columns.findLastIndex((block) => block.first <= first);
    yield { first, rows: Math.min(PANEL, n - first), own, column: first - columns[own].first };
  }
}

/** An estimate of the Frobenius norm of I - A P: the mean length of (I - A P) z over random signs z. */
async function measured(backend: Backend, matrix: Blocked, inverted: Blocked): Promise<number> {
  const [n] = matrix.shape;
  const signs = Float64Array.from({ length: n * PROBES }, (_, i) => (randomBits(1, 0, 0, i) & 1 ? 1 : -1));
  const tensors = backend.scope(() => {
    const z = backend.tensor(signs, [n, PROBES]);
    const [pz, apz] = [backend.zeros('f32', [n, PROBES]), backend.zeros('f32', [n, PROBES])];
    const sums = backend.zeros('f32', [PROBES]);
    const times = ({ items, blocks }: Blocked, b: Tensor, out: Tensor) => {
      items.forEach(({ first, count }, i) => {
        backend.matmulTN({ a: blocks[i], b, out: backend.slice(out, first, count), sums });
      });
    };
    times(inverted, z, pz);
    times(matrix, pz, apz);
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
