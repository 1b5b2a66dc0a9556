import { ByteWriter, parquetWrite, parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../src/data/source.js';
import { encodeItemVectors, readItemVectors } from '../../src/store/itemVectors.js';
import { encodeSafetensors } from '../../src/store/safetensors.js';

/** As numpy.save writes it. */
function npy(descr: string, shape: string, data: Uint8Array, order = 'False'): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const header = `${text.padEnd(117)}\n`;
  return Uint8Array.of(
    ...[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8],
    ...new TextEncoder().encode(header),
    ...data,
  );
}
const bytesOf = (values: Float32Array | Float64Array | Uint16Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const read = (bytes: Uint8Array, name = 'vectors.bin') => readItemVectors(memorySource(name, bytes));
/** A column of ids and one of lists of floats, as Arrow and DuckDB write it. */
function parquet(vectors: number[][], ids: unknown[] = ['a', 'b']): Uint8Array {
  const writer = new ByteWriter();
  parquetWrite({
    writer,
    columnData: [
      { name: 'item_id', data: ids },
      { name: 'embedding', data: vectors },
    ],
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'item_id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'embedding', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
    ],
  });
  return new Uint8Array(writer.getBuffer());
}
const flat = (columns: Record<string, unknown[]>) =>
  new Uint8Array(
    parquetWriteBuffer({ columnData: Object.entries(columns).map(([name, data]) => ({ name, data })) }),
  );
const matrix = Float32Array.of(1, 2, 3, -4, 5.5, 0);

describe('vectors of items', () => {
  it.each([
    ['<f4', bytesOf(matrix)],
    ['<f8', bytesOf(Float64Array.from(matrix))],
    // 1, 2, 3, -4, 5.5, 0 in halves.
    ['<f2', bytesOf(Uint16Array.of(0x3c00, 0x4000, 0x4200, 0xc400, 0x4580, 0))],
  ])('from .npy of %s', async (descr, data) => {
    expect(await read(npy(descr, '(2, 3)', data), 'v.npy')).toEqual({
      file: 'v.npy',
      width: 3,
      values: matrix,
    });
  });

  it('from safetensors, with ids where foldin wrote it', async () => {
    const bytes = encodeItemVectors({ ids: ['a', 'b'], width: 3, values: matrix }, new Map([['model', 'm']]));
    expect(await read(bytes)).toEqual({ file: 'vectors.bin', ids: ['a', 'b'], width: 3, values: matrix });
    const others = encodeSafetensors({
      metadata: new Map(),
      tensors: new Map([['embeddings', { shape: [3, 2], values: Float64Array.from(matrix) }]]),
    });
    expect(await read(others)).toEqual({ file: 'vectors.bin', width: 2, values: matrix });
  });

  it('from Parquet, by the ids beside them', async () => {
    const expected = { file: 'vectors.bin', ids: ['a', 'b'], width: 3, values: matrix };
    expect(
      await read(
        parquet([
          [1, 2, 3],
          [-4, 5.5, 0],
        ]),
      ),
    ).toEqual(expected);
  });

  it.each([
    ['a type', npy('<i4', '(2, 3)', bytesOf(matrix)), /type "<i4"/],
    ['columns first', npy('<f4', '(2, 3)', bytesOf(matrix), 'True'), /column by column/],
    ['one dimension', npy('<f4', '(6,)', bytesOf(matrix)), /shape \(6, \)/],
    ['too short', npy('<f4', '(2, 4)', bytesOf(matrix)), /2 x 4 numbers in 32 bytes, and has 24/],
    ['a cut header', npy('<f4', '(2, 3)', bytesOf(matrix)).subarray(0, 11), /ends within its header/],
    [
      'NaN',
      npy('<f4', '(2, 3)', bytesOf(Float32Array.of(1, 2, 3, 4, Number.NaN, 6))),
      /row 2 holds NaN at place 2/,
    ],
    ['no vectors at all', new TextEncoder().encode('item,title\na,b\n'), /no file of vectors/],
    [
      'two matrices',
      encodeSafetensors({
        metadata: new Map(),
        tensors: new Map([
          ['p', { shape: [2, 3], values: matrix }],
          ['q', { shape: [2, 3], values: matrix }],
        ]),
      }),
      /its matrices: "p", "q"/,
    ],
    [
      'an id twice',
      encodeItemVectors({ ids: ['a', 'a'], width: 3, values: matrix }, new Map()),
      /two vectors of "a"/,
    ],
    [
      'Parquet without lists',
      flat({ item: ['x', 'y'], v: [1, 2] }),
      /expected a column of item ids and one of vectors/,
    ],
    [
      'Parquet of unequal widths',
      parquet([
        [1, 2, 3],
        [4, 5],
      ]),
      /vector of "b" in row 2 has 2 numbers, those before 3/,
    ],
    ['Parquet with an empty list', parquet([[], [4, 5]]), /vector of "a" in row 1 has 0 numbers/],
    ['Parquet without an id', parquet([[1], [2]], ['a', null]), /the id in row 2 is empty/],
  ])('refused, with the place: %s', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'VECTORS_FORMAT',
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/\w/),
    });
  });
});
