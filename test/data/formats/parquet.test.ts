import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { SchemaElement } from 'hyparquet';
import { type BasicType, ByteWriter, parquetWrite, parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, describe, expect, it } from 'vitest';
import { fileSource } from '../../../src/data/files.node.js';
import { type ReadLogOptions, readLog } from '../../../src/data/readLog.js';
import { errorOf, plainRows, readText } from '../helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'foldin-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Columns = Record<string, [data: unknown[], type?: BasicType | Partial<SchemaElement>]>;

/** A Parquet file of these columns, each a basic type or a schema element. */
function parquet(columns: Columns, rowGroupSize?: number): Uint8Array {
  const columnData = Object.entries(columns).map(([name, [data, type]]) => ({
    name,
    data,
    ...(typeof type === 'string' && { type }),
  }));
  if (Object.values(columns).every(([, type]) => typeof type !== 'object')) {
    return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
  }
  const writer = new ByteWriter();
  const elements = Object.entries(columns).map(([name, [, type]]) => ({
    name,
    repetition_type: 'OPTIONAL' as const,
    ...(typeof type === 'object' ? type : { type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const }),
  }));
  parquetWrite({
    writer,
    columnData,
    rowGroupSize,
    schema: [{ name: 'root', num_children: elements.length }, ...elements],
  });
  return new Uint8Array(writer.getBuffer());
}

const read = async (bytes: Uint8Array, options?: ReadLogOptions) => readText(bytes, options);
const rowsOf = async (bytes: Uint8Array, options?: ReadLogOptions) =>
  plainRows((await read(bytes, options)).rows);

