import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExact } from '../../../src/data/formats/json.js';
import { readLog } from '../../../src/data/readLog.js';
import { errorOf, inPieces, plainRows, readText } from '../helpers.js';

const rowsOf = async (text: string, options = {}) => plainRows((await readText(text, options)).rows);

describe('JSON lines', () => {
  it('reads flat records by the names of their members', async () => {
    const { rows, detected } = await readText(
      '{"userId":"007","movie":17,"rating":4.5,"ts":1655983211,"x":{"y":1}}\n\n{"movie":"a","userId":7,"rating":"3","ts":1655983212}\r\n',
    );
    expect(plainRows(rows)).toEqual([
      ['007', '17', 4.5, 1655983211],
      ['7', 'a', 3, 1655983212],
    ]);
    expect(detected).toEqual({
      format: 'json',
      layout: 'log',
      encoding: 'utf-8',
      columns: { user: 'userId', item: 'movie', value: 'rating', time: 'ts' },
      ignored: ['x.y'],
      timeUnit: 's',
    });
    expect(rows.valueKind).toBe('rating');
  });

  it('makes a row of each nested event', async () => {
    const text =
      '{"session":0,"events":[{"aid":5,"ts":1659304800025,"type":"clicks"},{"aid":6,"ts":1659304904511,"type":"carts"}]}\n' +
      '{"session":1,"events":[]}\n{"session":2,"events":[{"aid":5,"ts":1659304800026,"type":"orders"}]}\n';
    const { rows, detected, warnings, read } = await readText(text);
    expect(detected.columns).toEqual({ user: 'session', item: 'events.aid', time: 'events.ts' });
    expect(detected.ignored).toEqual(['events.type']);
    expect(plainRows(rows)).toEqual([
      ['0', '5', undefined, 1659304800.025],
      ['0', '6', undefined, 1659304904.511],
      ['2', '5', undefined, 1659304800.026],
    ]);
    expect(read).toBe(3);
    expect(warnings.map(({ code }) => code)).toEqual(['USERS_WITHOUT_ITEMS']);
    for (const item of ['events.type', 'events[].type', 'events[*].type']) {
      expect((await rowsOf(text, { item })).map((row) => row[1])).toEqual(['clicks', 'carts', 'orders']);
    }
  });

  it('goes through lists within lists, and through lists side by side', async () => {
    const orders = {
      who: { id: 'u' },
      orders: [
        { at: '2022-01-01', lines: [{ sku: 1 }, { sku: 2 }] },
        { at: '2022-01-02', lines: [{ sku: 3 }] },
      ],
    };
    expect(await rowsOf(JSON.stringify(orders), { user: 'who.id', time: 'orders.at' })).toEqual([
      ['u', '1', undefined, 1640995200],
      ['u', '2', undefined, 1640995200],
      ['u', '3', undefined, 1641081600],
    ]);
    const beside = '{"user":1,"items":[5,6],"ratings":[1,2]}\n{"user":2,"items":[5],"ratings":[1,2]}\n';
    const log = await readText(beside);
    expect(log.detected.columns).toEqual({ user: 'user', item: 'items', value: 'ratings' });
    expect(plainRows(log.rows).map((row) => row.slice(0, 3))).toEqual([
      ['1', '5', 1],
      ['1', '6', 2],
    ]);
    expect(log.badRows).toEqual([{ file: 'log.csv', line: 2, reason: 'lists of 1 and of 2 side by side' }]);
  });

  it('reads lines that are lists by place', async () => {
    const { rows, detected } = await readText('["u1","i1",4.5]\n["u2","i2",3]\n');
    expect(detected.columns).toEqual({ user: 1, item: 2, value: 3 });
    expect(plainRows(rows).map((row) => row.slice(0, 3))).toEqual([
      ['u1', 'i1', 4.5],
      ['u2', 'i2', 3],
    ]);
  });

  it('reads one array and pretty-printed objects, with their lines', async () => {
    const records = [{ user: 'a', item: 'x"]}' }, { user: 'b', item: 'y' }, { user: 'c' }];
    for (const text of [
      JSON.stringify(records),
      JSON.stringify(records, null, 2),
      records.map((record) => JSON.stringify(record, null, 1)).join('\n'),
      `[\n${records.map((record) => JSON.stringify(record)).join(',\n')}\n]\n`,
    ]) {
      const { rows, badRows } = await readText(text);
      expect(plainRows(rows).map((row) => row.slice(0, 2))).toEqual([
        ['a', 'x"]}'],
        ['b', 'y'],
      ]);
      expect(badRows[0].reason).toBe('empty item id');
      const line = text
        .slice(0, text.indexOf('{"user": "c"') < 0 ? text.lastIndexOf('{') : undefined)
        .split('\n').length;
      expect(badRows[0].line).toBe(line);
    }
    expect(
      (await errorOf(() => readText('[\n {"user":1,"item":2},\n {"user":'), 'LOG_FORMAT')).message,
    ).toContain('line 3');
  });

  it('names what is wrong with a line, and goes on', async () => {
    const lines = [
      '{"user":1,"item":2}',
      '{"user":1,"item"',
      '{"user":null,"item":2}',
      '{"user":1,"item":{"a":1}}',
      '{"user":true,"item":1}',
      '5',
      '{"user":"\\ud800","item":1}',
      '{"user":1,"item":3}',
    ];
    const { rows, badRows } = await readText(lines.join('\n'));
    expect(rows.count).toBe(2);
    expect(badRows.map(({ line, reason }) => `${line} ${reason.split(':')[0]}`)).toEqual([
      '2 no JSON',
      '3 empty user id',
      '4 item id is no text and no number',
      '5 user id is no text and no number',
      '6 no JSON object',
      '7 user id is no well-formed Unicode',
    ]);
  });

  it('says what it cannot find, and takes paths that are given', async () => {
    const text = '{"a":{"b.c":1},"d":[{"e":2}]}\n';
    const error = await errorOf(() => readText(text), 'COLUMN_MISSING');
    expect(error.message).toContain('"a.b.c", "d.e"');
    expect(error.remedy).toContain('--user COLUMN --item COLUMN');
    expect(await rowsOf(text, { user: 'a.b.c', item: 'd[].e' })).toEqual([['1', '2', undefined, undefined]]);
    await errorOf(() => readText(text, { user: 'a.b', item: 'd.e' }), 'COLUMN_MISSING');
    await errorOf(() => readText(text, { layout: 'matrix' }), 'CONFIG');
  });

  it('refuses ids that are not UTF-8, and reads latin1', async () => {
    const bytes = Uint8Array.from('{"user":"L\xe9on","item":1}\n', (c) => c.charCodeAt(0));
    expect((await errorOf(() => readText(bytes), 'LOG_FORMAT')).remedy).toContain('latin1');
    expect((await readText(bytes, { encoding: 'latin1' })).rows.userIds).toEqual(['Léon']);
  });
});

