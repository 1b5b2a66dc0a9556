import { describe, expect, it } from 'vitest';
import { readLog } from '../../src/data/readLog.js';
import { memorySource } from '../../src/data/source.js';
import { errorOf, plainRows, readText } from './helpers.js';

describe('detection', () => {
  const layouts: [string, string, object][] = [
    [
      'header by names',
      'userId,movieId,rating,timestamp\n1,2,3,881250949\n',
      { user: 'userId', item: 'movieId', value: 'rating', time: 'timestamp' },
    ],
    [
      'names in any case and order',
      'Sku;QTY;Customer ID\na;1;b\n',
      { user: 'Customer ID', item: 'Sku', value: 'QTY' },
    ],
    [
      'typed names',
      'user_id:token\titem_id:token\trating:float\n1\t2\t3\n',
      { user: 'user_id:token', item: 'item_id:token', value: 'rating:float' },
    ],
    [
      'typed names that are not known',
      'who:token\tlist:token_seq\tscore:float\twhat:token\n1\t2 3\t3\t4\n',
      { user: 'who:token', item: 'what:token', value: 'score:float' },
    ],
    ['u.data', '196\t242\t3\t881250949\n186\t302\t3\t891717742\n', { user: 1, item: 2, value: 3, time: 4 }],
    ['double colon', '1::1193::5::978300760\n', { user: 1, item: 2, value: 3, time: 4 }],
    ['third column a time', 'a|b|1655983211000\nc|d|1655983211000\n', { user: 1, item: 2, time: 3 }],
    ['third column an ISO time', 'a,b,2015-06-09T19:39:37Z\n', { user: 1, item: 2, time: 3 }],
    ['third column a value', 'a,b,3\nc,d,2.5\n', { user: 1, item: 2, value: 3 }],
    ['delimiter that cuts all rows alike', 'u1;a, b, c, d;3\nu2;x;4\n', { user: 1, item: 2, value: 3 }],
    ['two columns', 'u1,i1\nu2,i2\n', { user: 1, item: 2 }],
  ];
  it.each(layouts)('%s', async (_, text, columns) => {
    expect((await readText(text)).detected.columns).toEqual(columns);
  });

  it('ignores a fourth column that is no time, and says so', async () => {
    const { detected, rows } = await readText('1\t1193\t5\t2\n1\t661\t3\t0\n');
    expect(detected).toEqual({
      format: 'text',
      layout: 'log',
      delimiter: '\t',
      header: false,
      columns: { user: 1, item: 2, value: 3 },
      ignored: [4],
      encoding: 'utf-8',
    });
    expect(plainRows(rows)).toEqual([
      ['1', '1193', 5, undefined],
      ['1', '661', 3, undefined],
    ]);
  });

  it('takes a first line without numbers above numbers for a header', async () => {
    const error = await errorOf(() => readText('who,what,much\nu1,i1,3\nu2,i1,4\n'), 'COLUMN_MISSING');
    expect(error.message).toContain('"who", "what", "much"');
    expect(error.remedy).toContain('--user COLUMN --item COLUMN');
    const { rows, detected } = await readText('who,what,much\nu1,i1,3\nu2,i1,4\n', {
      user: 'who',
      item: 2,
      value: 'much',
    });
    expect(detected.columns).toEqual({ user: 'who', item: 'what', value: 'much' });
    expect(rows.count).toBe(2);
  });

  it('takes no first row with a mixed id for a header', async () => {
    const { rows, detected } = await readText('17850,85123A,6\n17850,71053,6\n17850,71054,6\n');
    expect(detected.header).toBe(false);
    expect(rows.count).toBe(3);
  });

  it('can be overruled', async () => {
    const text = 'user,item,rating,timestamp\ni1,u1,1,881250949\n';
    const { rows } = await readText(text, { user: 'item', item: '1', value: false, time: false });
    expect(plainRows(rows)).toEqual([['u1', 'i1', undefined, undefined]]);
    expect(plainRows((await readText('a b 1\n', { delimiter: ' ' })).rows)).toEqual([
      ['a', 'b', 1, undefined],
    ]);
    expect((await readText('a\tb\n', { delimiter: 'tab' })).rows.count).toBe(1);
  });

  it('names what it cannot find', async () => {
    const absent = await errorOf(() => readText('user,item\na,b\n', { user: 'who' }), 'COLUMN_MISSING');
    expect(absent.message).toContain('"who"');
    expect(absent.message).toContain('"user", "item"');
    expect(absent.remedy).toContain('--user');
    await errorOf(() => readText('a,b\nc,d\n', { value: 3 }), 'COLUMN_MISSING');
    await errorOf(() => readText('user,item\na,b\n', { user: 1, item: 1 }), 'CONFIG');
    await errorOf(() => readText('a,b\n', { delimiter: ',,' }), 'CONFIG');
    await errorOf(() => readText('a,b\n', { encoding: 'utf-16' as 'utf-8' }), 'CONFIG');
    await errorOf(() => readText('a,b\n', { maxBadRows: 2 }), 'CONFIG');
    expect((await errorOf(() => readText('one two\nthree four\n'), 'LOG_FORMAT')).remedy).toContain(
      '--delimiter',
    );
  });
});

