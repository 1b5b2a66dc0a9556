import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { fileSource } from '../../src/data/files.node.js';
import { readLog } from '../../src/data/readLog.js';
import type { LogSource } from '../../src/data/source.js';
import { errorOf } from './helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'foldin-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A source whose bytes come `cut` at a time, unpacked by the code the page uses. */
const inChunks = (bytes: Uint8Array, cut: number): LogSource => ({
  name: 'log.gz',
  stream: () =>
    new ReadableStream({
      start(controller) {
        for (let p = 0; p < bytes.length; p += cut) controller.enqueue(bytes.slice(p, p + cut));
        controller.close();
      },
    }),
});

const onDisk = (bytes: Uint8Array): LogSource => {
  const path = join(folder, 'log.gz');
  writeFileSync(path, bytes);
  return fileSource(path);
};

const row = (n: number) => `u${n % 97},i${(n * 31) % 601}\n`;
const text = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => row(from + n)).join('');
const members = Buffer.concat([
  gzipSync(`user,item\n${text(0, 2_000)}`),
  gzipSync(text(2_000, 2_001)),
  gzipSync(text(2_001, 3_000)),
]);

describe.each([
  ['in one chunk', (bytes: Uint8Array) => inChunks(bytes, 1 << 20)],
  ['in small chunks', (bytes: Uint8Array) => inChunks(bytes, 7)],
  ['from a file', onDisk],
])('gzip %s', (_, source) => {
  it('reads every member', async () => {
    const { rows } = await readLog([source(members)]);
    expect(rows.count).toBe(3_000);
    expect([rows.userIds.length, rows.itemIds.length]).toEqual([97, 601]);
  });

  it('refuses a cut-off or damaged file', async () => {
    await errorOf(() => readLog([source(members.subarray(0, members.length - 20))]), 'LOG_FORMAT');
    const damaged = Uint8Array.from(members);
    damaged[members.length >> 1] ^= 0x40;
    await errorOf(() => readLog([source(damaged)]), 'LOG_FORMAT');
  });
});

it.each([1 << 20, 7])(
  'gives each gzip member a stream of its own, as browsers need (chunks of %i)',
  async (cut) => {
    let made = 0;
    vi.stubGlobal(
      'DecompressionStream',
      class extends DecompressionStream {
        constructor(format: 'gzip') {
          super(format);
          made++;
        }
      },
    );
    await readLog([inChunks(members, cut)]).finally(() => vi.unstubAllGlobals());
    expect(made).toBe(3);
  },
);

describe('fileSource', () => {
  it('reads plain files', async () => {
    const path = join(folder, 'log.csv');
    writeFileSync(path, `user,item\n${text(0, 50_000)}`);
    expect((await readLog([fileSource(path)])).rows.count).toBe(50_000);
  });

  it('names a file that is not there, or is none', async () => {
    for (const path of [join(folder, 'absent.csv'), folder]) {
      expect((await errorOf(() => readLog([fileSource(path)]), 'FILE_MISSING')).message).toContain(path);
    }
  });
});