describe('Parquet', () => {
  const sec = 1_655_983_211;
  const bytes = parquet({
    extra: [['x', 'y', 'z'], 'STRING'],
    userId: [[9007199254740993n, 7n, -3n], 'INT64'],
    movie: [['007', '😀', '__proto__'], 'STRING'],
    rating: [[4.5, 3, -1], 'DOUBLE'],
    ts: [[sec, sec + 1, sec + 2].map((s) => BigInt(s)), 'INT64'],
  });
  const rows = [
    ['9007199254740993', '007', 4.5, sec],
    ['7', '😀', 3, sec + 1],
    ['-3', '__proto__', -1, sec + 2],
  ];

  it('is read from bytes, from a file, from a Blob, and packed', async () => {
    const { rows: found, detected } = await read(bytes);
    expect(plainRows(found)).toEqual(rows);
    expect(detected).toEqual({
      format: 'parquet',
      layout: 'log',
      columns: { user: 'userId', item: 'movie', value: 'rating', time: 'ts' },
      ignored: ['extra'],
      timeUnit: 's',
    });
    expect(await rowsOf(gzipSync(bytes))).toEqual(rows);
    const path = join(folder, 'log.parquet');
    writeFileSync(path, bytes);
    const blob = new File([bytes as Uint8Array<ArrayBuffer>], 'log.parquet');
    for (const source of [fileSource(path), blob]) {
      expect(plainRows((await readLog([source])).rows)).toEqual(rows);
    }
  });

  it.each(['GZIP', 'BROTLI', 'SNAPPY', 'UNCOMPRESSED'] as const)('is unpacked from %s', async (codec) => {
    const buffer = parquetWriteBuffer({
      columnData: ['user', 'item'].map((name) => ({
        name,
        data: Array.from({ length: 500 }, (_, n) => `${name}${n % 7}`),
      })),
      codec,
      compressors: {
        GZIP: (bytes) => new Uint8Array(gzipSync(bytes)),
        BROTLI: (bytes) => new Uint8Array(brotliCompressSync(bytes)),
      },
    });
    const { rows } = await read(new Uint8Array(buffer));
    expect([rows.count, rows.userIds.length]).toEqual([500, 7]);
  });

  it('counts rows on through row groups and names the bad ones', async () => {
    const many = Array.from({ length: 2_500 }, (_, n) => n);
    const users = many.map((n) => (n === 2_100 ? null : `u${n % 50}`));
    const ratings = many.map((n) => (n === 1_200 ? Number.NaN : n === 1_300 ? Infinity : n % 5));
    const log = await read(
      parquet({ user: [users, 'STRING'], item: [many, 'INT32'], rating: [ratings, 'DOUBLE'] }, 700),
    );
    expect([log.rows.count, log.read]).toEqual([2_497, 2_500]);
    expect(log.badRows).toEqual([
      { file: 'log.csv', line: 1_201, reason: 'value is no plain number: it is "NaN"' },
      { file: 'log.csv', line: 1_301, reason: 'value is no plain number: it is "Infinity"' },
      { file: 'log.csv', line: 2_101, reason: 'empty user id' },
    ]);
  });

  it.each<[string, unknown, Partial<SchemaElement>, boolean]>([
    ['milliseconds', BigInt(sec) * 1000n + 25n, { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }, false],
    [
      'microseconds without a zone',
      BigInt(sec) * 1_000_000n + 25_000n,
      { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' } },
      true,
    ],
    [
      'nanoseconds',
      BigInt(sec) * 1_000_000_000n + 25_000_000n,
      { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' } },
      false,
    ],
  ])('knows timestamps in %s', async (_, time, type, zoneless) => {
    const log = await read(parquet({ user: [['u']], item: [['i']], time: [[time], type] }));
    expect([...log.rows.timeSec!]).toEqual([sec + 0.025]);
    expect(log.detected.timeUnit).toBe('iso8601');
    expect(log.warnings.map(({ code }) => code)).toEqual(zoneless ? ['TIME_ZONE_ASSUMED'] : []);
    const text = `user,item,time\nu,i,2022-06-23T11:20:11.025${zoneless ? '' : 'Z'}\n`;
    expect(log.rows.timeSec).toEqual((await readText(text)).rows.timeSec);
  });

  it('knows dates, decimals, truth and unsigned numbers', async () => {
    const date = parquet({
      user: [['u']],
      item: [['i']],
      date: [[19_166], { type: 'INT32', converted_type: 'DATE' }],
    });
    expect([...(await read(date)).rows.timeSec!]).toEqual([19_166 * 86_400]);
    const decimal = (type: Partial<SchemaElement>, stored: unknown[]) =>
      parquet({
        user: [stored.map(() => 'u')],
        item: [stored.map((_, n) => `i${n}`)],
        price: [stored, { converted_type: 'DECIMAL', precision: 9, scale: 1, ...type }],
      });
    const values = async (bytes: Uint8Array, value = 'price') => [
      ...(await read(bytes, { value })).rows.value!,
    ];
    expect(await values(decimal({ type: 'INT32' }, [0.7, 1.1, -0.3]))).toEqual([0.7, 1.1, -0.3]);
    const truth = parquet({
      user: [['a', 'b']],
      item: [['i', 'j']],
      liked: [[true, false], { type: 'BOOLEAN' }],
    });
    expect(await values(truth, 'liked')).toEqual([1, 0]);
    const unsigned = parquet({
      user: [[4_294_967_295], { type: 'INT32', converted_type: 'UINT_32' }],
      item: [[2n ** 64n - 1n], { type: 'INT64', converted_type: 'UINT_64' }],
    });
    expect((await rowsOf(unsigned))[0].slice(0, 2)).toEqual(['4294967295', '18446744073709551615']);
    const float = parquet({ user: [[7, null], 'DOUBLE'], item: [['i', 'j'], 'STRING'] });
    expect((await rowsOf(float)).map((row) => row[0])).toEqual(['7']);
  });

  it('refuses ids that are not UTF-8, what is damaged, and columns that are not there', async () => {
    const foreign = parquet({ user: [[Uint8Array.of(0xe9, 0x6f)], 'BYTE_ARRAY'], item: [['i'], 'STRING'] });
    expect((await errorOf(() => read(foreign), 'LOG_FORMAT')).message).toContain('not UTF-8');
    for (const damaged of [
      bytes.subarray(0, bytes.length - 20),
      bytes.subarray(0, 8),
      new Uint8Array([...bytes.subarray(0, 4), ...bytes.subarray(40)]),
    ]) {
      await errorOf(() => read(damaged), 'LOG_FORMAT');
    }
    expect((await errorOf(() => read(bytes, { item: 'sku' }), 'COLUMN_MISSING')).message).toContain(
      '"movie"',
    );
    await errorOf(() => read(bytes, { layout: 'adjacency' }), 'CONFIG');
    await errorOf(() => read(bytes, { signal: AbortSignal.abort() }), 'ABORTED');
  });
});