describe('rows', () => {
  it('keeps ids exactly', async () => {
    const ids = [
      '007',
      '7',
      '7.0',
      '9007199254740993',
      '__proto__',
      '😀',
      ' padded ',
      'Ä',
      '\uFEFFbom',
      'a\u0000b',
    ];
    const text = `user,item\n${ids.map((id) => `${id},x`).join('\n')}\n`;
    expect((await readText(text)).rows.userIds).toEqual(ids);
  });

  it('never mixes user and item ids', async () => {
    const { rows } = await readText('user,item\na,b\nb,a\n');
    expect([rows.userIds, rows.itemIds]).toEqual([
      ['a', 'b'],
      ['b', 'a'],
    ]);
  });

  it('leaves out a byte order mark, CR and quotes', async () => {
    const { rows, detected } = await readText('\uFEFF"user","item","rating"\r\n"u,1","i ""2""",3\r\n');
    expect(detected.columns).toEqual({ user: 'user', item: 'item', value: 'rating' });
    expect(plainRows(rows)).toEqual([['u,1', 'i "2"', 3, undefined]]);
  });

  it('counts and names the rows it leaves out', async () => {
    const text = [
      'user,item,rating',
      'u1,i1,1',
      'u2,i2',
      'u3,i3,3,extra',
      'u4,,4',
      ',i5,5',
      'u6,"i\n6",N/A',
      'u7,"i"7,1',
      'user,item,rating',
      '',
    ].join('\n');
    const log = await readText(text);
    expect(log.rows.count).toBe(1);
    expect(log.read).toBe(9);
    expect(log.dropped).toEqual({
      'wrong number of fields': 2,
      'empty item id': 1,
      'empty user id': 1,
      'value is no plain number': 2,
      'text after a closing quote': 1,
      'the header once more': 1,
    });
    expect(log.badRows.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7, 9, 10]);
    expect(log.badRows[4].reason).toBe('value is no plain number: column 3 is "N/A" (lines 7 to 8)');
    expect(log.warnings).toEqual([
      { code: 'BAD_ROWS', message: '6 of 9 rows are unusable and were left out' },
      { code: 'NO_USER', message: '1 rows (11.1%) name no user and were left out' },
      { code: 'NO_ITEM', message: '1 rows (11.1%) name no item and were left out' },
    ]);
  });

  it('stops beyond the bad rows allowed: ten, or the share', async () => {
    const text = (good: number, bad: number) =>
      `user,item,rating\n${'u,i,1\n'.repeat(good)}${'u,i,x\n'.repeat(bad)}`;
    expect((await readText(text(1, 10))).badRows.length).toBe(10);
    const error = await errorOf(() => readText(text(1, 11)), 'LOG_FORMAT');
    expect(error.message).toContain('11 of 12 rows are unusable, 10 may be; the first is log.csv, line 3');
    expect((await readText(text(1980, 20))).rows.count).toBe(1980);
    await errorOf(() => readText(text(1979, 21)), 'LOG_FORMAT');
    expect((await readText(text(8, 12), { maxBadRows: 0.6 })).rows.count).toBe(8);
    await errorOf(() => readText(text(9, 1), { maxBadRows: 0 }), 'LOG_FORMAT');
  });

  it('does not count rows without a user or an item as bad, whatever their number', async () => {
    const text = `user,item,rating\nu,i,1\n${',i,1\n'.repeat(500)}${'u,,1\n'.repeat(300)}`;
    const log = await readText(text, { maxBadRows: 0 });
    expect(log.rows.count).toBe(1);
    expect(log.dropped).toEqual({ 'empty user id': 500, 'empty item id': 300 });
    expect(log.warnings.map(({ code }) => code)).toEqual(['NO_USER', 'NO_ITEM']);
    const error = await errorOf(() => readText(`${text}${'u,i,x\n'.repeat(11)}`), 'LOG_FORMAT');
    expect(error.message).toContain('11 of 812 rows are unusable, 10 may be; the first is log.csv, line 803');
    await errorOf(() => readText(text, { strict: true }), 'LOG_FORMAT');
    await errorOf(() => readText(`user,item\n${',i\n'.repeat(20)}`), 'LOG_EMPTY');
  });

  it('stops at the first bad row when strict', async () => {
    const error = await errorOf(
      () => readText('user,item,rating\nu,i,1\nu,i,NaN\n', { strict: true }),
      'LOG_FORMAT',
    );
    expect(error.message).toContain('log.csv, line 3: value is no plain number: column 3 is "NaN"');
  });

  it('refuses an empty log', async () => {
    for (const text of ['', '\n\n', 'user,item,rating\n']) await errorOf(() => readText(text), 'LOG_EMPTY');
    await errorOf(() => readLog([]), 'LOG_EMPTY');
    const error = await errorOf(() => readText('user,item,rating\nu,i,x\n'), 'LOG_EMPTY');
    expect(error.details.dropped).toEqual({ 'value is no plain number': 1 });
  });

  it('refuses bytes that are not UTF-8, and reads latin1', async () => {
    const bytes = new Uint8Array([
      ...new TextEncoder().encode('user,item\nu1,a\nu1,L'),
      0xe9,
      0x6f,
      0x6e,
      0x0a,
    ]);
    const error = await errorOf(() => readText(bytes), 'LOG_FORMAT');
    expect(error.message).toContain('line 3');
    expect(error.remedy).toContain('--encoding latin1');
    expect((await readText(bytes, { encoding: 'latin1' })).rows.itemIds).toEqual(['a', 'Léon']);
  });

  it('refuses what is no text', async () => {
    const files = [
      [0xff, 0xfe, 0x61, 0],
      [0x50, 0x4b, 3, 4],
      [0x50, 0x41, 0x52, 0x31],
      [0x28, 0xb5, 0x2f, 0xfd],
    ];
    for (const bytes of files) await errorOf(() => readText(new Uint8Array(bytes)), 'LOG_FORMAT');
  });

  it('stops when asked to', async () => {
    await errorOf(() => readText('user,item\na,b\n', { signal: AbortSignal.abort() }), 'ABORTED');
  });
});

