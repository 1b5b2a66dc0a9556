import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { csrFromRows } from '../../src/data/csr.js';
import { FoldinError } from '../../src/errors.js';
import { decodeModel, encodeModel, type ModelContents } from '../../src/store/modelFile.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/store/safetensors.js';

const histories = {
  ...csrFromRows([[0, 2], [], [1]], 4),
  values: Float32Array.of(1, 0.5, 3),
  positions: Uint32Array.of(1, 0, 0),
};
const contents: ModelContents = {
  model: 'mlp',
  config: { hidden: [3], activation: 'relu', dropout: 0.5 },
  tensors: new Map([
    ['encoder.weights', { shape: [4, 3], values: Float32Array.from({ length: 12 }, (_, i) => i / 7 - 1) }],
    ['counts', { shape: [4], values: Uint32Array.of(1, 1, 1, 0) }],
  ]),
  items: ['007', '7', '\u{1F600} caf\u00e9', '\ufeff'],
  titles: ['Seven', undefined, '', '\u7535\u5f71'],
  users: ['u', '', '9007199254740993'],
  histories,
  manifest: {
    formatVersion: 1,
    foldin: '0.1.0',
    seed: 7,
    split: { name: 'globalTime' },
    device: { kind: 'cpu' },
  },
};
const smallest: ModelContents = {
  model: 'popular',
  config: {},
  tensors: new Map(),
  items: [],
  manifest: { formatVersion: 1, foldin: '0.1.0' },
};

/** Where the 64 digits stand: after the length and `{"__metadata__":{"sha256":"`. */
const HASH_AT = 35;

async function refusal(work: Promise<unknown>): Promise<FoldinError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof FoldinError) return outcome;
  throw new Error('no named error', { cause: outcome });
}

/** The file with one tensor or text replaced and the hash made right again: what a faulty writer would give. */
async function rewritten(
  change: (parts: { metadata: Map<string, string>; tensors: Map<string, object> }) => void,
) {
  const { metadata, tensors } = decodeSafetensors(await encodeModel(contents));
  const parts = { metadata: new Map(metadata), tensors: new Map(tensors) };
  change(parts);
  parts.metadata.set('sha256', '0'.repeat(64));
  const bytes = encodeSafetensors(parts);
  const once = createHash('sha256').update(bytes).digest();
  bytes.set(new TextEncoder().encode(createHash('sha256').update(once).digest('hex')), HASH_AT);
  return bytes;
}

describe('a model file', () => {
  it('comes back as it was', async () => {
    expect(await decodeModel(await encodeModel(contents))).toEqual(contents);
    expect(await decodeModel(await encodeModel(smallest))).toEqual(smallest);
  });

  it('keeps histories without values or order, and a file without histories or users', async () => {
    const { values: _, positions: _p, ...plain } = histories;
    expect((await decodeModel(await encodeModel({ ...contents, histories: plain }))).histories).toEqual(
      plain,
    );
    const { histories: _h, users: _u, titles: _t, ...bare } = contents;
    const read = await decodeModel(await encodeModel(bare));
    expect(read).toEqual(bare);
    expect('histories' in read).toBe(false);
  });

  it('is the same bytes for the same contents, whatever the order of keys', async () => {
    const reordered: ModelContents = {
      ...contents,
      config: { dropout: 0.5, activation: 'relu', hidden: [3], unset: undefined },
      tensors: new Map([...contents.tensors].reverse()),
      manifest: Object.fromEntries(Object.entries(contents.manifest).reverse()) as ModelContents['manifest'],
    };
    const bytes = await encodeModel(contents);
    expect(await encodeModel(reordered)).toEqual(bytes);
    expect(await encodeModel(await decodeModel(bytes))).toEqual(bytes);
  });

  it('is a plain safetensors file whose hash can be checked by anyone', async () => {
    const bytes = await encodeModel(contents);
    const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + headerLength)).toString('utf8'));
    const data = Buffer.from(bytes.subarray(8 + headerLength));
    const { sha256, model, format, config } = header.__metadata__;
    expect([model, format]).toEqual(['mlp', 'foldin']);
    expect(JSON.parse(config)).toEqual(contents.config);
    const at = (name: string) => data.subarray(...(header[name].data_offsets as [number, number]));
    expect(at('encoder.weights').readFloatLE(4)).toBe(Math.fround(1 / 7 - 1));
    const [from, to] = [4, 8].map((place) => at('items.offsets').readUInt32LE(place));
    expect(at('items.bytes').subarray(from, to).toString()).toBe('7');

    const zeroed = Buffer.from(
      Buffer.from(bytes).toString('latin1').replace(sha256, '0'.repeat(64)),
      'latin1',
    );
    const once = createHash('sha256').update(zeroed).digest();
    expect(createHash('sha256').update(once).digest('hex')).toBe(sha256);
  });

  it('hashes large files in pieces of 64 MiB', async () => {
    const piece = 2 ** 26;
    const values = new Float32Array((piece + 4096) / 4).fill(0.5);
    const bytes = await encodeModel({
      ...smallest,
      tensors: new Map([['w', { shape: [values.length], values }]]),
    });
    expect(bytes.length).toBeGreaterThan(piece);
    const stated = decodeSafetensors(bytes).metadata.get('sha256')!;
    const zeroed = Buffer.from(bytes);
    zeroed.fill('0', HASH_AT, HASH_AT + 64);
    const digest = (part: Buffer) => createHash('sha256').update(part).digest();
    const joined = Buffer.concat([digest(zeroed.subarray(0, piece)), digest(zeroed.subarray(piece))]);
    expect(digest(joined).toString('hex')).toBe(stated);
    expect((await decodeModel(bytes)).tensors.get('w')!.values).toHaveLength(values.length);
    bytes[bytes.length - 5] ^= 1;
    expect(await refusal(decodeModel(bytes))).toMatchObject({ code: 'MODEL_CORRUPT' });
  });

  it('leaves the bytes it reads alone, also in a Node Buffer', async () => {
    const bytes = Buffer.from(await encodeModel(contents));
    const before = bytes.toString('hex');
    expect(await decodeModel(bytes)).toEqual(contents);
    expect(bytes.toString('hex')).toBe(before);
  });

  it('keeps any whole characters in ids', async () => {
    const ids = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 6 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(ids, ids, async (items, users) => {
        const read = await decodeModel(await encodeModel({ ...smallest, items, users }));
        expect([read.items, read.users]).toEqual([items, users]);
      }),
      { seed: 1 },
    );
  });
});

