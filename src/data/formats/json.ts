import { FoldinError } from '../../errors.js';
import type { LogBuilder } from '../logBuilder.js';
import { decode, type Encoding, isUtf8 } from '../text.js';
import { JsonDocument } from './jsonDocument.js';
import { LineReader } from './lines.js';
import { type Paths, RowsOfRecord } from './paths.js';
import type { Reader } from './reader.js';

const RISKY = /\d{16}|\d[.eE]|-0/;
const TOKEN = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * JSON.parse, but numbers that a double may not give back as they were written come as text, digit by digit:
 * 9007199254740993 and 7.0 are ids, too. SyntaxError when it is no JSON.
 */
export function parseExact(text: string): unknown {
  if (!RISKY.test(text)) return JSON.parse(text);
  return JSON.parse(text.replace(TOKEN, (token) => (token[0] === '"' ? token : `"${token}"`)));
}

/** How the records of a JSON text are parted: a line each, or in one array or one after the other. */
export type JsonShape = 'lines' | 'document';

/** Reads JSON records; each becomes as many rows as its lists are long. */
export function jsonReader(
  file: string,
  { shape, paths }: { shape: JsonShape; paths: Paths },
  builder: LogBuilder,
  encoding: Encoding,
): Reader {
  const rows = new RowsOfRecord(paths);
  const onRecord = (bytes: Uint8Array, line: number, lines: number) => {
    const place = { file, line, lines };
    const text = decode(bytes, encoding);
    let record: unknown;
    try {
      record = parseExact(text);
    } catch (cause) {
      return builder.reject(place, 'no JSON', (cause as Error).message);
    }
    if (typeof record !== 'object' || record === null) return builder.reject(place, 'no JSON object');
    const damaged = encoding === 'utf-8' && text.includes('\ufffd') && !isUtf8(bytes);
    const single = { file, line, lines: 1 };
    const before = builder.read;
    const problem = rows.each(byPlace(record, shape), (row) => {
      if (damaged && [row.user, row.item].some((id) => String(id).includes('\ufffd')))
        throw notUtf8(file, line);
      builder.addCells(row, single);
    });
    if (problem) builder.reject(place, problem);
    else if (builder.read === before) builder.usersWithoutItems++;
  };
  if (shape === 'document') return new JsonDocument(file, onRecord);
  return new LineReader(file, ({ bytes, start, end, number }) => {
    const line = bytes.subarray(start, end);
    if (!isBlank(line)) onRecord(line, number, 1);
  });
}

/** A line that is a list of fields as a record by place, from 1. */
export const byPlace = (record: unknown, shape: JsonShape): unknown =>
  shape === 'lines' && Array.isArray(record)
    ? Object.fromEntries(record.map((field, place) => [String(place + 1), field]))
    : record;

const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => byte <= 32);

const notUtf8 = (file: string, line: number): FoldinError =>
  new FoldinError('LOG_FORMAT', `${file}, line ${line}: an id is not UTF-8`, {
    remedy: 'Read the file with --encoding latin1, or save it as UTF-8.',
    details: { file, line },
  });