describe('times', () => {
  const times = (...column: string[]) =>
    `user,item,time\n${column.map((time, n) => `u,i${n},${time}\n`).join('')}`;
  const sec = 1655983211;

  it.each([
    ['s', `${sec}`, `${sec + 60}`],
    ['ms', `${sec}000`, `${sec + 60}000`],
    ['us', `${sec}000000`, `${sec + 60}000000`],
    ['iso8601', '2022-06-23T11:20:11Z', '2022-06-23T13:21:11+02:00'],
  ])('reads %s', async (unit, a, b) => {
    const { rows, detected } = await readText(times(a, b));
    expect(detected.timeUnit).toBe(unit);
    expect([...rows.timeSec!]).toEqual([sec, sec + 60]);
    expect(rows.timeIsOrder).toBe(false);
  });

  it('names two lines that mix units', async () => {
    const error = await errorOf(() => readText(times(`${sec}`, `${sec}`, `${sec}000`)), 'LOG_FORMAT');
    expect(error.details.lines).toEqual([2, 4]);
    expect(error.message).toMatch(/line 2.*line 4/);
  });

  it('leaves out other years and what is no time', async () => {
    const log = await readText(times(`${sec}`, '152', '01:21.7', '1985-01-01', '', `${sec + 1}`), {
      time: 'time',
    });
    expect(plainRows(log.rows).map((row) => row[1])).toEqual(['i0', 'i5']);
    expect([...log.rows.timeSec!]).toEqual([sec, sec + 1]);
    expect(log.dropped).toEqual({ 'time outside 1990-2100': 2, 'time is neither a number nor ISO 8601': 2 });
  });

  it('says that it took times without a zone as UTC', async () => {
    const { rows, warnings } = await readText(times('2022-06-23 11:20:11'));
    expect(rows.timeSec![0]).toBe(sec);
    expect(warnings.map(({ code }) => code)).toEqual(['TIME_ZONE_ASSUMED']);
  });

  it('takes small whole numbers as an order', async () => {
    const { rows, detected, warnings } = await readText(times('3', '1', '200'));
    expect(detected.timeUnit).toBe('order');
    expect(rows.timeIsOrder).toBe(true);
    expect([...rows.timeSec!]).toEqual([3, 1, 200]);
    expect(warnings.map(({ code }) => code)).toEqual(['TIME_IS_ORDER']);
    await errorOf(() => readText(times('-3', '1')), 'LOG_EMPTY');
  });
});

describe('several files', () => {
  const read = (...texts: string[]) => readLog(texts.map((text, n) => memorySource(`${n}.csv`, text)));

  it('reads them as one, with a header each or in the first only', async () => {
    for (const second of ['item,user\ni9,u9\n', 'u9,i9\n', 'user,item\nu9,i9\n']) {
      const { rows } = await read('user,item\nu1,i1\n', '', second);
      expect(plainRows(rows).map((row) => row.slice(0, 2))).toEqual([
        ['u1', 'i1'],
        ['u9', 'i9'],
      ]);
    }
  });

  it('names the file of a bad row', async () => {
    const { badRows } = await read('user,item\nu1,i1\n', 'user,item\nu2\n');
    expect(badRows).toEqual([{ file: '1.csv', line: 2, reason: 'wrong number of fields: 1 instead of 2' }]);
  });

  it('refuses files of different kinds', async () => {
    await errorOf(() => read('user,item\nu1,i1\n', 'user,item,rating\nu1,i1,1\n'), 'LOG_FORMAT');
  });
});
