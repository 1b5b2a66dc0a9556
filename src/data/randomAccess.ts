import type { LogSource } from './source.js';

/** Bytes that can be read at any place. */
export interface RandomAccess {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
  close?(): Promise<void>;
}

/** Random access to a source that has it: a file in Node, a `File` or `Blob` in a page. */
export async function randomAccessTo(source: LogSource): Promise<RandomAccess | undefined> {
  if (source.access) return source.access();
  if (!(source instanceof Blob)) return undefined;
  return {
    byteLength: source.size,
    slice: (start, end = source.size) => source.slice(start, end).arrayBuffer(),
  };
}

/** Bytes of a source, where that is known before it is read. */
export async function sizeOf(source: LogSource): Promise<number | undefined> {
  const access = await randomAccessTo(source);
  await access?.close?.();
  return access?.byteLength;
}

/** Random access to bytes that come as a stream, by keeping all of them. */
export async function collected(chunks: AsyncGenerator<Uint8Array>): Promise<RandomAccess> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of chunks) pieces.push(chunk as Uint8Array<ArrayBuffer>);
  const blob = new Blob(pieces);
  return { byteLength: blob.size, slice: (start, end = blob.size) => blob.slice(start, end).arrayBuffer() };
}
