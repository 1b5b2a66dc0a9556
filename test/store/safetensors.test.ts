import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from '../../src/store/safetensors.js';

/** A file with any header and data, to try what a careless or hostile writer would send. */
function file(header: string, data: Uint8Array = new Uint8Array(0), length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const tensors = new Map<string, SafeTensor>([
  ['bytes', { shape: [3], values: Uint8Array.of(1, 2, 255) }],
  ['weights', { shape: [2, 2], values: Float32Array.of(1.5, -2, 0, 3e-45) }],
  ['counts', { shape: [2], values: Uint32Array.of(0, 0xffffffff) }],
  ['times', { shape: [1], values: BigInt64Array.of(-(2n ** 62n)) }],
  ['exact', { shape: [1, 1], values: Float64Array.of(0.1) }],
  ['none', { shape: [0, 5], values: new Float32Array(0) }],
  ['scalar', { shape: [], values: Float32Array.of(7) }],
]);
const metadata = new Map([
  ['first', 'a "quoted" \u{1F600} line\n'],
  ['10', 'ten'],
  ['2', 'two'],
]);

describe('encodeSafetensors', () => {
  const bytes = encodeSafetensors({ metadata, tensors });

  it('is read back by decodeSafetensors', () => {
    const decoded = decodeSafetensors(bytes);
    expect(new Map(decoded.tensors)).toEqual(tensors);
    expect(Object.fromEntries(decoded.metadata)).toEqual(Object.fromEntries(metadata));
  });

  it('is read by an independent reader', () => {
    const view = new DataView(bytes.buffer);
    const headerLength = Number(view.getBigUint64(0, true));
    const text = new TextDecoder().decode(bytes.subarray(8, 8 + headerLength));
    const header = JSON.parse(text);
    expect(headerLength % 8).toBe(0);
    expect(text.endsWith('}') || text.endsWith(' ')).toBe(true);
    expect(Object.keys(header)[0]).toBe('__metadata__');
    expect(header.weights).toMatchObject({ dtype: 'F32', shape: [2, 2] });
    const at = 8 + headerLength + header.weights.data_offsets[0];
    expect([0, 4, 8].map((offset) => view.getFloat32(at + offset, true))).toEqual([1.5, -2, 0]);
    expect(view.getUint32(8 + headerLength + header.counts.data_offsets[0] + 4, true)).toBe(0xffffffff);
    expect(view.getBigInt64(8 + headerLength + header.times.data_offsets[0], true)).toBe(-(2n ** 62n));
    for (const [name, size] of [
      ['exact', 8],
      ['times', 8],
      ['weights', 4],
      ['counts', 4],
    ] as const) {
      expect(header[name].data_offsets[0] % size, name).toBe(0);
    }
  });

  it('does not depend on the order in which tensors were given', () => {
    expect(encodeSafetensors({ metadata, tensors: new Map([...tensors].reverse()) })).toEqual(bytes);
  });

  it('stores a view of a larger array alone', () => {
    const values = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const decoded = decodeSafetensors(
      encodeSafetensors({ metadata: new Map(), tensors: new Map([['a', { shape: [2], values }]]) }),
    );
    expect([...decoded.tensors.get('a')!.values]).toEqual([2, 3]);
  });

  it('reads from bytes at any place in a buffer, also a Node Buffer', () => {
    for (const shift of [1, 4, 8]) {
      const moved = Buffer.alloc(bytes.length + shift);
      moved.set(bytes, shift);
      expect(new Map(decodeSafetensors(moved.subarray(shift)).tensors)).toEqual(tensors);
    }
  });

  it('keeps names that are special in JavaScript', () => {
    const names = ['__proto__', 'constructor', 'toString', '1', '0', '\u{1F600}', '"\\'];
    const odd = new Map(names.map((name, i) => [name, { shape: [1], values: Float32Array.of(i) }]));
    const decoded = decodeSafetensors(
      encodeSafetensors({ metadata: new Map([['__proto__', 'text']]), tensors: odd }),
    );
    expect(new Map([...decoded.tensors].sort())).toEqual(new Map([...odd].sort()));
    expect(decoded.metadata.get('__proto__')).toBe('text');
    expect(({} as Record<string, unknown>)['shape']).toBeUndefined();
  });

  it.each([
    ['a shape that does not fit', 'a', [3]],
    ['the name of the metadata', '__metadata__', [2]],
  ])('refuses %s', (_, name, shape) => {
    const wrong = new Map([[name, { shape, values: Float32Array.of(1, 2) }]]);
    expect(() => encodeSafetensors({ metadata: new Map(), tensors: wrong })).toThrowError(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
  });

  it('any tensors come back', () => {
    const tensor = fc.oneof(
      fc.float32Array({ maxLength: 9 }),
      fc.uint8Array({ maxLength: 9 }),
      fc.uint32Array({ maxLength: 9 }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), tensor), (arrays) => {
        const given = new Map(
          Object.entries(arrays).map(([name, values]) => [name, { shape: [values.length], values }]),
        );
        const { tensors: read } = decodeSafetensors(
          encodeSafetensors({ metadata: new Map(), tensors: given }),
        );
        expect(read.size).toBe(given.size);
        for (const [name, want] of given) expect(read.get(name)).toEqual(want);
      }),
      { seed: 1 },
    );
  });
});

