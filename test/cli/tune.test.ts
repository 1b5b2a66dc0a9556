import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fileCache, tunedText } from '../../src/cli/tune.js';
import { temporaryFolder } from './helpers.js';

let folder: string;
let remove: () => Promise<void>;
const warnings: string[] = [];
const cache = fileCache({ warn: (text) => void warnings.push(text) });

beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
  warnings.length = 0;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await remove();
});

it('keeps a file a key in the cache folder, and nothing half written beside it', async () => {
  vi.stubEnv('FOLDIN_CACHE', folder);
  expect(await cache.get('adapter, shape')).toBeUndefined();
  await cache.set('adapter, shape', '{"a":1}');
  await cache.set('adapter, other shape', '{"a":2}');
  await cache.set('adapter, shape', '{"a":3}');
  expect(await cache.get('adapter, shape')).toBe('{"a":3}');
  expect(await cache.get('adapter, other shape')).toBe('{"a":2}');
  const files = await readdir(join(folder, 'tuned'));
  expect(files).toHaveLength(2);
  for (const file of files) expect(file).toMatch(/^[0-9a-f]{32}\.json$/);
  expect(await readFile(join(folder, 'tuned', files[0]), 'utf8')).toMatch(/^\{"a":[23]\}$/);
  expect(warnings).toEqual([]);
});

it.skipIf(process.platform !== 'linux')('follows XDG_CACHE_HOME', async () => {
  vi.stubEnv('FOLDIN_CACHE', '');
  vi.stubEnv('XDG_CACHE_HOME', folder);
  await cache.set('key', '1');
  expect(await readdir(join(folder, 'foldin', 'tuned'))).toHaveLength(1);
});

it('goes on without a folder to write to, and says so', async () => {
  await writeFile(join(folder, 'file'), '');
  vi.stubEnv('FOLDIN_CACHE', join(folder, 'file'));
  await cache.set('key', '1');
  expect(warnings).toEqual([expect.stringContaining('not kept')]);
  expect(await cache.get('key')).toBeUndefined();
});

it('gives back what stands in a damaged file, which the reader refuses', async () => {
  vi.stubEnv('FOLDIN_CACHE', folder);
  await cache.set('key', '{}');
  const [file] = await readdir(join(folder, 'tuned'));
  await writeFile(join(folder, 'tuned', file), '{"ke');
  expect(await cache.get('key')).toBe('{"ke');
});

it('says where the choice comes from', () => {
  const tuning = { matmulNN: 'tile-64-8-8', matmulNT: 'register', matmulTN: 'tile-32-4-8' };
  const text = (from: 'cache' | 'measurement' | 'checkpoint') =>
    tunedText({ event: 'tuned', tuning, from, ms: 310 });
  expect(text('measurement')).toMatch(
    /^kernels: matmulNN tile-64-8-8, matmulNT register, matmulTN tile-32-4-8 \(timed in .*\)$/,
  );
  expect(text('cache')).toContain('(timed before)');
  expect(text('checkpoint')).toContain('(as in the checkpoint)');
});