describe('a damaged model file', () => {
  const damage = ['MODEL_CORRUPT', 'MODEL_FORMAT', 'MODEL_VERSION'];

  it('is refused for every single flipped bit', async () => {
    const bytes = await encodeModel(contents);
    const codes = new Set<string>();
    for (let place = 0; place < bytes.length; place++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[place] ^= 1 << bit;
        const error = await refusal(decodeModel(bytes));
        bytes[place] ^= 1 << bit;
        expect(error.remedy).not.toBe('');
        codes.add(error.code);
      }
    }
    expect([...codes].sort()).toEqual([...damage].sort());
    expect(await decodeModel(bytes)).toEqual(contents);
  });

  it('is refused at every length but its own', async () => {
    const bytes = await encodeModel(contents);
    for (let length = 0; length < bytes.length; length++) {
      const { code } = await refusal(decodeModel(bytes.subarray(0, length)));
      expect(damage).toContain(code);
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(await refusal(decodeModel(longer))).toMatchObject({ code: 'MODEL_CORRUPT' });
  });

  it('is refused when foreign', async () => {
    const foreign = encodeSafetensors({ metadata: new Map([['format', 'pt']]), tensors: new Map() });
    expect(await refusal(decodeModel(foreign))).toMatchObject({ code: 'MODEL_FORMAT' });
  });

  it('is refused when newer, with what to do', async () => {
    const newer = await rewritten(({ metadata }) =>
      metadata.set('manifest', metadata.get('manifest')!.replace('"formatVersion":1', '"formatVersion":2')),
    );
    const { code, message, remedy } = await refusal(decodeModel(newer));
    expect(code).toBe('MODEL_VERSION');
    expect(message).toContain('version 2');
    expect(remedy).toContain('newer foldin');
  });

  it('reads a rewritten file whose hash is right', async () => {
    expect(await decodeModel(await rewritten(() => {}))).toEqual(contents);
  });

  const u32 = (...values: number[]) => ({ shape: [values.length], values: Uint32Array.from(values) });
  const u8 = (...values: number[]) => ({ shape: [values.length], values: Uint8Array.from(values) });
  const f32 = (...values: number[]) => ({ shape: [values.length], values: Float32Array.from(values) });
  it.each([
    ['no items', 'items.bytes', undefined],
    ['offsets of another type', 'items.offsets', f32(0, 3, 4, 14, 17)],
    [
      'offsets in two dimensions',
      'items.offsets',
      { shape: [1, 5], values: Uint32Array.of(0, 3, 4, 14, 17) },
    ],
    ['no offsets', 'items.offsets', u32()],
    ['offsets that fall', 'items.offsets', u32(0, 4, 3, 14, 17)],
    ['offsets beyond the bytes', 'items.offsets', u32(0, 3, 4, 14, 99)],
    ['offsets that split a character', 'items.offsets', u32(0, 3, 5, 14, 17)],
    ['bytes that are no UTF-8', 'users.bytes', u8(0xff, ...new Array(16).fill(49))],
    ['an id twice', 'items.bytes', u8(0xef, 0xbb, 0xbf, ...Buffer.from('7\u{1F600} caf\u00e9\ufeff'))],
    ['titles of other items', 'titles.offsets', u32(0, 5, 11)],
    ['histories of fewer users', 'histories.indptr', u32(0, 2, 3)],
    ['histories that go back', 'histories.indptr', u32(0, 3, 2, 3)],
    ['histories beyond their entries', 'histories.indptr', u32(0, 9, 2, 3)],
    ['histories with an item too many', 'histories.indices', u32(0, 4, 1)],
    ['histories out of order', 'histories.indices', u32(2, 0, 1)],
    ['too few values', 'histories.values', f32(1, 2)],
    ['a value that is not a number', 'histories.values', f32(1, Number.NaN, 2)],
    ['too few positions', 'histories.positions', u32(1, 0)],
    ['two things at one place', 'histories.positions', u32(1, 1, 0)],
    ['gaps in the order', 'histories.positions', u32(2, 0, 0)],
    ['positions that are no whole numbers', 'histories.positions', f32(1, 0, 0)],
    ['a weight that is not a number', 'encoder.weights', f32(Number.NaN)],
    ['a weight of bytes', 'encoder.weights', u8(1)],
  ])('is refused with %s, even if the hash is right', async (_, name, tensor) => {
    const bytes = await rewritten(({ tensors }) => {
      if (tensor) tensors.set(name, tensor);
      else tensors.delete(name);
    });
    const { code, message } = await refusal(decodeModel(bytes));
    expect(code).toBe('MODEL_CORRUPT');
    expect(message).not.toMatch(/header|hash/);
  });

  it('is refused without a usable manifest or config', async () => {
    for (const [key, text] of [
      ['manifest', '[]'],
      ['manifest', '{'],
      ['manifest', '{"formatVersion":"1"}'],
      ['config', 'null'],
    ]) {
      const bytes = await rewritten(({ metadata }) => metadata.set(key, text));
      expect(await refusal(decodeModel(bytes))).toMatchObject({ code: 'MODEL_CORRUPT' });
    }
  });
});

