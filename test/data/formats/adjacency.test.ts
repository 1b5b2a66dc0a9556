import { describe, expect, it } from 'vitest';
import { clean } from '../../../src/data/clean.js';
import { readLog } from '../../../src/data/readLog.js';
import { errorOf, inPieces, plainRows, readText } from '../helpers.js';

const pairs = async (text: string, options = {}) =>
  plainRows((await readText(text, options)).rows).map(([user, item]) => `${user} ${item}`);

describe('adjacency lists', () => {
  const text = '0 5 7 9\n1\n2 5\n\n4 5 5 9 \n';

  it('are told by their lines, with users who have nothing', async () => {
    const { rows, detected, warnings, read } = await readText(text);
    expect(detected).toEqual({
      format: 'text',
      layout: 'adjacency',
      delimiter: ' ',
      encoding: 'utf-8',
      header: false,
      columns: { user: 1, item: 'all others' },
      ignored: [],
    });
    expect([rows.count, read, rows.userIds]).toEqual([7, 7, ['0', '1', '2', '4']]);
    expect(warnings).toEqual([
      { code: 'USERS_WITHOUT_ITEMS', message: '1 users are listed without any item' },
    ]);
    const { interactions, report } = clean(rows);
    expect([interactions.users.ids, report.duplicates]).toEqual([['0', '2', '4'], 1]);
  });

  it('read the same whatever the pieces, the line ends and the blanks', async () => {
    const expected = await pairs(text);
    expect(await pairs(text.replaceAll('\n', '\r\n'))).toEqual(expected);
    expect(await pairs(text.replaceAll(' ', '\t'), { layout: 'adjacency' })).toEqual(expected);
    expect(await pairs(text.replaceAll(' ', '  '))).toEqual(expected);
    expect(await pairs(` ${text}`)).toEqual(expected);
    for (const cut of [1, 2, 5]) {
      const { rows } = await readLog([inPieces('a.txt', text, cut)]);
      expect(plainRows(rows).map(([user, item]) => `${user} ${item}`)).toEqual(expected);
    }
  });

  it('may be parted by other marks', async () => {
    expect(await pairs('u 1,a b, c\nv,a\n', { layout: 'adjacency' })).toEqual(['u 1 a b', 'u 1 c', 'v a']);
    expect(await pairs('u:a:b\nv:c\n', { layout: 'adjacency', delimiter: ':' })).toEqual([
      'u a',
      'u b',
      'v c',
    ]);
    const ragged = ['0,5,7,9', '1', '2,5', '3,1,2,3,4', '4,5,5', '5,1,2,3,4,5'].join('\n');
    expect((await readText(ragged)).detected).toMatchObject({ layout: 'adjacency', delimiter: ',' });
    const { badRows, dropped } = await readText('u,a,,b\n,a\nv,c,\n', { layout: 'adjacency' });
    expect(badRows.map(({ line, reason }) => [line, reason])).toEqual([
      [1, 'empty item id'],
      [2, 'empty user id'],
    ]);
    expect(dropped).toEqual({ 'empty item id': 1, 'empty user id': 1 });
    await errorOf(() => readText('a::b\n', { layout: 'adjacency', delimiter: '::' }), 'CONFIG');
  });

  it('are not seen in lines of equal length, nor in a log with ragged rows', async () => {
    expect((await errorOf(() => readText('1 2 3\n4 5 6\n'), 'LOG_FORMAT')).remedy).toContain(
      '--layout adjacency',
    );
    expect(await pairs('1 2 3\n4 5 6\n', { layout: 'adjacency' })).toEqual(['1 2', '1 3', '4 5', '4 6']);
    const log = 'user,item,rating\nu1,i1,1\nu2,i2\nu3,i3,3,extra\nu4,,4\n,i5,5\n';
    expect((await readText(log)).detected.layout).toBe('log');
  });

  it('do not mix with logs that have more to say, and have names that are known', async () => {
    await errorOf(() => readText(text, { layout: 'list' as 'log' }), 'CONFIG');
    for (const empty of ['', '\n \n', '7\n8\n']) {
      await errorOf(() => readText(empty, { layout: 'adjacency' }), 'LOG_EMPTY');
    }
  });

  it('take several files as one', async () => {
    const { rows } = await readLog([inPieces('a', '0 1 2\n1 2\n', 99), inPieces('b', '2 1\n', 99)]);
    expect([rows.count, rows.userIds]).toEqual([4, ['0', '1', '2']]);
  });
});
