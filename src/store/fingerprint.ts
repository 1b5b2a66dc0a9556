import type { Csr } from '../data/csr.js';
import type { Vocabulary } from '../data/vocabulary.js';
import { sha256 } from './contentHash.js';
import { storeStrings } from './storedStrings.js';

/** What a fingerprint is taken of: interactions, by their parts. */
export interface Fingerprinted {
  readonly users: Vocabulary;
  readonly items: Vocabulary;
  readonly matrix: Csr;
  readonly timeSec?: Float64Array;
}

/**
 * 64 hex digits that tell whether two sets of interactions are the same: SHA-256 of the SHA-256 digests of user
 * ids, item ids (bytes and offsets each), indptr, indices, and values and times where there are any. Times
 * count because a split may go by them.
 */
export async function fingerprint({ users, items, matrix, timeSec }: Fingerprinted): Promise<string> {
  const { bytes: userBytes, offsets: userOffsets } = storeStrings(users.ids, 'user id');
  const { bytes: itemBytes, offsets: itemOffsets } = storeStrings(items.ids, 'item id');
  const parts = {
    userBytes,
    userOffsets,
    itemBytes,
    itemOffsets,
    indptr: matrix.indptr,
    indices: matrix.indices,
    values: matrix.values,
    timeSec,
  };
  const lines: string[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (part) lines.push(`${name} ${hex(await sha256(bytesOf(part)))}\n`);
  }
  return hex(await sha256(new TextEncoder().encode(lines.join(''))));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
