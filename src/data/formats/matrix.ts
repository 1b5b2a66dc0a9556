import { FoldinError } from '../../errors.js';
import type { MatrixLayout } from '../layout.js';
import type { LogBuilder } from '../logBuilder.js';
import { parseDigits, parseNumber } from '../numbers.js';
import { RowScanner } from '../rows.js';
import type { Encoding } from '../text.js';
import { MAX_LINE_BYTES, type Reader } from './reader.js';

const encoder = new TextEncoder();

/**
 * Reads a table of users x items, a cell how much the user has to do with the item; empty cells and zeros are
 * nothing. Items are named by the header, else numbered by column; users by their column, else numbered by row from
 * `firstUser`; all from 0, as an array counts them.
 */
export function matrixReader(
  file: string,
  layout: MatrixLayout,
  builder: LogBuilder,
  { encoding, firstUser }: { encoding: Encoding; firstUser: number },
): Reader & { readonly users: number } {
  const { names, fields, user: userColumn } = layout;
  const at = (line: number) => ({ file, line, lines: 1 });
  let items: Int32Array | undefined;
  let users = 0;
  const idColumn = (): Int32Array => {
    let number = 0;
    const seen = new Set<string>();
    return Int32Array.from({ length: fields }, (_, f) => {
      if (f === userColumn) return -1;
      const id = names ? names[f] : String(number++);
      // A delimiter at the end of every line makes a last column without a name.
      if (id === '' && f === fields - 1) return -1;
      if (id === '' || seen.has(id)) throw badHeader(file, f, id);
      seen.add(id);
      return builder.itemText(id, at(1));
    });
  };
  let atHeader = names !== undefined;
  const scanner = new RowScanner(
    file,
    layout.delimiter,
    (row) => {
      items ??= idColumn();
      if (atHeader) {
        atHeader = false;
        return;
      }
      const index = users++;
      if (row.malformed) return builder.reject(row, 'text after a closing quote');
      if (row.fields !== fields) {
        return builder.reject(row, 'wrong number of fields', `${row.fields} instead of ${fields}`);
      }
      const place = at(row.line);
      const id = userColumn === undefined ? encoder.encode(String(firstUser + index)) : row.field(userColumn);
      if (id.length === 0) return builder.reject(place, 'empty user id');
      const user = builder.user(id, 0, id.length, place);
      let found = 0;
      for (let f = 0; f < fields; f++) {
        if (f === userColumn || row.starts[f] === row.ends[f]) continue;
        const digits = parseDigits(row.bytes, row.starts[f], row.ends[f]);
        if (digits === 0) continue;
        const text = Number.isNaN(digits) ? row.text(f, encoding) : '';
        if (text !== '' && text.trim() === '') continue;
        const value = Number.isNaN(digits) ? parseNumber(text) : digits;
        if (value === 0) continue;
        if (Number.isNaN(value) || items[f] < 0) {
          builder.reject(
            place,
            items[f] < 0 ? 'a value in a column without a name' : 'value is no plain number',
            `column ${f + 1}${names ? ` ("${names[f]}")` : ''} is ${JSON.stringify(row.text(f, encoding).slice(0, 40))}`,
          );
          continue;
        }
        builder.add(user, items[f], value);
        found++;
      }
      if (found === 0) builder.usersWithoutItems++;
    },
    MAX_LINE_BYTES,
  );
  return {
    push: (bytes) => scanner.push(bytes),
    end: () => scanner.end(),
    get users() {
      return users;
    },
  };
}

const badHeader = (file: string, f: number, id: string): FoldinError =>
  new FoldinError(
    'LOG_FORMAT',
    `${file}, line 1: column ${f + 1} ${id === '' ? 'has no name' : `is the second one called "${id}"`}`,
    {
      remedy: 'Name every item once in the first line, or say --no-header to number them.',
      details: { file, line: 1, column: f + 1 },
    },
  );
