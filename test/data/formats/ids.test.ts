import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { type ReadLogOptions, readLog } from '../../../src/data/readLog.js';
import { csv } from '../../../src/data/sample.js';
import { inPieces, plainRows } from '../helpers.js';

const AWKWARD = [
  '007',
  '7',
  '7.0',
  '9007199254740993',
  '9007199254740992',
  '-0',
  '1e5',
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '😀',
  '👩‍👩‍👧',
  // The same to the eye, NFC and NFD: two ids.
  'é',
  'e\u0301',
  '\ufeffmarked',
  ' padded ',
  'İstanbul',
  '\u0000',
];
const text = (usable: (text: string) => boolean) =>
  fc
    .oneof(fc.constantFrom(...AWKWARD), fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }))
    .filter((id) => !/[\ud800-\udfff]/u.test(id) && usable(id));
const pairsOf = (usable: (text: string) => boolean) =>
  fc.array(fc.tuple(text(usable), text(usable)), { minLength: 2, maxLength: 30 });
const anything = () => true;
const oneLine = (id: string) => !/[\r\n]/.test(id) && id.trim() !== '';

type Pairs = [string, string][];
interface Format {
  readonly name: string;
  readonly usable?: (id: string) => boolean;
  readonly options?: ReadLogOptions;
  write(pairs: Pairs): string | Uint8Array;
}

const records = (pairs: Pairs) => pairs.map(([user, item]) => ({ user, item }));
const parquet = (pairs: Pairs) =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: (['user', 'item'] as const).map((name, column) => ({
        name,
        data: pairs.map((pair) => pair[column]),
        type: 'STRING',
      })),
    }),
  );
const plain = (separator: string) => (pairs: Pairs) =>
  ['user', ...pairs.map(([user]) => user)]
    .map((user, n) => `${user}${separator}${n === 0 ? 'item' : pairs[n - 1][1]}`)
    .join('\n');

const FORMATS: Format[] = [
  { name: 'CSV', write: (pairs) => csv(['user', 'item'], pairs) },
  {
    name: 'CSV with CRLF',
    write: (pairs) => csv(['user', 'item'], pairs).replace(/(?<=^[^"]*("[^"]*"[^"]*)*)\n/g, '\r\n'),
  },
  { name: 'gzip', write: (pairs) => gzipSync(csv(['user', 'item'], pairs)) },
  {
    name: '"::"',
    usable: (id) => oneLine(id) && !id.includes(':'),
    options: { delimiter: '::' },
    write: plain('::'),
  },
  {
    name: '.inter',
    usable: (id) => oneLine(id) && !/[\t"]/.test(id),
    write: (pairs) => plain('\t')(pairs).replace('user\titem', 'user_id:token\titem_id:token'),
  },
  {
    name: 'JSON lines',
    write: (pairs) =>
      records(pairs)
        .map((record) => JSON.stringify(record))
        .join('\n'),
  },
  { name: 'a JSON array', write: (pairs) => JSON.stringify(records(pairs), null, 1) },
  {
    name: 'nested JSON',
    options: { item: 'events.id' },
    write: (pairs) =>
      pairs.map(([user, item]) => JSON.stringify({ user, events: [{ id: item }] })).join('\n'),
  },
  { name: 'Parquet', write: parquet },
  {
    name: 'adjacency lists',
    usable: (id) => !/[\s]/.test(id),
    options: { layout: 'adjacency', delimiter: ' ' },
    write: (pairs) => pairs.map((pair) => pair.join(' ')).join('\n'),
  },
];

describe('ids come through exactly', () => {
  it.each(FORMATS)('$name', async ({ usable = anything, options, write }) => {
    await fc.assert(
      fc.asyncProperty(pairsOf(usable), fc.integer({ min: 1, max: 400 }), async (pairs, cut) => {
        const { rows } = await readLog([inPieces('log', write(pairs), cut)], { ...options, strict: true });
        expect(plainRows(rows).map((row) => row.slice(0, 2))).toEqual(pairs);
      }),
      { numRuns: 60 },
    );
  });

  it('a table of users x items', async () => {
    const distinct = fc.uniqueArray(text(anything), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(distinct, distinct, async (users, items) => {
        const table = csv(
          ['user', ...items],
          users.map((user) => [user, ...items.map(() => '1')]),
        );
        const { rows } = await readLog([inPieces('log', table, 99)], {
          layout: 'matrix',
          header: true,
          user: 1,
          delimiter: ',',
        });
        expect([rows.userIds, rows.itemIds]).toEqual([users, items]);
      }),
      { numRuns: 60 },
    );
  });
});
