import { FoldinError } from '../errors.js';

/** A file of item vectors that cannot be used, and what to do about it. */
export const vectorsError = (message: string, remedy: string, cause?: unknown): FoldinError =>
  new FoldinError('VECTORS_FORMAT', message, { remedy, cause });

/** VECTORS_FORMAT, with the row and the place, unless all are numbers. */
export function requireNumbers(name: string, values: Float32Array, width: number): void {
  const broken = values.findIndex((value) => !Number.isFinite(value));
  if (broken < 0) return;
  throw vectorsError(
    `${name}: the vector in row ${Math.floor(broken / width) + 1} holds ${values[broken]} at place ${(broken % width) + 1}`,
    'Make the vectors again, or leave this row out.',
  );
}
