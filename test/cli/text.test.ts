import { describe, expect, it } from 'vitest';
import { resumeCommand } from '../../src/cli/interrupted.js';
import { clip, cutToWidth, duration, table, widthOf } from '../../src/cli/table.js';

describe('tables that are wider than the terminal', () => {
  const rows = [
    ['', 'one', 'two', 'three'],
    ['name', '1', '22', '333'],
  ];

  it('become several with the first column each', () => {
    expect(cutToWidth(rows, Number.POSITIVE_INFINITY)).toEqual([rows]);
    const cut = cutToWidth(rows, 14);
    expect(cut).toEqual([
      [
        ['', 'one', 'two'],
        ['name', '1', '22'],
      ],
      [
        ['', 'three'],
        ['name', '333'],
      ],
    ]);
    for (const part of cut) {
      for (const line of table(part, 'lrr').split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(14);
    }
    // One that fits nowhere stands alone.
    expect(cutToWidth(rows, 3)).toHaveLength(3);
  });
});

describe('text of a terminal', () => {
  it('aligns columns by what they take, wide characters and marks included', () => {
    expect(widthOf('abc')).toBe(3);
    expect(widthOf('机器学习')).toBe(8);
    expect(widthOf('e\u0301')).toBe(1);
    expect(
      table(
        [
          ['a', '1'],
          ['机器', '20'],
        ],
        'lr',
      ),
    ).toBe('a      1\n机器  20');
  });

  it('cuts what is too long, and lets no control character through', () => {
    expect(clip('abcdef', 6)).toBe('abcdef');
    expect(clip('abcdefg', 6)).toBe('abc...');
    expect(clip('机器学习', 7)).toBe('机器...');
    expect(clip('a\x1b[31m\nb', 20)).toBe('a [31m b');
  });

  it.each([
    [900, '0.9 s'],
    [42_000, '42 s'],
    [245_000, '4 min 05 s'],
    [4_320_000, '1 h 12 min'],
  ])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.skipIf(process.platform === 'win32')('writes a command that a shell reads as it was typed', () => {
    const argv = ['train', "it's a log.csv", '--resume', 'old', '--out', 'm', '--resume=older'];
    expect(resumeCommand(argv, 'm.checkpoint')).toBe(
      "foldin train 'it'\\''s a log.csv' --out m --resume m.checkpoint",
    );
    const database = ['train', 'postgres://me:secret@h/shop', '--sql', 'select 1'];
    expect(resumeCommand(database, 'c')).toBe(
      "foldin train postgres://me@h/shop --sql 'select 1' --resume c",
    );
  });
});
