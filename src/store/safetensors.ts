import { FoldinError } from '../errors.js';

/**
 * The safetensors format (https://github.com/huggingface/safetensors): u64 LE length of the header, the
 * header as JSON {"__metadata__": {string: string}, name: {dtype, shape, data_offsets}}, then the data,
 * little-endian, without gaps. Encoded headers are padded with spaces so that the data starts at a
 * multiple of 8. Every runtime with WebGPU is little-endian, so values are read in place.
 */
const TYPES = {
  F64: { bytes: 8, of: Float64Array },
  I64: { bytes: 8, of: BigInt64Array },
  F32: { bytes: 4, of: Float32Array },
  U32: { bytes: 4, of: Uint32Array },
  U8: { bytes: 1, of: Uint8Array },
} as const;

type SafeDType = keyof typeof TYPES;
export type SafeValues = Float64Array | BigInt64Array | Float32Array | Uint32Array | Uint8Array;

export interface SafeTensor {
  /** Row-major; the product is values.length. */
  readonly shape: readonly number[];
  readonly values: SafeValues;
}

export interface SafeFile {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, SafeTensor>;
}

/** The reference implementation's own limit on the header: 100 MB. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
const ALIGNMENT = 8;

/**
 * The bytes of a file. Tensors stand in the order of their element size (so that each is aligned), then
 * of their names; metadata stands first, in the order given. SHAPE_MISMATCH if a shape does not fit.
 */
export function encodeSafetensors({ metadata, tensors }: SafeFile): Uint8Array<ArrayBuffer> {
  const ordered = [...tensors].sort(
    ([aName, a], [bName, b]) =>
      b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT || (aName < bName ? -1 : 1),
  );
  const members = [`"__metadata__":{${[...metadata].map(([key, text]) => member(key, text)).join(',')}}`];
  let dataLength = 0;
  for (const [name, { shape, values }] of ordered) {
    if (values.length !== product(shape) || name === '__metadata__') {
      throw new FoldinError('SHAPE_MISMATCH', `tensor "${name}" [${shape}] has ${values.length} values`, {
        remedy: 'Give every tensor a name of its own and as many values as its shape says.',
        details: { name, shape },
      });
    }
    const end = dataLength + values.byteLength;
    members.push(member(name, { dtype: dtypeOf(values), shape, data_offsets: [dataLength, end] }));
    dataLength = end;
  }

  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const headerLength = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  if (headerLength > MAX_HEADER_BYTES) {
    throw new FoldinError('LIMIT_EXCEEDED', `the header would take ${headerLength} bytes of at most 100 MB`, {
      remedy: 'Keep large things out of the manifest, or store fewer tensors.',
    });
  }
  const bytes = allocate(LENGTH_BYTES + headerLength + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerLength);
  bytes.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerLength;
  for (const [, { values }] of ordered) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

function allocate(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new FoldinError(
      'OUT_OF_MEMORY',
      `the file would take ${length} bytes, which this machine cannot hold`,
      {
        remedy: 'Save without histories, or train a smaller model.',
        cause,
      },
    );
  }
}

// Written as text: an object would lose the order of names such as "1" and mistake "__proto__".
const member = (key: string, value: unknown): string => `${JSON.stringify(key)}:${JSON.stringify(value)}`;

/**
 * Reads a file. Nothing is allocated from a size in the file before it was checked against the bytes at
 * hand; values are views of `bytes` where alignment allows. MODEL_FORMAT if this is no safetensors file or
 * holds a type foldin does not use, MODEL_CORRUPT if it is damaged.
 */
