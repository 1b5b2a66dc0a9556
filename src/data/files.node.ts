import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FoldinError } from '../errors.js';
import { damagedGzip } from './gunzip.js';
import type { RandomAccess } from './randomAccess.js';
import type { LogSource } from './source.js';
import { streamFrom } from './streams.js';

const CHUNK_BYTES = 256 * 1024;

/**
 * A log file, or standard input for '-'. Gzip is unpacked here with zlib, which reads several members
 * exactly and faster than the browser's streams. FILE_MISSING when the file cannot be read.
 */
export function fileSource(path: string): LogSource {
  const name = path === '-' ? 'standard input' : path;
  return {
    name,
    stream: () => streamFrom(unpacked(path === '-' ? standardInput() : fileChunks(path), name)),
    ...(path !== '-' && { access: () => fileAccess(path) }),
  };
}

async function fileAccess(path: string): Promise<RandomAccess> {
  const file = await open(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  const { size } = await file.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.buffer;
    },
    close: () => file.close(),
  };
}

async function* standardInput(): AsyncGenerator<Uint8Array> {
  for await (const chunk of process.stdin) yield chunk as Uint8Array;
}

async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    for (;;) {
      // A fresh buffer a chunk: the consumer keeps it.
      const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await file?.close();
  }
}

const unreadable = (path: string, cause: unknown): FoldinError =>
  new FoldinError(
    'FILE_MISSING',
    `${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? cause})`,
    {
      remedy: 'Check the path and that the file may be read.',
      cause,
      details: { file: path },
    },
  );

async function* unpacked(chunks: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const { done, value: first } = await chunks.next();
  if (done) return;
  const all = (async function* () {
    try {
      yield first;
      yield* chunks;
    } finally {
      await chunks.return(undefined);
    }
  })();
  if (first[0] !== 0x1f || first[1] !== 0x8b) {
    yield* all;
    return;
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const input = Readable.from(all, { objectMode: false }).on('error', (cause) => gunzip.destroy(cause));
  try {
    for await (const chunk of input.pipe(gunzip)) yield chunk as Uint8Array;
  } catch (cause) {
    throw cause instanceof FoldinError ? cause : damagedGzip(name, cause);
  }
}
