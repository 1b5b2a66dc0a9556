import { expect } from 'vitest';
import { type CleanOptions, clean } from '../../src/data/clean.js';
import type { Csr } from '../../src/data/csr.js';
import type { Interactions } from '../../src/data/interactions.js';
import { type LogRow, type LogRows, logRows } from '../../src/data/logRows.js';
import { type Log, type ReadLogOptions, readLog } from '../../src/data/readLog.js';
import { type LogSource, memorySource } from '../../src/data/source.js';
import { type ErrorCode, FoldinError } from '../../src/errors.js';

/** Folder of the public test sets; tests that need them are skipped without it. */
export const DATA = process.env.FOLDIN_DATA;

export const readText = (content: string | Uint8Array, options?: ReadLogOptions): Promise<Log> =>
  readLog([memorySource('log.csv', content)], options);

/** Rows as plain values: [user, item, value, time]. */
export const plainRows = ({ count, userIds, itemIds, user, item, value, timeSec }: LogRows) =>
  Array.from({ length: count }, (_, r) => [userIds[user[r]], itemIds[item[r]], value?.[r], timeSec?.[r]]);

export const interactionsOf = (rows: Iterable<LogRow>, options?: CleanOptions): Interactions =>
  clean(logRows(rows), options).interactions;

/** "u1 i2" or "u1 i2 3.5" a pair, in the order of the matrix. */
export function pairsOf({ users, items, matrix }: Interactions): string[] {
  return users.ids.flatMap((user, u) =>
    Array.from({ length: matrix.indptr[u + 1] - matrix.indptr[u] }, (_, n) => {
      const e = matrix.indptr[u] + n;
      return [user, items.ids[matrix.indices[e]], matrix.values?.[e]]
        .filter((x) => x !== undefined)
        .join(' ');
    }),
  );
}

/** "u1 i2" an entry of a part of a split. */
export function partPairs(part: Csr, rowUsers: Uint32Array, itemIndices: Uint32Array, of: Interactions) {
  return Array.from(rowUsers).flatMap((user, row) =>
    Array.from(
      part.indices.subarray(part.indptr[row], part.indptr[row + 1]),
      (column) => `${of.users.ids[user]} ${of.items.ids[itemIndices[column]]}`,
    ),
  );
}

/** The error that the work throws, which must be a FoldinError of this code with a remedy. */
export async function errorOf(work: () => unknown, code: ErrorCode): Promise<FoldinError> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(FoldinError);
    expect((error as FoldinError).code).toBe(code);
    expect((error as FoldinError).remedy).toMatch(/\w+.*[.]$/);
    return error as FoldinError;
  }
  throw new Error(`no error was thrown, expected ${code}`);
}

/** A source whose bytes come `cut` at a time. */
export const inPieces = (name: string, content: string | Uint8Array, cut: number): LogSource => ({
  name,
  stream: () => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return new ReadableStream({
      start(controller) {
        for (let p = 0; p < bytes.length; p += cut) controller.enqueue(bytes.slice(p, p + cut));
        controller.close();
      },
    });
  },
});
