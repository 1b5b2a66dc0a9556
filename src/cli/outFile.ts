import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FoldinError } from '../errors.js';
import { targetOf } from '../store/files.node.js';

const temporaryOf = (path: string): string => join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);

/** Makes sure that a file could be written there, before hours are spent on what is to go into it. FILE_WRITE. */
export async function checkWritable(path: string): Promise<void> {
  const target = await targetOf(path);
  if (target.isDevice) return;
  const temporary = temporaryOf(target.path);
  try {
    if (await isFolder(path)) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    // Access rights do not tell of a read-only or full disk: only writing does.
    await (await open(temporary, 'wx')).close();
    await rm(temporary);
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/**
 * A text file that is written piece by piece and appears whole or not at all: under a temporary name until
 * `finish`, flushed, then renamed. `discard` removes what was begun. FILE_WRITE.
 */
export class OutFile {
  private constructor(
    private readonly path: string,
    /** Undefined of a device or pipe, which is written as it is. */
    private readonly temporary: string | undefined,
    private readonly file: FileHandle,
  ) {}

  static async create(path: string): Promise<OutFile> {
    await checkWritable(path);
    const target = await targetOf(path);
    if (target.isDevice) return new OutFile(target.path, undefined, await open(target.path, 'w'));
    const temporary = temporaryOf(target.path);
    return new OutFile(target.path, temporary, await open(temporary, 'wx'));
  }

  async write(text: string): Promise<void> {
    try {
      await this.file.appendFile(text);
    } catch (cause) {
      throw notWritten(this.path, cause);
    }
  }

  async finish(): Promise<void> {
    try {
      if (this.temporary !== undefined) await this.file.sync();
      await this.file.close();
      if (this.temporary !== undefined) await rename(this.temporary, this.path);
    } catch (cause) {
      throw notWritten(this.path, cause);
    }
  }

  /** After `finish` it does nothing. */
  async discard(): Promise<void> {
    await this.file.close().catch(() => {});
    if (this.temporary !== undefined) await rm(this.temporary, { force: true });
  }
}

/** Writes a whole text; the file appears whole or not at all. FILE_WRITE. */
export async function writeText(path: string, text: string): Promise<void> {
  const file = await OutFile.create(path);
  try {
    await file.write(text);
    await file.finish();
  } finally {
    await file.discard();
  }
}

function notWritten(path: string, cause: unknown): FoldinError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
  const why = isMissing ? `there is no folder ${dirname(path)}` : message;
  return new FoldinError('FILE_WRITE', `${path} cannot be written: ${why}`, {
    remedy: isMissing
      ? `Create the folder ${dirname(path)} first, or choose another path.`
      : 'Choose the path of a file in a folder where you may write.',
    cause,
    details: { path, code },
  });
}
