import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FoldinError } from '../../src/errors.js';
import { readFileBytes, readModelFile, writeFileAtomic, writeModelFile } from '../../src/store/files.node.js';
import type { ModelContents } from '../../src/store/modelFile.js';

const contents: ModelContents = {
  model: 'popular',
  config: {},
  tensors: new Map([['scores', { shape: [2], values: Float32Array.of(2, 1) }]]),
  items: ['a', 'b'],
  manifest: { formatVersion: 1, foldin: '0.1.0' },
};

async function refusal(work: Promise<unknown>): Promise<FoldinError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof FoldinError) return outcome;
  throw new Error('no named error', { cause: outcome });
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foldin-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('writeFileAtomic', () => {
  it('writes, replaces, and leaves nothing else behind', async () => {
    const path = join(folder, 'file');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
    await writeFileAtomic(path, new Uint8Array(0));
    expect([...(await readFile(path))]).toEqual([]);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it.skipIf(process.platform === 'win32')('writes behind a symbolic link, which stays', async () => {
    const [file, link] = [join(folder, 'file'), join(folder, 'link')];
    await writeFile(file, 'before');
    await symlink(file, link);
    await writeFileAtomic(link, Uint8Array.of(1));
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect([...(await readFile(file))]).toEqual([1]);
    expect((await readdir(folder)).sort()).toEqual(['file', 'link']);
  });

  it.skipIf(process.platform === 'win32')(
    'writes into a pipe or a device, and never takes its place',
    async () => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const read = readFile(pipe);
      await writeFileAtomic(pipe, Uint8Array.of(4, 5));
      expect([...(await read)]).toEqual([4, 5]);
      expect((await lstat(pipe)).isFIFO()).toBe(true);
      expect(await readdir(folder)).toEqual(['pipe']);
    },
  );

  it('names a missing directory and what to do', async () => {
    const error = await refusal(writeFileAtomic(join(folder, 'none', 'file'), Uint8Array.of(1)));
    expect(error.code).toBe('FILE_WRITE');
    expect(error.remedy).toBe(`Create the directory ${join(folder, 'none')} first, or choose another path.`);
    expect(await readdir(folder)).toEqual([]);
  });

  it('removes its temporary file when the rename fails', async () => {
    await mkdir(join(folder, 'taken', 'inside'), { recursive: true });
    const error = await refusal(writeFileAtomic(join(folder, 'taken'), Uint8Array.of(1)));
    expect(error).toMatchObject({ code: 'FILE_WRITE', details: { path: join(folder, 'taken') } });
    expect(await readdir(folder)).toEqual(['taken']);
  });

  // Root may write anywhere.
  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'leaves the old file where it may not write',
    async () => {
      const path = join(folder, 'file');
      await writeFile(path, 'old');
      await chmod(folder, 0o500);
      expect(await refusal(writeFileAtomic(path, Uint8Array.of(1)))).toMatchObject({
        code: 'FILE_WRITE',
        remedy: 'Choose a path where you may write.',
      });
      await chmod(folder, 0o700);
      expect(await readFile(path, 'utf8')).toBe('old');
    },
  );
});

describe('readFileBytes', () => {
  it('reads all of a file', async () => {
    await writeFile(join(folder, 'file'), 'abc');
    expect(await readFileBytes(join(folder, 'file'))).toEqual(Uint8Array.of(97, 98, 99));
  });

  it('names a file that is missing or a directory', async () => {
    for (const path of [join(folder, 'none'), folder]) {
      const error = await refusal(readFileBytes(path));
      expect(error.code).toBe('FILE_MISSING');
      expect(error.message).toContain(path);
    }
  });
});

describe('model files', () => {
  it('are written and read', async () => {
    const path = join(folder, 'model.safetensors');
    await writeModelFile(path, contents);
    expect(await readModelFile(path)).toEqual(contents);
  });

  it('are not written with a weight that is not finite, and the old one stays', async () => {
    const path = join(folder, 'model.safetensors');
    await writeModelFile(path, contents);
    const broken = new Map([['scores', { shape: [2], values: Float32Array.of(2, Number.NaN) }]]);
    expect(await refusal(writeModelFile(path, { ...contents, tensors: broken }))).toMatchObject({
      code: 'DIVERGED',
    });
    expect(await readdir(folder)).toEqual(['model.safetensors']);
    expect(await readModelFile(path)).toEqual(contents);
  });

  it('that are damaged are named with their path', async () => {
    const path = join(folder, 'model.safetensors');
    await writeModelFile(path, contents);
    const bytes = await readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(path, bytes);
    const error = await refusal(readModelFile(path));
    expect(error).toMatchObject({ code: 'MODEL_CORRUPT', details: { path } });
    expect(error.message.startsWith(`${path}: the model file is damaged`)).toBe(true);
    expect(await refusal(readModelFile(join(folder, 'none')))).toMatchObject({ code: 'FILE_MISSING' });
  });
});
