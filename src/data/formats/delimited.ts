import type { LogLayout } from '../layout.js';
import type { LogBuilder } from '../logBuilder.js';
import { parseDigits, parseNumber } from '../numbers.js';
import { RowScanner } from '../rows.js';
import { type Encoding, utf8Of } from '../text.js';
import type { Reader } from './reader.js';

const encoder = new TextEncoder();

/** Reads delimited text with one interaction a row; see `readLog` for what makes a row a bad one. */
export function delimitedReader(
  file: string,
  layout: LogLayout,
  builder: LogBuilder,
  encoding: Encoding,
): Reader {
  const { columns, fields, names } = layout;
  const { user, item, value: valueColumn, time: timeColumn } = columns;
  const userName = encoder.encode(names?.[user]);
  const itemName = encoder.encode(names?.[item]);
  const isText = (row: RowScanner, f: number, text: Uint8Array): boolean => {
    const bytes = utf8Of(row.bytes.subarray(row.starts[f], row.ends[f]), encoding);
    return bytes.length === text.length && bytes.every((byte, p) => byte === text[p]);
  };
  const firstByte = userName[0];
  const number = (row: RowScanner, f: number): number => {
    const digits = parseDigits(row.bytes, row.starts[f], row.ends[f]);
    return Number.isNaN(digits) ? parseNumber(row.text(f, encoding)) : digits;
  };
  let atHeader = names !== undefined;
  return new RowScanner(file, layout.delimiter, (row) => {
    if (atHeader) {
      atHeader = false;
      return;
    }
    const reject = (reason: string, detail = '') => builder.reject(row, reason, detail);
    const rejectField = (reason: string, f: number) =>
      reject(reason, `column ${f + 1} is ${JSON.stringify(row.text(f, encoding).slice(0, 40))}`);
    if (row.malformed) return reject('text after a closing quote');
    if (row.fields !== fields) return reject('wrong number of fields', `${row.fields} instead of ${fields}`);
    // Joined files may repeat the header; as a row it would become a user called "user".
    if (names && row.bytes[row.starts[user]] === firstByte) {
      if (isText(row, user, userName) && isText(row, item, itemName)) return reject('the header once more');
    }
    if (row.starts[user] === row.ends[user]) return reject('empty user id');
    if (row.starts[item] === row.ends[item]) return reject('empty item id');
    let value = 1;
    if (valueColumn !== undefined) {
      value = number(row, valueColumn);
      if (Number.isNaN(value)) return rejectField('value is no plain number', valueColumn);
    }
    if (timeColumn !== undefined) {
      const time = number(row, timeColumn);
      if (!builder.time!.pushSeconds(time)) {
        const reason = builder.time!.push(
          Number.isNaN(time) ? row.text(timeColumn, encoding) : time,
          file,
          row.line,
        );
        if (reason) return rejectField(reason, timeColumn);
      }
    }
    builder.add(id(row, user, 'user'), id(row, item, 'item'), value);
  });

  function id(row: RowScanner, f: number, role: 'user' | 'item'): number {
    if (row.plain(f)) return builder[role](row.bytes, row.starts[f], row.ends[f], row);
    const bytes = row.field(f);
    return builder[role](bytes, 0, bytes.length, row);
  }
}
