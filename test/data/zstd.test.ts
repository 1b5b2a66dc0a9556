import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { xxhash64 } from 'hyparquet/src/xxhash.js';
import { describe, expect, it } from 'vitest';
import { fileSource } from '../../src/data/files.node.js';
import { readLog } from '../../src/data/readLog.js';
import { Xxh64 } from '../../src/data/xxh64.js';
import { root } from '../structure/repository.js';
import { errorOf, inPieces } from './helpers.js';

// Made with zstd 1.5: a skippable frame, a frame at -19, one of 9 bytes without checksum, another two skippable ones
// around a frame at -3. The rows are those of source.test.ts, 30,000 of them.
const path = `${root}test/data/fixtures/frames.csv.zst`;
const packed = readFileSync(path);
/** {"user":"a","item":"b"} and a newline, by `zstd --check`. */
const tiny = Buffer.from('KLUv/QRYwQAAeyJ1c2VyIjoiYSIsIml0ZW0iOiJiIn0KpBUPoA==', 'base64');

describe.each([
  ['in one piece', () => inPieces('log.zst', packed, 1 << 20)],
  ['in small pieces', () => inPieces('log.zst', packed, 11)],
  ['from a file', () => fileSource(path)],
])('zstd %s', (_, source) => {
  it('reads every frame', async () => {
    const { rows } = await readLog([source()]);
    expect([rows.count, rows.userIds.length, rows.itemIds.length]).toEqual([30_000, 97, 601]);
    expect(Array.from(rows.user.subarray(0, 3), (user) => rows.userIds[user])).toEqual(['u0', 'u1', 'u2']);
  });
});

it('reads JSON lines in a frame shorter than its header may be', async () => {
  for (const cut of [1, 5, 99]) {
    expect((await readLog([inPieces('log', tiny, cut)])).rows.itemIds).toEqual(['b']);
  }
});

it('refuses what is cut off, damaged, or followed by something else', async () => {
  const refuse = (bytes: Uint8Array) => errorOf(() => readLog([inPieces('l', bytes, 4096)]), 'LOG_FORMAT');
  for (const length of [packed.length - 3, 31_000, 20_000, 100, 30, 12]) {
    expect((await refuse(packed.subarray(0, length))).message).toContain('damaged or cut-off zstd');
  }
  await refuse(Buffer.concat([packed, Buffer.from('tail')]));
  await refuse(Buffer.concat([packed, Buffer.from('user,item\nu,i\n')]));
  // Bits of the compressed frames; the frame without a checksum and the skippable ones hold no such place.
  let missed = 0;
  for (let at = 40; at < 19_900; at += 211) {
    const bytes = Uint8Array.from(packed);
    bytes[at] ^= 0x10;
    await readLog([inPieces('l', bytes, 4096)]).then(
      () => missed++,
      ({ code }) => expect(code).toBe('LOG_FORMAT'),
    );
  }
  expect(missed).toBe(0);
});

it('hashes as XXH64 does, whatever the pieces', () => {
  const low = (pieces: Uint8Array[]) => {
    const hash = new Xxh64();
    for (const piece of pieces) hash.update(piece);
    return hash.low32();
  };
  expect(low([])).toBe(0x51d8e999);
  expect(low([new TextEncoder().encode('abc')])).toBe(0xad770999);
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 5 }), (pieces) => {
      const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      expect(low(pieces)).toBe(Number(xxhash64(whole) & 0xffffffffn));
    }),
  );
});
