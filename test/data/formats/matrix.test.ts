import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean } from '../../../src/data/clean.js';
import { readLog } from '../../../src/data/readLog.js';
import { errorOf, inPieces, pairsOf, plainRows, readText } from '../helpers.js';

const matrix = async (text: string, options = {}) => {
  const log = await readText(text, { layout: 'matrix', ...options });
  return { ...log, pairs: plainRows(log.rows).map(([user, item, value]) => `${user} ${item} ${value}`) };
};

describe('a table of users x items', () => {
  const named = ['u1 a 1', 'u1 c 2.5', 'u2 b 3'];

  it.each([
    ['a column of users', 'user,a,b,c\nu1,1,0,2.5\nu2,,3,0.0\nu3,0,0,\n', named],
    ['a first name left empty, as pandas does', ',a,b,c\nu1,1,0,2.5\nu2,,3,0.0\n', named],
    ['users that are no numbers', 'who;a;b;c\nu1;1;0;2.5\nu2;;3;0\n', named],
    ['items by number', 'user,10,20,30\n7,1,0,2.5\n9,0,3,0\n', ['7 10 1', '7 30 2.5', '9 20 3']],
    ['numbered users', 'id,a,b\n1,5,0\n2,0,4\n3,1,1\n', ['1 a 5', '2 b 4', '3 a 1', '3 b 1']],
    ['no users', 'a,b,c\n1,0,2.5\n0,3,0\n', ['0 a 1', '0 c 2.5', '1 b 3']],
    ['no header', 'u1,1,0,2.5\nu2,0,3,0\n', ['u1 0 1', 'u1 2 2.5', 'u2 1 3']],
    ['nothing but numbers', '1,0,2.5\n0,3,0\n', ['0 0 1', '0 2 2.5', '1 1 3']],
    [
      'large user numbers',
      '17850,0,2\n13047,3,0\n12583,1,1\n',
      ['17850 1 2', '13047 0 3', '12583 0 1', '12583 1 1'],
    ],
    ['ascending items', '1,2,3,4\n5,0,0,1\n0,0,2,0\n', ['0 1 5', '0 4 1', '1 3 2']],
    ['a mark at the end of lines', 'user,a,b,\nu1,1,0,\nu2,0,2,\n', ['u1 a 1', 'u2 b 2']],
  ])('with %s', async (_, text, pairs) => {
    expect((await matrix(text)).pairs).toEqual(pairs);
    const { rows } = await readLog([inPieces('m.csv', text, 3)], { layout: 'matrix' });
    expect(rows.count).toBe(pairs.length);
  });

  it('can be told who the users are, and whether there is a header', async () => {
    expect((await matrix('1,2\n5,0\n', { header: false })).pairs).toEqual(['0 0 1', '0 1 2', '1 0 5']);
    expect((await matrix('1,2\n5,0\n', { header: true })).pairs).toEqual(['0 1 5']);
    expect((await matrix('a,b,n\n1,2,x\n', { user: 'n' })).pairs).toEqual(['x a 1', 'x b 2']);
    expect((await matrix('user,b\n1,2\n', { user: false })).pairs).toEqual(['0 user 1', '0 b 2']);
    await errorOf(() => matrix('a,b\n1,2\n', { user: 'c' }), 'COLUMN_MISSING');
  });

  it('says what it found', async () => {
    const { detected, warnings, rows } = await matrix('user,a,b\nu1,1,0\nu2,0,0\n');
    expect(detected).toMatchObject({
      format: 'text',
      layout: 'matrix',
      delimiter: ',',
      header: true,
      columns: { user: 'user', item: 'column name', value: 'cells' },
    });
    expect(warnings.map(({ code }) => code)).toEqual(['USERS_WITHOUT_ITEMS']);
    expect([rows.userIds, rows.itemIds]).toEqual([
      ['u1', 'u2'],
      ['a', 'b'],
    ]);
    expect((await matrix('1,0\n0,1\n')).detected.columns).toEqual({
      user: 'row number from 0',
      item: 'column number from 0',
      value: 'cells',
    });
  });

  it('names bad cells by line and column, and nets what is below zero', async () => {
    const { pairs, badRows, rows } = await matrix(
      'user,a,b,c\nu1,1,x,NaN\nu2,1\nu3,-1,2,"3"\n,1,1,1\nu4,1e400,,1\n',
    );
    expect(pairs).toEqual(['u1 a 1', 'u3 a -1', 'u3 b 2', 'u3 c 3', 'u4 c 1']);
    expect(badRows.map(({ line, reason }) => [line, reason])).toEqual([
      [2, 'value is no plain number: column 3 ("b") is "x"'],
      [2, 'value is no plain number: column 4 ("c") is "NaN"'],
      [3, 'wrong number of fields: 2 instead of 4'],
      [5, 'empty user id'],
      [6, 'value is no plain number: column 2 ("a") is "1e400"'],
    ]);
    expect(pairsOf(clean(rows).interactions)).toEqual(['u1 a', 'u3 b', 'u3 c', 'u4 c']);
    expect((await errorOf(() => matrix('user,a,a\nu,1,1\n'), 'LOG_FORMAT')).message).toContain('column 3');
    expect((await errorOf(() => matrix('user,a,,b\nu,1,1,1\n'), 'LOG_FORMAT')).message).toContain(
      'column 3 has no name',
    );
  });

  it('is told from a log when it is wide and sparse', async () => {
    const items = Array.from({ length: 9 }, (_, n) => `item${n}`);
    const row = (user: number) =>
      [`u${user}`, ...items.map((_, n) => ((user + n) % 4 === 0 ? 1 : 0))].join(',');
    const text = `name,${items.join(',')}\n${Array.from({ length: 20 }, (_, user) => row(user)).join('\n')}\n`;
    expect((await readText(text)).detected.layout).toBe('matrix');
    const dense = text.replaceAll(',0', ',2');
    expect((await errorOf(() => readText(dense), 'COLUMN_MISSING')).remedy).toContain('--layout matrix');
  });

  it('numbers users on through several files', async () => {
    const files = [inPieces('a', '1,0\n0,1\n', 9), inPieces('b', '1,1\n', 9)];
    const { rows } = await readLog(files, { layout: 'matrix' });
    expect(rows.userIds).toEqual(['0', '1', '2']);
  });

  it('gives back any table', async () => {
    const cell = fc.constantFrom(0, 1, 2.5, 7);
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      );
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom('\n', '\r\n'), async (cells, end) => {
        fc.pre(cells.flat().some((value) => value > 0));
        const head = ['user', ...cells[0].map((_, n) => `"i ""${n}"""`)];
        const text = [head, ...cells.map((row, u) => [`u${u}`, ...row])]
          .map((row) => row.join(','))
          .join(end);
        const { pairs } = await matrix(text);
        const expected = cells.flatMap((row, u) =>
          row.flatMap((value, n) => (value > 0 ? [`u${u} i "${n}" ${value}`] : [])),
        );
        expect(pairs).toEqual(expected);
      }),
    );
  });
});
