import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowScanner } from '../../src/data/rows.js';
import { csv } from '../../src/data/sample.js';
import { errorOf } from './helpers.js';

const encoder = new TextEncoder();

/** [line, ...fields] a row; `cut` is the size of the chunks. */
function scan(text: string, delimiter = ',', cut = 1 << 20): (string | number)[][] {
  const rows: (string | number)[][] = [];
  const scanner = new RowScanner('log', delimiter, (row) => {
    rows.push([row.line, ...Array.from({ length: row.fields }, (_, f) => row.text(f, 'utf-8'))]);
  });
  const bytes = encoder.encode(text);
  for (let p = 0; p < bytes.length; p += cut) scanner.push(bytes.slice(p, p + cut));
  scanner.end();
  return rows;
}

describe('RowScanner', () => {
  it('cuts at each delimiter', () => {
    expect(scan('a\tb\nc\td\n', '\t')).toEqual([
      [1, 'a', 'b'],
      [2, 'c', 'd'],
    ]);
    expect(scan('1::L: x::5\n', '::')).toEqual([[1, '1', 'L: x', '5']]);
    expect(scan('a;b|c\n', ';')).toEqual([[1, 'a', 'b|c']]);
    expect(scan(',\n')).toEqual([[1, '', '']]);
  });

  it('takes CRLF, LF and a last line without newline', () => {
    expect(scan('a,b\r\nc,d\ne,f\r')).toEqual([
      [1, 'a', 'b'],
      [2, 'c', 'd'],
      [3, 'e', 'f'],
    ]);
  });

  it('follows RFC 4180 quotes and counts physical lines', () => {
    expect(scan('"a,b","say ""hi"""\n"two\nlines",x\nlast,y')).toEqual([
      [1, 'a,b', 'say "hi"'],
      [2, 'two\nlines', 'x'],
      [4, 'last', 'y'],
    ]);
    expect(scan('a"b,c\n')).toEqual([[1, 'a"b', 'c']]);
    expect(scan('"",x\n')).toEqual([[1, '', 'x']]);
  });

  it('knows no quotes in "::" files', () => {
    expect(scan('1::"Great Performances" Cats::3\n', '::')).toEqual([
      [1, '1', '"Great Performances" Cats', '3'],
    ]);
  });

  it('leaves out blank lines, also of spaces, but counts them', () => {
    expect(scan('\n\na,b\n\r\n   \nc,d')).toEqual([
      [3, 'a', 'b'],
      [6, 'c', 'd'],
    ]);
  });

  it('marks text after a closing quote', () => {
    const malformed: boolean[] = [];
    const scanner = new RowScanner('log', ',', (row) => malformed.push(row.malformed));
    scanner.push(encoder.encode('"a"b,c\n"a",c\r\n'));
    expect(malformed).toEqual([true, false]);
  });

  it('names the line of a quote that is never closed', async () => {
    const error = await errorOf(() => scan('a,b\n"c,d\ne,f\n'), 'LOG_FORMAT');
    expect(error.message).toContain('line 2');
    const endless = `a,b\n"${'x,y\n'.repeat(300_000)}`;
    const long = await errorOf(() => scan(endless, ',', 1 << 16), 'LOG_FORMAT');
    expect(long.message).toContain('line 2: the row is longer than 1 MiB');
  });

  it('reads back any text written as CSV, whatever the chunks', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é', '😀') });
    const rows = fc.array(fc.array(text, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 9 }), (written, cut) => {
        const read = scan(csv(['h1', 'h2'], written), ',', cut).slice(1);
        expect(read.map(([, ...fields]) => fields)).toEqual(written);
      }),
    );
  });
});
