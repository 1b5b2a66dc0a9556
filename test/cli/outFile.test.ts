import { execFileSync } from 'node:child_process';
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWritable, writeText } from '../../src/cli/outFile.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foldin-out-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a text that is written', () => {
  it.skipIf(process.platform === 'win32')('appears whole, behind a symbolic link, which stays', async () => {
    const [file, link] = [join(folder, 'file'), join(folder, 'link')];
    await writeFile(file, 'before');
    await symlink(file, link);
    await checkWritable(link);
    await writeText(link, 'after');
    expect(await readFile(file, 'utf8')).toBe('after');
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(['file', 'link']);
  });

  it.skipIf(process.platform === 'win32')(
    'goes into a pipe or a device, and never takes its place',
    async () => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      await checkWritable(pipe);
      const read = readFile(pipe, 'utf8');
      await writeText(pipe, 'text');
      expect(await read).toBe('text');
      expect((await lstat(pipe)).isFIFO()).toBe(true);
      expect(await readdir(folder)).toEqual(['pipe']);
    },
  );
});
