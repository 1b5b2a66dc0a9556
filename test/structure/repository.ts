import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

export const read = (path: string): string => readFileSync(root + path, 'utf8');

/** Every file below a folder of the repository, as paths from the root, sorted. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(root + folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, `${entry.parentPath}/${entry.name}`).split(sep).join('/'))
    .sort();

/** The TypeScript files of src. */
export const sources = filesBelow('src').filter((path) => path.endsWith('.ts'));

/** What git holds or would add: no build output, no packages. */
export const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  // git also lists what has just been deleted, and links to folders.
  .filter((path) => path !== '' && statSync(root + path, { throwIfNoEntry: false })?.isFile());

export interface Import {
  readonly file: string;
  /** As written: "../errors.js", "node:fs", "webgpu". */
  readonly specifier: string;
  /** Path from the root without its extension, for a file of the repository. */
  readonly path: string | undefined;
}

const SPECIFIER = /(?:\bfrom|\bimport|\bimport\()\s*'([^'\s]+)'/g;

/** Every import, export-from, import() and import type of a source file. */
export const importsOf = (file: string): Import[] =>
  [...read(file).matchAll(SPECIFIER)].map(([, specifier]) => ({
    file,
    specifier,
    path: specifier.startsWith('.')
      ? posix.normalize(`${dirname(file)}/${specifier}`).replace(/\.js$/, '')
      : undefined,
  }));
