import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdTable } from '../../src/data/idTable.js';
import { parseDigits, parseNumber } from '../../src/data/numbers.js';
import { looksLikeTime, numericUnit, parseIso } from '../../src/data/time.js';

const encoder = new TextEncoder();
const digits = (text: string) => parseDigits(encoder.encode(text), 0, text.length);

describe('numbers', () => {
  it('takes plain finite numbers only', () => {
    expect(['5', '-2.5', '+1', '.5', '5.', '1e3', ' 7 '].map(parseNumber)).toEqual([
      5, -2.5, 1, 0.5, 5, 1000, 7,
    ]);
    const refused = [
      '',
      ' ',
      'NaN',
      'Infinity',
      '-inf',
      '1e400',
      '3,5',
      'N/A',
      '—',
      '0x10',
      '1_000',
      '1 2',
      '٣',
    ];
    expect(refused.map(parseNumber)).toEqual(refused.map(() => Number.NaN));
  });

  it('reads digits from bytes as Number does', () => {
    for (const text of ['0', '007', '3.5', '0.1', '123456789012345', '881250949', '5.', '.25', '99.999']) {
      expect(digits(text)).toBe(Number(text));
    }
    for (const text of ['', '.', '1.2.3', '-1', '1e3', '1234567890123456', '12a'])
      expect(digits(text)).toBeNaN();
  });
});

describe('times', () => {
  it('knows ISO 8601', () => {
    const sec = 1655983211;
    const same = [
      '2022-06-23T11:20:11Z',
      '2022-06-23T13:20:11+02:00',
      '2022-06-23 06:20:11-0500',
      '2022-06-23 11:20:11 UTC',
    ];
    expect(same.map(parseIso)).toEqual(same.map(() => ({ sec, zoneless: false })));
    expect(parseIso('2022-06-23 11:20:11')).toEqual({ sec, zoneless: true });
    expect(parseIso('2022-06-23T11:20Z')?.sec).toBe(sec - 11);
    expect(parseIso('2022-06-23T11:20:11.250Z')?.sec).toBe(sec + 0.25);
    expect(parseIso('2022-06-23')).toEqual({ sec: Date.UTC(2022, 5, 23) / 1000, zoneless: false });
  });

  it('refuses what is no date', () => {
    const refused = [
      '',
      '23-06-2022 11:20',
      '06/23/2022 11:20',
      '01:21.7',
      '2022-02-30',
      '2022-13-01',
      '2022-00-10',
      '2022-06-23T24:00Z',
      '2022-06-23T11:60Z',
      '2022-06-23T11:20+99:00',
    ];
    expect(refused.map(parseIso)).toEqual(refused.map(() => undefined));
  });

  it('tells the unit of a number by the years 1990 to 2100', () => {
    expect([1655983211, 1655983211000, 1655983211000000].map(numericUnit)).toEqual(['s', 'ms', 'us']);
    expect([0, 152, 631151999, 4133980800, 1e18, -1].map(numericUnit)).toEqual(Array(6).fill(undefined));
    expect(['881250949', '2015-06-09', '3', '1985-01-01', 'x'].map(looksLikeTime)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('IdTable', () => {
  it('numbers distinct byte strings in order of appearance and gives them back', () => {
    const table = new IdTable();
    const ids = Array.from({ length: 5000 }, (_, n) => `id-${n * 7919}-😀`);
    const intern = (id: string) => {
      const bytes = encoder.encode(`<${id}>`);
      return table.intern(bytes, 1, bytes.length - 1);
    };
    expect(ids.map(intern)).toEqual(ids.map((_, n) => n));
    expect(ids.map(intern)).toEqual(ids.map((_, n) => n));
    expect(table.decode()).toEqual(ids);
  });
});

it('IdTable tells ids of every length apart', () => {
  const id = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    // Of equal beginning and end, around the length that fits a key.
    fc.tuple(fc.integer({ min: 10, max: 20 }), fc.constantFrom(0, 1, 2)).map(([length, last]) => {
      const bytes = new Uint8Array(length).fill(7);
      bytes[length >> 1] = last;
      return bytes;
    }),
    // Zeros at the end are part of an id.
    fc.integer({ min: 1, max: 18 }).map((length) => new Uint8Array(length)),
  );
  fc.assert(
    fc.property(fc.array(id, { maxLength: 60 }), (ids) => {
      const table = new IdTable();
      const numbers = new Map<string, number>();
      for (const bytes of ids) {
        const padded = Uint8Array.of(9, ...bytes, 9);
        const key = bytes.join(' ');
        if (!numbers.has(key)) numbers.set(key, numbers.size);
        expect(table.intern(padded, 1, 1 + bytes.length)).toBe(numbers.get(key));
      }
      expect(table.size).toBe(numbers.size);
    }),
  );
});