describe('saving refuses', () => {
  const tensor = (...values: number[]) =>
    new Map([['w', { shape: [values.length], values: Float32Array.from(values) }]]);

  it.each<[string, string, Partial<ModelContents>]>([
    ['DIVERGED', 'a weight NaN', { tensors: tensor(1, Number.NaN) }],
    ['DIVERGED', 'a weight infinity', { tensors: tensor(Number.NEGATIVE_INFINITY) }],
    ['CONFIG', 'half a surrogate pair in an item id', { items: ['a', '\ud83d', 'c', 'd'] }],
    ['CONFIG', 'half a surrogate pair in a user id', { users: ['a', 'b\ude00', 'c'] }],
    ['CONFIG', 'half a surrogate pair in a title', { titles: ['a', '\ud83dx', 'c', 'd'] }],
    ['CONFIG', 'an item twice', { items: ['a', 'a', 'c', 'd'] }],
    ['CONFIG', 'a user twice', { users: ['a', 'a', 'c'] }],
    [
      'CONFIG',
      'a reserved tensor name',
      { tensors: new Map([['items.bytes', { shape: [0], values: new Float32Array() }]]) },
    ],
    ['CONFIG', 'a configuration that is no JSON', { config: { learningRate: Number.NaN } }],
    ['CONFIG', 'a configuration that is a list', { config: [] }],
    [
      'CONFIG',
      'a typed array in the manifest',
      { manifest: { ...contents.manifest, losses: Float32Array.of(1) } },
    ],
    [
      'SHAPE_MISMATCH',
      'a shape that does not fit',
      { tensors: new Map([['w', { shape: [2], values: Float32Array.of(1) }]]) },
    ],
    ['SHAPE_MISMATCH', 'titles of other items', { titles: ['a'] }],
    ['SHAPE_MISMATCH', 'histories of other users', { users: ['a', 'b'] }],
    ['SHAPE_MISMATCH', 'histories without users', { users: undefined }],
    ['SHAPE_MISMATCH', 'histories over other items', { histories: csrFromRows([[0], [], [1]], 9) }],
  ])('with %s: %s', async (code, _, change) => {
    const error = await refusal(encodeModel({ ...contents, ...change }));
    expect(error).toMatchObject({ code, remedy: expect.stringMatching(/^[A-Z].+\.$/) });
  });

  it('with what to do where Web Crypto is missing', async () => {
    vi.stubGlobal('crypto', {});
    try {
      expect(await refusal(encodeModel(contents))).toMatchObject({ code: 'CONFIG', remedy: /https/ });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
