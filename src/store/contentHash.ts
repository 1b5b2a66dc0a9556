import { FoldinError } from '../errors.js';

/** 64 MiB: small enough to hash on any machine, large enough to be few. */
const PIECE_BYTES = 1 << 26;
/** Hex digits of a hash. */
export const DIGITS = 64;
const ZERO = 0x30;

/**
 * The content hash of a file that carries its own hash: 64 hex digits at byte `digitsAt`, within the first
 * piece. The file, with those digits read as "0", is cut into pieces of 64 MiB; the hash is the SHA-256 of
 * the pieces' SHA-256 digests joined in order. So every byte of the file counts, header and padding too,
 * and a large file is never copied whole.
 */
export async function contentHash(bytes: Uint8Array, digitsAt: number): Promise<string> {
  const pieces = Math.ceil(bytes.length / PIECE_BYTES);
  const digests = new Uint8Array(32 * pieces);
  for (let p = 0; p < pieces; p++) {
    let piece = bytes.subarray(p * PIECE_BYTES, (p + 1) * PIECE_BYTES);
    // Not piece.slice(), which makes a view when the bytes are a Node Buffer.
    if (p === 0) piece = new Uint8Array(piece).fill(ZERO, digitsAt, digitsAt + DIGITS);
    digests.set(await sha256(piece), 32 * p);
  }
  return Array.from(await sha256(digests), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What stands in the place of the digits until they are known. */
export const NO_HASH = '0'.repeat(DIGITS);

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new FoldinError(
      'CONFIG',
      'this page may not use Web Crypto, which model files need for their hash',
      {
        remedy: 'Open the page over https or from localhost.',
      },
    );
  }
  return new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}
