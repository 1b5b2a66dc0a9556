import { describe, expect, it } from 'vitest';
import { readItemAttributes } from '../../src/data/attributes.js';
import { guessKind, itemFeatures } from '../../src/data/features.js';
import { memorySource } from '../../src/data/source.js';
import { Vocabulary } from '../../src/data/vocabulary.js';

const TABLE = `item,title,genre,price,new,url
a,The Red Planet,sf|war,10,1,http://x/a
b,The Blue Planet,sf,20,0,http://x/b
c,Blue Moon,love|war,30,0,http://x/c
d,A Quiet Night,love,,1,http://x/d
e,Red Red Night,sf|rare,50,1,http://x/e
`;
const items = new Vocabulary(['a', 'b', 'c', 'd', 'e', 'z']);
const read = (text: string) => readItemAttributes(memorySource('items.csv', text));
/** Rows as plain objects by place. */
async function rows(text = TABLE, trained: (item: number) => boolean = () => true, options = {}) {
  const made = itemFeatures(items, trained, { attributes: await read(text) }, options);
  const { matrix } = made;
  const dense = Array.from({ length: matrix.rows }, (_, r) => {
    const row = new Array<number>(matrix.columns).fill(0);
    for (let e = matrix.indptr[r]; e < matrix.indptr[r + 1]; e++) row[matrix.indices[e]] = matrix.values![e];
    return row;
  });
  const startOf = (name: string) => {
    let at = 0;
    for (const group of made.groups) {
      if (group.name === name) return [at, at + group.width];
      at += group.width;
    }
    throw new Error(`no group ${name}`);
  };
  return { ...made, of: (name: string) => dense.map((row) => row.slice(...startOf(name))) };
}

describe('item attributes', () => {
  it('are read by name from a header, and by place without one', async () => {
    const { ids, columns } = await read(TABLE);
    expect(ids).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(columns.map(({ name }) => name)).toEqual(['title', 'genre', 'price', 'new', 'url']);
    const bare = await read('1|Toy Story|0\n2|GoldenEye|1\n');
    expect(bare.ids).toEqual(['1', '2']);
    expect(bare.columns).toEqual([
      { name: '2', values: ['Toy Story', 'GoldenEye'] },
      { name: '3', values: ['0', '1'] },
    ]);
  });

  it('keep the first of an id, and take what a short row lacks for nothing', async () => {
    const { ids, columns } = await read('item,a,b\nx,1,2\nx,3,4\ny,5\n');
    expect(ids).toEqual(['x', 'y']);
    expect(columns.map(({ values }) => values)).toEqual([
      ['1', '5'],
      ['2', ''],
    ]);
  });

  it.each([
    ['category', 'genre', ['a|b', 'b', 'a']],
    ['category', 'complements', ['[1, 2]', '[2]', '[]']],
    ['category', 'i_category', ['0', '3', '7', '3']],
    ['category', 'maker', ['x', 'y', 'x', 'y', 'x', 'y']],
    ['number', 'price', ['1.5', '2', '7']],
    ['flag', 'new', ['0', '1', '1']],
    ['text', 'description', ['a long story', 'another long story', 'a short one']],
    ['unused', 'url', ['http://a', 'http://b', 'http://c']],
    ['unused', 'country', ['x', 'x', '']],
  ] as const)('a column is taken for a %s: %s %o', (kind, name, values) => {
    expect(guessKind({ name, values })).toBe(kind);
  });
});

describe('features of items', () => {
  it('categories: those that two items have, several scaled to length 1', async () => {
    const { of, groups, known } = await rows();
    expect(groups.map(({ name, kind }) => [name, kind])).toEqual([
      ['title', 'text'],
      ['genre', 'category'],
      ['price', 'number'],
      ['new', 'flag'],
    ]);
    const half = Math.fround(Math.SQRT1_2);
    // sf (three items), then love and war (two each, by name); "rare" has one.
    expect(of('genre')).toEqual([
      [half, 0, half],
      [1, 0, 0],
      [0, half, half],
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect(known).toBe(5);
  });

  it('numbers: in standard deviations of the items that are known, at most three', async () => {
    const { of } = await rows(TABLE, (item) => item < 3);
    // Of 10, 20 and 30: mean 20, standard deviation 8.165; 50 is farther than three away.
    const z = 10 / Math.sqrt(200 / 3);
    const expected = [-z / 3, 0, z / 3, 0, 1, 0];
    for (const [item, [value]] of of('price').entries()) expect(value).toBeCloseTo(expected[item], 6);
  });

  it('words: the rarer the heavier, the same for the same words, of length 1', async () => {
    const { of } = await rows();
    const titles = of('title');
    for (const title of titles.slice(0, 5)) expect(Math.hypot(...title)).toBeCloseTo(1, 6);
    expect(titles[5].every((x) => x === 0)).toBe(true);
    const cosine = (a: number, b: number) => titles[a].reduce((sum, x, w) => sum + x * titles[b][w], 0);
    expect(cosine(0, 1)).toBeGreaterThan(0.3);
    expect(Math.abs(cosine(0, 3))).toBeLessThan(0.2);
  });

  it('count nothing on items that are not trained on', async () => {
    const changed = TABLE.replace('e,Red Red Night,sf|rare,50,1', 'e,Love Love Moon,love|war|odd,21,0');
    const trained = (item: number) => item !== 4;
    const [one, other] = [await rows(TABLE, trained), await rows(changed, trained)];
    for (const name of ['title', 'genre', 'price', 'new']) {
      expect(other.of(name).slice(0, 4)).toEqual(one.of(name).slice(0, 4));
      expect(other.of(name)[4]).not.toEqual(one.of(name)[4]);
    }
  });

  it('are what one says they are', async () => {
    const { groups } = await rows(TABLE, () => true, { kinds: { price: 'category', genre: 'unused' } });
    expect(groups.map(({ name }) => name)).not.toContain('genre');
    await expect(rows(TABLE, () => true, { kinds: { size: 'number' } })).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      remedy: expect.stringContaining('"price"'),
    });
  });

  it('given vectors stand beside them, by id or by row, scaled to length 1', async () => {
    const vectors = { file: 'v.npy', width: 2, values: Float32Array.of(3, 4, 0, 2) };
    const byId = itemFeatures(items, () => true, { vectors: { ...vectors, ids: ['z', 'a'] } });
    expect(byId.matrix.indptr).toEqual(Uint32Array.of(0, 1, 1, 1, 1, 1, 3));
    expect([...byId.matrix.values!]).toEqual([1, Math.fround(0.6), Math.fround(0.8)]);
    const attributes = await read('item,genre\nb,x\nc,x\n');
    expect(() => itemFeatures(items, () => true, { vectors })).toThrow(
      expect.objectContaining({
        code: 'SHAPE_MISMATCH',
        message: expect.stringContaining('2 vectors without ids'),
      }),
    );
    expect(itemFeatures(items, () => true, { attributes, vectors }).groups).toEqual([
      { name: 'v.npy', kind: 'vector', width: 2 },
    ]);
  });

  it('of other items are refused', async () => {
    await expect(rows('item,genre\nq,x\nr,x\n')).rejects.toMatchObject({
      code: 'LOG_FORMAT',
      message: expect.stringContaining('knows no item of the log'),
    });
    await expect(rows('item,genre\na,x\nb,x\n')).rejects.toMatchObject({
      code: 'LOG_FORMAT',
      message: expect.stringContaining('nothing of the items that could be used'),
    });
  });
});
