import { describe, expect, it } from 'vitest';
import { readItemAttributes } from '../../src/data/attributes.js';
import { attributeTable } from '../../src/data/attributeValues.js';
import { memorySource } from '../../src/data/source.js';
import { Vocabulary } from '../../src/data/vocabulary.js';

const items = new Vocabulary(['a', 'b', 'c', 'd', 'z']);
const attributes = readItemAttributes(
  memorySource(
    'items.csv',
    'item,title,genre,price,new\na,The Red Planet,sf|war,10,1\nb,The Blue Planet,sf,20,0\nc,Blue Moon,,30,1\nd,A Night,love,40,0\n',
  ),
);

describe('the attributes of items by value', () => {
  it('are categories and flags, of every item that is known', async () => {
    const { names, ofItem } = attributeTable(items, await attributes);
    const said = ofItem.map((places) => places.map((place) => names[place]));
    expect(said).toEqual([
      [{ attribute: 'genre', value: 'sf' }, { attribute: 'genre', value: 'war' }, { attribute: 'new' }],
      [{ attribute: 'genre', value: 'sf' }],
      [{ attribute: 'new' }],
      [{ attribute: 'genre', value: 'love' }],
      [],
    ]);
  });

  it('are what they are said to be', async () => {
    const told = attributeTable(items, await attributes, { price: 'category', genre: 'unused' });
    expect(told.names.map(({ attribute }) => attribute)).not.toContain('genre');
    expect(told.names).toContainEqual({ attribute: 'price', value: '10' });
  });

  it('must be of these items, and of columns that are there', async () => {
    const read = await attributes;
    expect(() => attributeTable(new Vocabulary(['x']), read)).toThrow(
      expect.objectContaining({ code: 'LOG_FORMAT' }),
    );
    expect(() => attributeTable(items, read, { size: 'category' })).toThrow(
      expect.objectContaining({ code: 'COLUMN_MISSING' }),
    );
  });
});