it('keeps numbers as they are written', async () => {
  expect(parseExact('{"a":9007199254740993,"b":[7.0,1e5,-0,7],"c":"x 9007199254740993.5 \\" 1.0"}')).toEqual({
    a: '9007199254740993',
    b: ['7.0', '1e5', '-0', '7'],
    c: 'x 9007199254740993.5 " 1.0',
  });
  for (const text of ['{"a":0071234567890123456}', '{"a":1.}', '{"a":"1.5}', '{"a":1.5"b"}', '{"a":.5}']) {
    expect(() => parseExact(text), text).toThrow(SyntaxError);
  }
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const asText = (x: unknown): unknown =>
        typeof x === 'number'
          ? String(Object.is(x, -0) ? 0 : x)
          : Array.isArray(x)
            ? x.map(asText)
            : typeof x === 'object' && x !== null
              ? Object.fromEntries(Object.entries(x).map(([key, member]) => [key, asText(member)]))
              : x;
      expect(asText(parseExact(JSON.stringify(value)))).toEqual(asText(value));
    }),
  );
});

it('reads the same whatever the pieces', async () => {
  const text = `${JSON.stringify({ user: 'é😀', items: ['"{', 'b\n'] })}\n${JSON.stringify({ user: 'v', items: ['x'] })}`;
  const pretty = `[${text.replace('\n', ',\n')}]`;
  for (const whole of [text, pretty]) {
    const expected = await rowsOf(whole);
    expect(expected).toHaveLength(3);
    for (const cut of [1, 2, 3, 7]) {
      expect(plainRows((await readLog([inPieces('log.json', whole, cut)])).rows)).toEqual(expected);
    }
  }
});