describe('decodeSafetensors refuses', () => {
  const entry = (from: number, to: number, shape = [(to - from) / 4], dtype = 'F32') =>
    JSON.stringify({ dtype, shape, data_offsets: [from, to] });
  const data = new Uint8Array(8);

  it.each([
    ['nothing', 'MODEL_FORMAT', new Uint8Array(0)],
    ['seven bytes', 'MODEL_FORMAT', new Uint8Array(7)],
    ['text', 'MODEL_FORMAT', new TextEncoder().encode('user,item\n1,2\n3,4\n')],
    ['a zip file', 'MODEL_FORMAT', Uint8Array.from([0x50, 0x4b, 3, 4, ...new Array(40).fill(0)])],
    ['zeros', 'MODEL_FORMAT', new Uint8Array(100)],
    ['a header above 100 MB', 'MODEL_FORMAT', file('{}', data, 100_000_001n)],
    ['a header of 2^64 - 1 bytes', 'MODEL_FORMAT', file('{}', data, 2n ** 64n - 1n)],
    ['a header beyond the file', 'MODEL_CORRUPT', file('{}', data, 11n)],
    ['a header that is not JSON', 'MODEL_CORRUPT', file('{"a":}')],
    ['a header that is not UTF-8', 'MODEL_CORRUPT', file('{"a', Uint8Array.of(0xff, 0x7d), 5n)],
    ['metadata of numbers', 'MODEL_CORRUPT', file('{"__metadata__":{"a":1}}')],
    ['metadata that is a list', 'MODEL_CORRUPT', file('{"__metadata__":[]}')],
    ['an entry that is null', 'MODEL_CORRUPT', file('{"a":null}')],
    ['an entry that is a list', 'MODEL_CORRUPT', file('{"a":[]}')],
    ['an entry without a type', 'MODEL_CORRUPT', file('{"a":{"shape":[2],"data_offsets":[0,8]}}', data)],
    ['a type foldin does not use', 'MODEL_FORMAT', file(`{"a":${entry(0, 8, [4], 'BF16')}}`, data)],
    ['a type named as a method', 'MODEL_FORMAT', file(`{"a":${entry(0, 8, [2], 'toString')}}`, data)],
    ['a negative dimension', 'MODEL_CORRUPT', file(`{"a":${entry(0, 8, [-2])}}`, data)],
    ['a broken dimension', 'MODEL_CORRUPT', file(`{"a":${entry(0, 8, [2.5])}}`, data)],
    [
      'a shape that is a number',
      'MODEL_CORRUPT',
      file('{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}', data),
    ],
    [
      'three offsets',
      'MODEL_CORRUPT',
      file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}', data),
    ],
    ['offsets in reverse', 'MODEL_CORRUPT', file(`{"a":${entry(8, 0)}}`, data)],
    ['offsets beyond the data', 'MODEL_CORRUPT', file(`{"a":${entry(0, 12)}}`, data)],
    ['a shape too large for its bytes', 'MODEL_CORRUPT', file(`{"a":${entry(0, 8, [3])}}`, data)],
    [
      'a shape of 2^90 values',
      'MODEL_CORRUPT',
      file(`{"a":${entry(0, 8, [2 ** 30, 2 ** 30, 2 ** 30])}}`, data),
    ],
    [
      'a shape whose product is infinite',
      'MODEL_CORRUPT',
      file(`{"a":${entry(0, 8, Array(99).fill(2 ** 50))}}`, data),
    ],
    ['overlapping tensors', 'MODEL_CORRUPT', file(`{"a":${entry(0, 8)},"b":${entry(4, 8)}}`, data)],
    ['two tensors in one place', 'MODEL_CORRUPT', file(`{"a":${entry(0, 8)},"b":${entry(0, 8)}}`, data)],
    ['a gap', 'MODEL_CORRUPT', file(`{"a":${entry(4, 8)}}`, data)],
    ['bytes left over', 'MODEL_CORRUPT', file(`{"a":${entry(0, 4)}}`, data)],
    ['one name twice', 'MODEL_CORRUPT', file(`{"a":${entry(0, 4)},"a":${entry(4, 8)}}`, data)],
  ])('%s with %s', (_, code, bytes) => {
    expect(() => decodeSafetensors(bytes)).toThrowError(
      expect.objectContaining({ code, remedy: expect.stringMatching(/^[A-Z].+\.$/) }),
    );
  });

  it('any bytes with a named error, or reads them', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.json().map((json) => file(json)),
      fc.json().map((json) => file(`{"a":${json}}`, data)),
    );
    fc.assert(
      fc.property(bytes, (each) => {
        try {
          expect(decodeSafetensors(each).tensors).toBeInstanceOf(Map);
        } catch (error) {
          expect(['MODEL_FORMAT', 'MODEL_CORRUPT']).toContain((error as { code?: string }).code);
        }
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
