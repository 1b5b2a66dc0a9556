import { FoldinError } from '../errors.js';
import { knownColumn, plainName } from './columnNames.js';
import { bestCut, uncuttable } from './cut.js';
import type { ColumnRef } from './layout.js';
import { RowScanner } from './rows.js';
import { type LogSource, openText } from './source.js';
import { type Encoding, isUtf8 } from './text.js';

/**
 * Scans a delimited file with one item a line; `emptyRemedy` says what an empty one should hold. Throws LOG_EMPTY,
 * LOG_FORMAT (no columns, wrong encoding), and what the source throws.
 */
export async function scanItemFile(
  source: LogSource,
  { encoding, emptyRemedy }: { readonly encoding: Encoding; readonly emptyRemedy: string },
  onRow: (row: RowScanner) => void,
): Promise<void> {
  const bytes = await readAll(source);
  const { name } = source;
  if (encoding === 'utf-8' && !isUtf8(bytes)) {
    throw new FoldinError('LOG_FORMAT', `${name} is not UTF-8 text`, {
      remedy: 'Say --encoding latin1, or save the file as UTF-8.',
      details: { file: name },
    });
  }
  const text = { name, bytes, whole: true, encoding };
  const cut = bestCut(text);
  if (!cut) throw uncuttable(text);
  if (cut.rows.length === 0) {
    throw new FoldinError('LOG_EMPTY', `${name} is empty`, { remedy: emptyRemedy });
  }
  const scanner = new RowScanner(name, cut.delimiter, onRow);
  scanner.push(bytes);
  scanner.end();
}

/** Where a header has the ids: the log's own name of its column first; undefined where the line is no header. */
export function idPlace(
  first: readonly string[],
  column: ColumnRef | undefined,
  role: 'item' | 'user' = 'item',
): number | undefined {
  const own = typeof column === 'string' ? first.indexOf(column) : -1;
  return [own, knownColumn(first, role), first.map(plainName).indexOf('id')].find((place) => place >= 0);
}

export async function readAll(source: LogSource): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of openText(source)) chunks.push(chunk);
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
