import { textOf } from '../cells.js';
import type { RoleOptions } from '../columns.js';
import type { TextHead } from '../cut.js';
import type { Columns } from '../layout.js';
import { decode } from '../text.js';
import { byPlace, type JsonShape, parseExact } from './json.js';
import { JsonDocument } from './jsonDocument.js';
import { LineReader } from './lines.js';
import { type Paths, pathsIn } from './paths.js';
import { listRoles, recordRoles } from './roles.js';

const SAMPLE_RECORDS = 200;

/** How to read a JSON text. */
export interface JsonLayout {
  readonly shape: JsonShape;
  readonly paths: Paths;
  readonly columns: Columns;
  /** Paths of all that was found in the first records, absent where records are lists. */
  readonly names?: readonly string[];
  readonly fields: number;
}

/** Finds the shape of a JSON text and the roles in its records; undefined when there is no record. */
export function detectJson(text: TextHead, options: RoleOptions): JsonLayout | undefined {
  const { shape, records } = firstRecords(text);
  if (records.length === 0) return undefined;
  if (shape === 'lines' && records.every(isFieldList)) {
    const rows = records.map((record) => (record as unknown[]).map(textOf));
    return { shape, ...listRoles(text.name, rows, options) };
  }
  const found = pathsIn(records.map((record) => byPlace(record, shape)));
  const roles = recordRoles(text.name, found, options);
  return { shape, ...roles, fields: roles.names.length };
}

const isFieldList = (record: unknown): boolean =>
  Array.isArray(record) && record.every((field) => typeof field !== 'object' || field === null);

function firstRecords(text: TextHead): { shape: JsonShape; records: unknown[] } {
  const lines: Uint8Array[] = [];
  const reader = new LineReader(text.name, ({ bytes, start, end }) => {
    if (lines.length < SAMPLE_RECORDS && end > start) lines.push(bytes.subarray(start, end));
  });
  reader.push(text.bytes);
  if (text.whole) reader.end();
  const parsed = lines.map((line) => parsedOrNothing(decode(line, text.encoding)));
  const isList = /^\s*\[/.test(decode(text.bytes.subarray(0, 64), text.encoding));
  const isLines = isList
    ? isFieldList(parsed[0]) && (parsed.length > 1 || (parsed[0] as unknown[]).length > 1)
    : parsed.slice(0, 10).some((record) => record !== undefined);
  if (isLines) return { shape: 'lines', records: parsed.filter((record) => typeof record === 'object') };
  const records: unknown[] = [];
  const document = new JsonDocument(text.name, (bytes) => {
    if (records.length < SAMPLE_RECORDS) records.push(parsedOrNothing(decode(bytes, text.encoding)));
  });
  document.push(text.bytes);
  return { shape: 'document', records: records.filter((record) => typeof record === 'object') };
}

function parsedOrNothing(text: string): unknown {
  try {
    return parseExact(text) ?? undefined;
  } catch {
    return undefined;
  }
}
