import { describe, expect, it } from 'vitest';
import { clean } from '../../src/data/clean.js';
import { formatBytes, formatReport } from '../../src/data/formatReport.js';
import { dataReport, planMlp } from '../../src/data/report.js';
import { readText } from './helpers.js';

const text = [
  'user,item,quantity,time,shop',
  'u1,i1,2,2022-06-23 11:20:11,s',
  'u1,i1,1,2022-06-23 11:20:11,s',
  'u1,i2,1,2022-06-24 11:20:11,s',
  'u2,i1,1,2022-06-25 11:20:11,s',
  'u2,i3,-1,2022-06-26 11:20:11,s',
  'u2,i3,,2022-06-26 11:20:11,s',
  '',
].join('\n');

describe('dataReport', () => {
  it('counts as the contract says', async () => {
    const log = await readText(text);
    const report = dataReport(log, clean(log.rows));
    expect(report).toEqual({
      detected: {
        format: 'text',
        layout: 'log',
        delimiter: ',',
        header: true,
        columns: { user: 'user', item: 'item', value: 'quantity', time: 'time' },
        ignored: ['shop'],
        encoding: 'utf-8',
        timeUnit: 'iso8601',
      },
      rows: { read: 6, kept: 5, dropped: { 'value is no plain number': 1 } },
      badRows: [{ file: 'log.csv', line: 7, reason: 'value is no plain number: column 3 is ""' }],
      duplicates: 1,
      duplicatePolicy: 'sum',
      returns: 1,
      pairs: { merged: 4, dropped: { notPositive: 1, belowMinValue: 0, tooFew: 0 } },
      users: 2,
      items: 2,
      interactions: 3,
      density: 3 / 4,
      time: {
        from: '2022-06-23T11:20:11.000Z',
        to: '2022-06-26T11:20:11.000Z',
        unit: 'iso8601',
        tiedShare: 2 / 5,
      },
      historyLength: { min: 1, p10: 1, median: 2, p90: 2, p99: 2, max: 2, mean: 1.5 },
      popularity: [0.01, 0.05, 0.1, 0.2, 0.5].map((items) => ({ items, interactions: 2 / 3 })),
      warnings: [
        { code: 'BAD_ROWS', message: '1 of 6 rows are unusable and were left out' },
        { code: 'TIME_ZONE_ASSUMED', message: 'times without a zone were taken as UTC' },
        {
          code: 'TIED_TIMES',
          message: '40.0% of the rows share user and second with another: their order is not known',
        },
      ],
      plan: planMlp({ users: 2, items: 2, interactions: 3 }),
    });
  });

  it('has no time without a time column, and numbers for an order', async () => {
    const none = await readText('user,item\na,b\n');
    expect(dataReport(none, clean(none.rows)).time).toBeNull();
    const order = await readText('user,item,time\na,b,3\na,c,3\na,d,7\n');
    expect(dataReport(order, clean(order.rows)).time).toEqual({
      from: 3,
      to: 7,
      unit: 'order',
      tiedShare: 2 / 3,
    });
  });

  it('suspects users with far longer histories than the others', async () => {
    const people = Array.from({ length: 200 }, (_, u) => `u${u},i${u % 7}\n`).join('');
    const bot = Array.from({ length: 201 }, (_, i) => `robot,i${i}\n`).join('');
    const log = await readText(`user,item\n${people}${bot}`);
    const { warnings } = dataReport(log, clean(log.rows));
    expect(warnings).toEqual([
      { code: 'BOTS', message: '1 users have more than 200 items each, perhaps bots: robot' },
    ]);
  });

  it('takes the plan of the model to be trained', async () => {
    const log = await readText('user,item\na,b\n');
    const plan = dataReport(log, clean(log.rows), ({ items }) => ({
      model: 'ease',
      bytes: 4 * items ** 2,
    })).plan;
    expect(plan).toEqual({ model: 'ease', bytes: 4 });
  });
});

it('planMlp adds up parameters, batch and histories', () => {
  // 10 -> 3 -> 10: 33 + 40 parameters, four times; (10 + 3 + 10) x 2 examples, twice; 7 + 5 + 1.
  const plan = planMlp({ users: 5, items: 10, interactions: 7 }, { hidden: [3], batch: 2 });
  expect(plan).toEqual({ model: 'mlp', bytes: 4 * (4 * 73 + 2 * 46 + 13) });
});

it('formatReport is one aligned line a fact', async () => {
  const log = await readText(text);
  expect(formatReport(dataReport(log, clean(log.rows)))).toBe(`\
format       ",", header, utf-8
columns      user=user item=item value=quantity time=time
ignored      shop
rows         6 read, 5 kept
dropped      value is no plain number 1
duplicates   1 rows (sum)
returns      1 rows below zero, netted by pair
left out     pairs: not above zero 1
users        2
items        2
interactions 3 (density 75.0%)
history      median 2, mean 1.5, 90% up to 2, 1 to 2 items a user
popularity   top 1% 67%, top 5% 67%, top 10% 67%, top 20% 67%, top 50% 67%
time         2022-06-23T11:20:11.000Z to 2022-06-26T11:20:11.000Z (iso8601), 40% tied
memory       290.2 KiB to train mlp
bad row      log.csv:7 value is no plain number: column 3 is ""
warning      1 of 6 rows are unusable and were left out [BAD_ROWS]
warning      times without a zone were taken as UTC [TIME_ZONE_ASSUMED]
warning      40.0% of the rows share user and second with another: their order is not known [TIED_TIMES]
`);
});

it('formatBytes', () => {
  expect([0, 1023, 1024, 1.5 * 2 ** 20, 3 * 2 ** 30].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 MiB',
    '3.0 GiB',
  ]);
});
