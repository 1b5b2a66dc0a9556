import { FoldinError } from '../errors.js';
import { refuseForeign } from './foreign.js';
import { gunzip } from './gunzip.js';
import type { RandomAccess } from './randomAccess.js';
import { chunksOf, streamFrom, withHead } from './streams.js';
import { isZstd, unzstd } from './unzstd.js';

/** Something a log can be read from: a file, a dropped `File`, a response body. `stream` may be called once. */
export interface LogSource {
  /** What messages call it. */
  readonly name: string;
  stream(): ReadableStream<Uint8Array>;
  /** Its bytes at any place, where they need not come in order: Parquet begins at its end. */
  access?(): Promise<RandomAccess>;
}

/** A source of text or bytes already in memory. */
export const memorySource = (name: string, content: string | Uint8Array): LogSource => ({
  name,
  stream: () =>
    streamFrom(
      (async function* () {
        yield typeof content === 'string' ? new TextEncoder().encode(content) : content;
      })(),
    ),
});

export const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, p) => bytes[p] === byte);

/** What a source holds, by its first bytes, and its bytes, unpacked and without a byte order mark. */
export interface Opened {
  readonly format: 'text' | 'json' | 'parquet';
  readonly chunks: AsyncGenerator<Uint8Array>;
  /** It was packed: `chunks` are not the bytes of the source. */
  readonly packed: boolean;
  /** Lets go of the source when its bytes are not wanted. */
  cancel(): Promise<void>;
}

/** Bytes looked at to tell what a file is. */
const HEAD_BYTES = 512;

/**
 * Opens a source: gzip and zstd, of any number of members, are unpacked, a UTF-8 byte order mark is left out. LOG_FORMAT when
 * the content is nothing that can be read, by its first bytes.
 */
export async function openSource(source: LogSource): Promise<Opened> {
  const bytes = chunksOf(source.stream());
  const cancel = async () => {
    await bytes.return(undefined);
  };
  const raw = await withHead(bytes, HEAD_BYTES);
  const plain = await unpacked(raw, source.name);
  const marked = startsWith(plain.head, [0xef, 0xbb, 0xbf]);
  const head = marked ? plain.head.subarray(3) : plain.head;
  try {
    refuseForeign(source.name, head);
  } catch (error) {
    await cancel();
    throw error;
  }
  return {
    format: formatOf(head),
    packed: plain !== raw,
    cancel,
    chunks: marked ? withoutMark(plain.chunks) : plain.chunks,
  };
}

async function unpacked(raw: { head: Uint8Array; chunks: AsyncGenerator<Uint8Array> }, name: string) {
  if (startsWith(raw.head, [0x1f, 0x8b])) return withHead(gunzip(raw.chunks, name), HEAD_BYTES);
  if (isZstd(raw.head)) return withHead(unzstd(raw.chunks, name), HEAD_BYTES);
  return raw;
}

async function* withoutMark(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = true;
  for await (const chunk of chunks) {
    yield first ? chunk.subarray(3) : chunk;
    first = false;
  }
}

/** The bytes of a source as text bytes. LOG_FORMAT when it is something else. */
export async function* openText(source: LogSource): AsyncGenerator<Uint8Array> {
  const { format, chunks } = await openSource(source);
  if (format !== 'text') {
    throw new FoldinError('LOG_FORMAT', `${source.name} holds ${format}, not delimited text`, {
      remedy: 'Give it as CSV or TSV.',
    });
  }
  yield* chunks;
}

function formatOf(head: Uint8Array): Opened['format'] {
  if (startsWith(head, [0x50, 0x41, 0x52, 0x31])) return 'parquet';
  const start = new TextDecoder().decode(head).trimStart();
  // `{a}` or `[1]` may as well be an id in a CSV.
  return /^(\{\s*(["}]|$)|\[\s*([[{"]|$))/.test(start) || isJsonList(start.split('\n')[0]) ? 'json' : 'text';
}

function isJsonList(line: string): boolean {
  if (line[0] !== '[') return false;
  try {
    return JSON.parse(line).length > 1;
  } catch {
    return false;
  }
}
