import { FoldinError } from '../errors.js';

const codes = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));

/** What a file may start with that is no log, and what to do about it. */
const FOREIGN: readonly { at?: number; magic: readonly number[]; what: string; remedy: string }[] = [
  { magic: [0xff, 0xfe], what: 'UTF-16 text', remedy: 'Save the file as UTF-8.' },
  { magic: [0xfe, 0xff], what: 'UTF-16 text', remedy: 'Save the file as UTF-8.' },
  { magic: [0x50, 0x4b, 3, 4], what: 'a zip or xlsx file', remedy: 'Unpack it, or export it as CSV.' },
  { magic: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old Excel file', remedy: 'Export it as CSV.' },
  { magic: codes('PARE'), what: 'an encrypted Parquet file', remedy: 'Write it without encryption.' },
  { magic: codes('ARROW1'), what: 'an Arrow file', remedy: 'Write it as Parquet or CSV.' },
  {
    magic: codes('SQLite format 3'),
    what: 'an SQLite database',
    remedy: 'Export the table, for instance with sqlite3 -header -csv FILE "select ..." | foldin train -',
  },
  {
    at: 8,
    magic: codes('DUCK'),
    what: 'a DuckDB database',
    remedy: 'Say --engine duckdb --sql "select user, item, time from ...".',
  },
  { at: 257, magic: codes('ustar'), what: 'a tar archive', remedy: 'Unpack it and give the files in it.' },
  { magic: [0x93, ...codes('NUMPY')], what: 'a NumPy array', remedy: 'Write it as CSV or Parquet.' },
  { magic: codes('BZh'), what: 'bzip2 data', remedy: 'Unpack it first, or use gzip or zstd.' },
  { magic: [0xfd, ...codes('7zXZ')], what: 'xz data', remedy: 'Unpack it first, or use gzip or zstd.' },
  { magic: codes('%PDF'), what: 'a PDF', remedy: 'Give the log as text.' },
  { magic: codes('<!DOCTYPE'), what: 'a web page', remedy: 'Download the file itself.' },
  { magic: codes('<html'), what: 'a web page', remedy: 'Download the file itself.' },
];

/** LOG_FORMAT when a file is, by its first bytes, of a kind that is not read. */
export function refuseForeign(name: string, head: Uint8Array): void {
  for (const { at = 0, magic, what, remedy } of FOREIGN) {
    if (magic.every((byte, p) => head[at + p] === byte)) {
      throw new FoldinError('LOG_FORMAT', `${name} holds ${what}, which is no log`, { remedy });
    }
  }
}
