import { FoldinError } from '../errors.js';

/** Strings as two tensors: string i is the UTF-8 of bytes[offsets[i] .. offsets[i + 1]]. */
export interface StoredStrings {
  /** u8[bytes] */
  readonly bytes: Uint8Array;
  /** u32[strings + 1] */
  readonly offsets: Uint32Array;
}

/** Half of a surrogate pair has no UTF-8: writing it would silently turn it into U+FFFD. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Exact UTF-8. CONFIG for a string that has none, LIMIT_EXCEEDED beyond 4 GiB. `what` names them in errors. */
export function storeStrings(strings: readonly string[], what: string): StoredStrings {
  const encoder = new TextEncoder();
  const encoded = strings.map((string, i) => {
    if (LONE_SURROGATE.test(string)) {
      throw new FoldinError(
        'CONFIG',
        `${what} ${i}, ${JSON.stringify(string)}, holds half a surrogate pair`,
        {
          remedy: 'Read the log with its true encoding (--encoding), so that ids are whole characters.',
          details: { what, index: i },
        },
      );
    }
    return encoder.encode(string);
  });
  const offsets = new Float64Array(strings.length + 1);
  encoded.forEach(({ length }, i) => {
    offsets[i + 1] = offsets[i] + length;
  });
  const total = offsets[strings.length];
  if (total > 0xffffffff) {
    throw new FoldinError('LIMIT_EXCEEDED', `the ${what}s take ${total} bytes of at most 4 GiB`, {
      remedy: 'Use shorter ids or titles.',
    });
  }
  const bytes = new Uint8Array(total);
  encoded.forEach((string, i) => {
    bytes.set(string, offsets[i]);
  });
  return { bytes, offsets: Uint32Array.from(offsets) };
}

/** The strings again, or undefined if the offsets or the UTF-8 are invalid. */
export function loadStrings({ bytes, offsets }: StoredStrings): string[] | undefined {
  // A byte order mark at the start of an id belongs to the id.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  if (offsets.length === 0 || offsets[0] !== 0 || offsets.at(-1) !== bytes.length) return undefined;
  const strings = new Array<string>(offsets.length - 1);
  for (let i = 0; i < strings.length; i++) {
    if (offsets[i] > offsets[i + 1]) return undefined;
    try {
      strings[i] = decoder.decode(bytes.subarray(offsets[i], offsets[i + 1]));
    } catch {
      return undefined;
    }
  }
  return strings;
}
