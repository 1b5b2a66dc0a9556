import { expect, it } from 'vitest';
import { readItemTitles, withTitles } from '../../src/data/items.js';
import { memorySource } from '../../src/data/source.js';
import { errorOf, interactionsOf } from './helpers.js';

const read = async (content: string | Uint8Array, options = {}) => {
  const { titles, columns } = await readItemTitles(memorySource('items.csv', content), options);
  return { titles: [...titles], columns };
};

it('finds the columns by their names, whatever else there is', async () => {
  expect(await read('price,name,item\n1,"A, B",7\n2,C,007\n')).toEqual({
    titles: [
      ['7', 'A, B'],
      ['007', 'C'],
    ],
    columns: { item: 'item', title: 'name' },
  });
  expect((await read('movieId::title::genres\n1::Heat (1995)::Crime\n')).titles).toEqual([
    ['1', 'Heat (1995)'],
  ]);
});

it("looks for the log's own item column first", async () => {
  const text = 'item,code,title\nx,1,One\n';
  expect((await read(text, { itemColumn: 'code' })).titles).toEqual([['1', 'One']]);
  expect((await read(text)).titles).toEqual([['x', 'One']]);
});

it('takes id and title from the first two columns without a header', async () => {
  expect(await read('1|Toy Story (1995)|01-Jan-1995\n2|GoldenEye (1995)|01-Jan-1995\n')).toEqual({
    titles: [
      ['1', 'Toy Story (1995)'],
      ['2', 'GoldenEye (1995)'],
    ],
    columns: { item: 1, title: 2 },
  });
});

it('keeps the first title, and leaves out rows without one', async () => {
  expect((await read('item,title\na,One\na,Two\nb,\nc\nd,Four\n')).titles).toEqual([
    ['a', 'One'],
    ['d', 'Four'],
  ]);
});

it('reads latin1 when told, and refuses to guess', async () => {
  const bytes = Uint8Array.from('item,title\na,Caf\xe9\n', (c) => c.charCodeAt(0));
  expect((await read(bytes, { encoding: 'latin1' })).titles).toEqual([['a', 'Caf\u00e9']]);
  expect((await errorOf(() => read(bytes), 'LOG_FORMAT')).remedy).toContain('latin1');
});

it('refuses a file without the columns or without anything', async () => {
  await errorOf(() => read('item,price\na,1\n'), 'COLUMN_MISSING');
  await errorOf(() => read(''), 'LOG_EMPTY');
});

it('titles the items of a log by exact id, and refuses titles of others', async () => {
  const log = interactionsOf([
    { user: 'u', item: '007' },
    { user: 'u', item: '7' },
  ]);
  const titled = withTitles(log, new Map([['007', 'Bond']]), 'items.csv');
  expect(titled.titles).toEqual(log.items.ids.map((id) => (id === '007' ? 'Bond' : undefined)));
  const { message } = await errorOf(() => withTitles(log, new Map([['x', 'X']]), 'items.csv'), 'LOG_FORMAT');
  expect(message).toContain('"x"');
});
