import { decompress as decompressZstd } from 'fzstd';
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet';
import { decompressBrotli } from 'hyparquet-compressors/src/brotli.js';
import { gunzip } from 'hyparquet-compressors/src/gzip.js';
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors/src/lz4.js';
import { FoldinError } from '../../errors.js';
import { type Cell, Instant } from '../cells.js';
import type { FoundPath } from './paths.js';
import type { Table } from './table.js';

/** Snappy is in hyparquet itself; the one that comes with hyparquet-compressors is WebAssembly, which strict pages refuse. */
const compressors = {
  GZIP: (bytes: Uint8Array, length: number) => gunzip(bytes, new Uint8Array(length)),
  BROTLI: decompressBrotli,
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
  ZSTD: (bytes: Uint8Array) => decompressZstd(bytes),
};

const asTheyAre = (bytes: Uint8Array): Uint8Array => bytes;
const parsers = {
  // Ids are bytes; that they are UTF-8 is checked once for each of them.
  stringFromBytes: asTheyAre,
  jsonFromBytes: asTheyAre,
  geometryFromBytes: asTheyAre,
  geographyFromBytes: asTheyAre,
  // Of the columns that `plainly` leaves, these are INT96 only.
  timestampFromNanoseconds: (nanos: bigint) => new Instant(nanos, 1_000_000_000n, false),
};

/** Opens a Parquet file. LOG_FORMAT when it is damaged or holds what cannot be read. */
export async function parquetTable(name: string, file: AsyncBuffer): Promise<Table> {
  const metadata = await parquetMetadataAsync(file, { geoparquet: false }).catch((cause) => {
    throw damaged(name, cause);
  });
  const leaves = new Map<string, FoundPath & { element: SchemaElement }>();
  findLeaves(parquetSchema(metadata), [], false, leaves);
  return {
    format: 'parquet',
    paths: leaves,
    batches: (columns) => batches(name, file, metadata, columns),
    converter: (keys) => converterOf([...leaves.values()].find((leaf) => leaf.keys === keys)!.element),
  };
}

async function* batches(name: string, file: AsyncBuffer, metadata: FileMetaData, columns: readonly string[]) {
  try {
    const options = { file, metadata: plainly(metadata), columns: [...columns], compressors, parsers };
    const scan = await parquetScan({ ...options, geoparquet: false });
    for (const { rowStart, rowEnd } of scan.ranges) {
      const cells = [];
      for (const column of columns) cells.push(await scan.readColumn({ column, rowStart, rowEnd }));
      yield cells as ArrayLike<Cell>[];
    }
  } catch (cause) {
    throw cause instanceof FoldinError ? cause : damaged(name, cause);
  }
}

const damaged = (name: string, cause: unknown): FoldinError =>
  new FoldinError(
    'LOG_FORMAT',
    `${name} is a Parquet file that cannot be read: ${(cause as Error).message}`,
    {
      remedy: 'Write the file again; --engine duckdb reads what foldin itself does not.',
      cause,
      details: { file: name },
    },
  );

/** Types whose numbers are wanted as they are stored: hyparquet would round them. */
const isStored = ({ converted_type: converted, logical_type: logical }: SchemaElement): boolean =>
  /^(DECIMAL|DATE|TIMESTAMP_\w+)$/.test(converted ?? '') ||
  /^(DECIMAL|DATE|TIMESTAMP)$/.test(logical?.type ?? '');

const plainly = (metadata: FileMetaData): FileMetaData => ({
  ...metadata,
  schema: metadata.schema.map((element) =>
    isStored(element) ? { ...element, converted_type: undefined, logical_type: undefined } : element,
  ),
});

/** What the stored numbers of a column mean. */
function converterOf(element: SchemaElement): ((cell: Cell) => Cell) | undefined {
  const { converted_type: converted, logical_type: logical } = element;
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    const scale = element.scale ?? (logical?.type === 'DECIMAL' ? logical.scale : 0);
    return (cell) => decimalText(cell as number | bigint | Uint8Array, scale);
  }
  if (converted === 'DATE' || logical?.type === 'DATE') {
    return (cell) => new Instant(BigInt(cell as number) * 86_400n, 1n, false);
  }
  const isTimestamp = logical?.type === 'TIMESTAMP';
  const unit = isTimestamp ? logical.unit : converted?.replace('TIMESTAMP_', '');
  const perSecond = { MILLIS: 1000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n }[unit ?? ''];
  if (perSecond === undefined || !isStored(element)) return undefined;
  const zoneless = isTimestamp && !logical.isAdjustedToUTC;
  return (cell) => new Instant(cell as bigint, perSecond, zoneless);
}

/** A decimal, stored as a whole number or as its big-endian bytes, digit by digit. */
function decimalText(stored: number | bigint | Uint8Array, scale: number): string {
  let whole: bigint;
  if (stored instanceof Uint8Array) {
    whole = stored.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    whole = BigInt.asIntN(8 * stored.length, whole);
  } else whole = BigInt(stored);
  const digits = String(whole < 0n ? -whole : whole).padStart(scale + 1, '0');
  const cut = digits.length - scale;
  return `${whole < 0n ? '-' : ''}${digits.slice(0, cut)}${scale > 0 ? `.${digits.slice(cut)}` : ''}`;
}

/** The paths to scalars as the assembled values have them: lists without the groups that Parquet wraps them in. */
function findLeaves(
  { children, element }: SchemaTree,
  keys: readonly string[],
  list: boolean,
  leaves: Map<string, FoundPath & { element: SchemaElement }>,
): void {
  const [inner] = children;
  // What hyparquet takes for a list and unwraps.
  const isList =
    element.converted_type === 'LIST' &&
    children.length === 1 &&
    inner.children.length <= 1 &&
    inner.element.repetition_type === 'REPEATED';
  if (isList) {
    findLeaves(inner.children[0] ?? inner, keys, true, leaves);
  } else if (children.length === 0) {
    if (keys.length > 0) leaves.set(keys.join('.'), { keys, list, element });
  } else if (element.converted_type !== 'MAP' && element.logical_type?.type !== 'MAP') {
    for (const child of children) {
      const repeated = child.element.repetition_type === 'REPEATED';
      findLeaves(child, [...keys, child.element.name], repeated, leaves);
    }
  }
}