export function decodeSafetensors(bytes: Uint8Array): SafeFile {
  const { json, dataStart } = readHeader(bytes);
  const metadata = new Map<string, string>();
  const entries: { name: string; dtype: SafeDType; shape: number[]; from: number; to: number }[] = [];
  for (const [name, entry] of Object.entries(json)) {
    if (name !== '__metadata__') {
      entries.push({ name, ...readEntry(name, entry, bytes.length - dataStart) });
      continue;
    }
    if (!isObject(entry)) throw corrupt('its metadata is not an object');
    for (const [key, text] of Object.entries(entry)) {
      if (typeof text !== 'string') throw corrupt(`its metadata "${key}" is not a string`);
      metadata.set(key, text);
    }
  }

  entries.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { name, from, to } of entries) {
    if (from !== end) throw corrupt(`tensor "${name}" starts at byte ${from} of the data instead of ${end}`);
    end = to;
  }
  if (end !== bytes.length - dataStart) {
    throw corrupt(`its tensors take ${end} bytes, but ${bytes.length - dataStart} bytes of data are there`);
  }
  const tensors = new Map<string, SafeTensor>();
  for (const { name, dtype, shape, from, to } of entries) {
    tensors.set(name, { shape, values: valuesAt(bytes, dtype, dataStart + from, dataStart + to) });
  }
  return { metadata, tensors };
}

function readHeader(bytes: Uint8Array): { json: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES + 2) {
    throw foreign(`it has only ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > MAX_HEADER_BYTES || bytes[LENGTH_BYTES] !== 0x7b) {
    throw foreign('it does not start with the length of a header and a "{"');
  }
  const dataStart = LENGTH_BYTES + headerLength;
  if (dataStart > bytes.length) {
    throw corrupt(`its header should end at byte ${dataStart}, but it has only ${bytes.length} bytes`);
  }
  let json: unknown;
  try {
    json = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart)),
    );
  } catch (cause) {
    throw corrupt('its header is not valid JSON', cause);
  }
  if (!isObject(json)) throw corrupt('its header is not a JSON object');
  return { json, dataStart };
}

function readEntry(name: string, entry: unknown, dataLength: number) {
  if (!isObject(entry)) throw corrupt(`its entry "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string') throw corrupt(`tensor "${name}" has no type`);
  if (!isSafeDType(dtype)) {
    throw foreign(`tensor "${name}" has the type "${dtype}"`, `Convert it to one of ${Object.keys(TYPES)}.`);
  }
  if (!isCounts(shape)) throw corrupt(`tensor "${name}" has no valid shape`);
  if (!isCounts(offsets) || offsets.length !== 2) throw corrupt(`tensor "${name}" has no valid place`);
  const [from, to] = offsets;
  if (from > to || to > dataLength) {
    throw corrupt(`tensor "${name}" stands at bytes ${from} to ${to} of ${dataLength} bytes of data`);
  }
  // A product too large for exact integers cannot equal a length within the file.
  if (product(shape) * TYPES[dtype].bytes !== to - from) {
    throw corrupt(`tensor "${name}" ${dtype}[${shape}] does not fit its ${to - from} bytes`);
  }
  return { dtype, shape, from, to };
}

function valuesAt(bytes: Uint8Array, dtype: SafeDType, from: number, to: number): SafeValues {
  const { bytes: size, of: TypedArray } = TYPES[dtype];
  const place = bytes.byteOffset + from;
  if (place % size === 0) return new TypedArray(bytes.buffer as ArrayBuffer, place, (to - from) / size);
  // Not bytes.slice, which makes a view when the bytes are a Node Buffer.
  return new TypedArray(new Uint8Array(bytes.subarray(from, to)).buffer);
}

function dtypeOf(values: SafeValues): SafeDType {
  for (const dtype of Object.keys(TYPES) as SafeDType[]) if (values instanceof TYPES[dtype].of) return dtype;
  throw new FoldinError('SHAPE_MISMATCH', 'a tensor holds values of a type that cannot be stored', {
    remedy: `Use the typed array of one of ${Object.keys(TYPES)}.`,
  });
}

const product = (shape: readonly number[]): number => shape.reduce((size, dim) => size * dim, 1);
const isSafeDType = (name: string): name is SafeDType => Object.hasOwn(TYPES, name);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);

function foreign(reason: string, remedy = 'Give a model file that foldin wrote.'): FoldinError {
  return new FoldinError('MODEL_FORMAT', `this is not a safetensors file that foldin can read: ${reason}`, {
    remedy,
  });
}

function corrupt(reason: string, cause?: unknown): FoldinError {
  return new FoldinError('MODEL_CORRUPT', `the file is damaged: ${reason}`, {
    remedy: 'Copy the file again from where it came from, or train the model again.',
    cause,
  });
}
