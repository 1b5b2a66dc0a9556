import { FoldinError } from '../errors.js';

/** How the text of a log is coded. latin1 is ISO 8859-1: byte n is code point n. */
export type Encoding = 'utf-8' | 'latin1';

/** The encoding that is meant by a name such as "UTF8" or "ISO-8859-1". CONFIG for any other. */
export function encodingOf(name: string): Encoding {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (plain === 'utf8') return 'utf-8';
  if (plain === 'latin1' || plain === 'iso88591') return 'latin1';
  throw new FoldinError('CONFIG', `the encoding "${name}" is not known`, { remedy: 'Use utf-8 or latin1.' });
}

// ignoreBOM keeps U+FEFF at the start of an id; fatal is for ids only, messages may hold U+FFFD.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

export function decode(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding === 'utf-8') return lenient.decode(bytes);
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Text bytes as UTF-8. */
export function utf8Of(bytes: Uint8Array, encoding: Encoding): Uint8Array {
  if (encoding === 'utf-8' || bytes.every((byte) => byte < 0x80)) return bytes;
  return encoder.encode(decode(bytes, encoding));
}

export function isUtf8(bytes: Uint8Array): boolean {
  if (bytes.every((byte) => byte < 0x80)) return true;
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
