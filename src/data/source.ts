import { FoldinError } from '../errors.js';
import { gunzip } from './gunzip.js';
import { chunksOf, streamFrom, withHead } from './streams.js';

/** Something a log can be read from: a file, a dropped `File`, a response body. `stream` may be called once. */
export interface LogSource {
  /** What messages call it. */
  readonly name: string;
  stream(): ReadableStream<Uint8Array>;
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

const JSON_LINES = {
  what: 'JSON',
  remedy:
    'Export it as CSV, for instance with jq -r "[.user, .item, .time] | @csv" FILE. JSON is not read yet.',
};

/** What a file starts with that is no delimited text, and what to do about it. */
const FOREIGN: readonly { magic: readonly number[]; what: string; remedy: string }[] = [
  { magic: [0xff, 0xfe], what: 'UTF-16 text', remedy: 'Save the file as UTF-8.' },
  { magic: [0xfe, 0xff], what: 'UTF-16 text', remedy: 'Save the file as UTF-8.' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], what: 'zstd data', remedy: 'Unpack it first, or use gzip.' },
  { magic: [0x50, 0x4b, 0x03, 0x04], what: 'a zip or xlsx file', remedy: 'Unpack it, or export it as CSV.' },
  { magic: [0x50, 0x41, 0x52, 0x31], what: 'a Parquet file', remedy: 'Export it as CSV.' },
  // {" and { " and [{
  { magic: [0x7b, 0x22], ...JSON_LINES },
  { magic: [0x7b, 0x20, 0x22], ...JSON_LINES },
  { magic: [0x5b, 0x7b], ...JSON_LINES },
];

const startsWith = (bytes: Uint8Array, magic: readonly number[]) => magic.every((b, i) => bytes[i] === b);

/**
 * The bytes of a source as text bytes: gzip (of any number of members) is unpacked, a UTF-8 byte order mark
 * is left out. LOG_FORMAT when the content is something else by its first bytes.
 */
export async function* openSource(source: LogSource): AsyncGenerator<Uint8Array> {
  const raw = await withHead(chunksOf(source.stream()));
  const text = startsWith(raw.head, [0x1f, 0x8b]) ? await withHead(gunzip(raw.chunks, source.name)) : raw;
  for (const { magic, what, remedy } of FOREIGN) {
    if (startsWith(text.head, magic)) {
      throw new FoldinError('LOG_FORMAT', `${source.name} holds ${what}, not delimited text`, { remedy });
    }
  }
  let first = startsWith(text.head, [0xef, 0xbb, 0xbf]);
  for await (const chunk of text.chunks) {
    yield first ? chunk.subarray(3) : chunk;
    first = false;
  }
}
