import { randomUUID } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FoldinError } from '../errors.js';
import { decodeModel, encodeModel, type ModelContents } from './modelFile.js';

/** Node moves at most 2 GiB in one call. */
const CHUNK_BYTES = 1 << 30;

/**
 * Writes a file whole or not at all: to a temporary name beside it, flushed, then renamed over it. If
 * anything fails, the temporary file is removed, an older file stays as it was, and FILE_WRITE is thrown.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const target = await targetOf(path);
  const temporary = join(dirname(target.path), `.${basename(target.path)}.${randomUUID()}.tmp`);
  try {
    if (target.isDevice) return await writeFile(target.path, bytes);
    await writeFlushed(temporary, bytes);
    await rename(temporary, target.path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new FoldinError('FILE_WRITE', `${path} was not written: ${reasonOf(cause)}`, {
      remedy: writeRemedy(codeOf(cause), path),
      cause,
      details: { path, code: codeOf(cause) },
    });
  }
  await flushDirectory(dirname(target.path));
}

/**
 * Where what is written to a path ends up: behind symbolic links, which stay; and whether that is a device or a pipe, such as
 * /dev/null, which must be written as it is: a file that is renamed over it would take its place for everybody.
 */
export async function targetOf(path: string): Promise<{ readonly path: string; readonly isDevice: boolean }> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return { path, isDevice: false };
  if (!found.isFile() && !found.isDirectory()) return { path, isDevice: true };
  return { path: await realpath(path).catch(() => path), isDevice: false };
}

/** The bytes of a file. FILE_MISSING if it cannot be read, OUT_OF_MEMORY if it does not fit. */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    const bytes = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const { bytesRead } = await file.read(bytes, filled, Math.min(CHUNK_BYTES, size - filled), filled);
      // The file became shorter while it was read: hand over what is there, the reader will see that it ends early.
      if (bytesRead === 0) return bytes.subarray(0, filled);
      filled += bytesRead;
    }
    return bytes;
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new FoldinError('OUT_OF_MEMORY', `${path} does not fit into memory: ${cause.message}`, {
        remedy: 'Read it on a machine with more memory.',
        cause,
        details: { path },
      });
    }
    throw new FoldinError('FILE_MISSING', `${path} cannot be read: ${reasonOf(cause)}`, {
      remedy: 'Check the path, and that you may read the file.',
      cause,
      details: { path, code: codeOf(cause) },
    });
  } finally {
    await file?.close();
  }
}

/** Saves a model. Errors as encodeModel and writeFileAtomic; whatever fails, an older file stays as it was. */
export async function writeModelFile(path: string, contents: ModelContents): Promise<void> {
  await writeFileAtomic(path, await encodeModel(contents));
}

/** Loads a model. Errors as readFileBytes and decodeModel, with the path in the message. */
export async function readModelFile(path: string): Promise<ModelContents> {
  const bytes = await readFileBytes(path);
  try {
    return await decodeModel(bytes);
  } catch (error) {
    if (!(error instanceof FoldinError)) throw error;
    const { code, message, remedy, details } = error;
    throw new FoldinError(code, `${path}: ${message}`, {
      remedy,
      cause: error,
      details: { ...details, path },
    });
  }
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await file.write(
        bytes,
        written,
        Math.min(CHUNK_BYTES, bytes.length - written),
      );
      written += bytesWritten;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself last. Best effort: Windows cannot open a directory, and the file is whole anyway. */
async function flushDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, 'r');
    await directory.sync().finally(() => directory.close());
  } catch {
    // See above.
  }
}

function writeRemedy(code: string | undefined, path: string): string {
  switch (code) {
    case 'ENOENT':
      return `Create the directory ${dirname(path)} first, or choose another path.`;
    case 'ENOSPC':
    case 'EDQUOT':
      return 'Free some space, or choose a path on another disk.';
    case 'EISDIR':
    case 'ENOTDIR':
      return 'Give the path of a file in a directory.';
    default:
      return 'Choose a path where you may write.';
  }
}

const codeOf = (cause: unknown): string | undefined => (cause as NodeJS.ErrnoException)?.code;
const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
