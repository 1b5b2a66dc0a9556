import type { Csr } from '../data/csr.js';
import { type ErrorCode, FoldinError } from '../errors.js';
import { canonicalObject } from './canonicalJson.js';
import { contentHash, NO_HASH } from './contentHash.js';
import { decodeSafetensors, encodeSafetensors, type SafeTensor, type SafeValues } from './safetensors.js';
import { historiesProblem } from './storedHistories.js';
import { loadStrings, storeStrings } from './storedStrings.js';

/** A part of a model: f32 or u32, row-major. */
export interface ModelTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint32Array;
}

/** How a model came to be: JSON, all of it. A time stands in it only if the maker puts one there. */
export interface Manifest {
  readonly formatVersion: typeof FORMAT_VERSION;
  /** Version of foldin that wrote the file. */
  readonly foldin: string;
  /** The data's fingerprint and report, split, metrics, device, verified, seed, createdAt, ... */
  readonly [key: string]: unknown;
}

export interface ModelContents {
  /** Name in the registry of models, e.g. "mlp". */
  readonly model: string;
  /** The model's full configuration: a JSON object. */
  readonly config: unknown;
  /** By plain name; names that start with "items.", "titles.", "users." or "histories." are taken. */
  readonly tensors: ReadonlyMap<string, ModelTensor>;
  /** Item ids by index, each once. */
  readonly items: readonly string[];
  /** Titles by item index, where known. */
  readonly titles?: readonly (string | undefined)[];
  /** User ids by index, each once; absent when the file names no users. */
  readonly users?: readonly string[];
  /** Training histories, users x items; absent in a file saved without them. */
  readonly histories?: Csr;
  readonly manifest: Manifest;
}

/** The version this code writes, and the newest it reads. */
export const FORMAT_VERSION = 1;

const FORMAT = 'foldin';
/** A model file's header starts so, which puts the hash at a fixed place. */
const HASH_PREFIX = '{"__metadata__":{"sha256":"';
const HASH_AT = 8 + HASH_PREFIX.length;
const RESERVED = /^(items|titles|users|histories)\./;

/**
 * The bytes of one .safetensors file; the same contents always give the same bytes. Metadata: sha256 (see
 * contentHash), format, model, config and manifest (JSON). DIVERGED for a weight that is not finite, CONFIG
 * for ids, names or JSON that cannot be stored exactly, SHAPE_MISMATCH for parts that do not fit each other.
 */
export async function encodeModel(contents: ModelContents): Promise<Uint8Array<ArrayBuffer>> {
  const { model, config, items, titles, users, histories, manifest } = contents;
  const tensors = new Map<string, SafeTensor>();
  const put = (name: string, values: SafeValues) => tensors.set(name, { shape: [values.length], values });
  const putStrings = (name: string, strings: readonly string[], what: string) => {
    const { bytes, offsets } = storeStrings(strings, what);
    put(`${name}.bytes`, bytes);
    put(`${name}.offsets`, offsets);
  };

  for (const [name, tensor] of contents.tensors) {
    if (RESERVED.test(name) || name === '__metadata__') throw taken(name);
    const problem = weightProblem(tensor.values);
    if (problem) throw diverged(name, problem);
    tensors.set(name, tensor);
  }
  requireDistinct(items, 'item id', 'CONFIG');
  putStrings('items', items, 'item id');
  if (titles) {
    if (titles.length !== items.length)
      throw unfit(`${titles.length} titles stand for ${items.length} items`);
    const given = titles.map((title) => title ?? '');
    putStrings('titles', given, 'title of item');
    put(
      'titles.given',
      Uint8Array.from(titles, (title) => (title === undefined ? 0 : 1)),
    );
  }
  if (users) {
    requireDistinct(users, 'user id', 'CONFIG');
    putStrings('users', users, 'user id');
  }
  if (histories) {
    const problem = historiesProblem(histories, users?.length ?? 0, items.length);
    if (problem) throw unfit(problem);
    put('histories.indptr', histories.indptr);
    put('histories.indices', histories.indices);
    if (histories.values) put('histories.values', histories.values);
    if (histories.positions) put('histories.positions', histories.positions);
  }

  const metadata = new Map([
    ['sha256', NO_HASH],
    ['format', FORMAT],
    ['model', model],
    ['config', canonicalObject(config, 'config')],
    ['manifest', canonicalObject({ ...manifest, formatVersion: FORMAT_VERSION }, 'manifest')],
  ]);
  const bytes = encodeSafetensors({ metadata, tensors });
  bytes.set(new TextEncoder().encode(await contentHash(bytes, HASH_AT)), HASH_AT);
  return bytes;
}

/**
 * The contents of a file; arrays may be views of `bytes`, which must not change afterwards. MODEL_FORMAT if
 * foldin did not write it, MODEL_VERSION if a newer foldin did, MODEL_CORRUPT if any byte is not as written.
 */
export async function decodeModel(bytes: Uint8Array): Promise<ModelContents> {
  const { metadata, tensors } = decodeSafetensors(bytes);
  if (metadata.get('format') !== FORMAT) {
    throw new FoldinError(
      'MODEL_FORMAT',
      'this is a safetensors file, but foldin did not write it as a model',
      {
        remedy: 'Give a model file that foldin wrote.',
      },
    );
  }
  const manifest = parseObject(metadata.get('manifest'), 'manifest');
  requireVersion(manifest['formatVersion']);
  await requireHash(bytes, metadata.get('sha256'));

  // From here on the bytes are as some writer meant them; what follows guards against a faulty writer.
  const take = <T extends SafeValues>(name: string, type: new (length: number) => T): T => {
    const tensor = tensors.get(name);
    if (!(tensor?.values instanceof type) || tensor.shape.length !== 1) {
      throw corrupt(`its tensor "${name}" is missing or of the wrong type`);
    }
    return tensor.values;
  };
  const takeStrings = (name: string, count?: number): string[] => {
    const bytesOf = take(`${name}.bytes`, Uint8Array);
    const strings = loadStrings({ bytes: bytesOf, offsets: take(`${name}.offsets`, Uint32Array) });
    if (!strings || (count !== undefined && strings.length !== count))
      throw corrupt(`its ${name} cannot be read`);
    return strings;
  };

  const items = takeStrings('items');
  requireDistinct(items, 'item id', 'MODEL_CORRUPT');
  let titles: (string | undefined)[] | undefined;
  if (tensors.has('titles.bytes')) {
    const given = take('titles.given', Uint8Array);
    titles = takeStrings('titles', items.length).map((title, item) =>
      given[item] === 1 ? title : undefined,
    );
  }
  const users = tensors.has('users.bytes') ? takeStrings('users') : undefined;
  if (users) requireDistinct(users, 'user id', 'MODEL_CORRUPT');
  let histories: Csr | undefined;
  if (tensors.has('histories.indptr')) {
    const rows = users?.length ?? 0;
    const indptr = take('histories.indptr', Uint32Array);
    const indices = take('histories.indices', Uint32Array);
    const weighted = tensors.has('histories.values');
    const values = weighted ? take('histories.values', Float32Array) : undefined;
    const ordered = tensors.has('histories.positions');
    const positions = ordered ? take('histories.positions', Uint32Array) : undefined;
    const optional = { ...(values && { values }), ...(positions && { positions }) };
    histories = { rows, columns: items.length, indptr, indices, ...optional };
    const problem = historiesProblem(histories, rows, items.length);
    if (problem) throw corrupt(problem);
  }

  const weights = new Map<string, ModelTensor>();
  for (const [name, { shape, values }] of tensors) {
    if (RESERVED.test(name)) continue;
    if (!isWeights(values)) throw corrupt(`its tensor "${name}" is neither f32 nor u32`);
    const problem = weightProblem(values);
    if (problem) throw corrupt(`its tensor "${name}" ${problem}`);
    weights.set(name, { shape, values });
  }
  return {
    model: metadata.get('model') ?? '',
    config: parseObject(metadata.get('config'), 'config'),
    tensors: weights,
    items,
    ...(titles && { titles }),
    ...(users && { users }),
    ...(histories && { histories }),
    manifest: manifest as unknown as Manifest,
  };
}

function requireVersion(version: unknown): void {
  if (version === FORMAT_VERSION) return;
  if (!Number.isSafeInteger(version) || (version as number) < 1) throw corrupt('it has no format version');
  throw new FoldinError(
    'MODEL_VERSION',
    `the model file has format version ${version}, and this foldin reads up to ${FORMAT_VERSION}`,
    { remedy: 'Install a newer foldin, or train the model again with this one.' },
  );
}

async function requireHash(bytes: Uint8Array, stated: string | undefined): Promise<void> {
  const prefix = new TextDecoder().decode(bytes.subarray(8, HASH_AT));
  if (prefix !== HASH_PREFIX) throw corrupt('its content hash is not in its place');
  const actual = await contentHash(bytes, HASH_AT);
  if (actual !== stated) throw corrupt(`its content hash is ${actual}, but it states ${stated}`);
}

function parseObject(json: string | undefined, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json ?? '');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Falls through: one error for both.
  }
  throw corrupt(`its ${name} is not a JSON object`);
}

function requireDistinct(ids: readonly string[], what: string, code: ErrorCode): void {
  if (new Set(ids).size === ids.length) return;
  throw new FoldinError(code, `a model holds every ${what} once, but one stands twice`, {
    remedy: 'Take the ids from a vocabulary, and train the model again if this is a file.',
  });
}

const isWeights = (values: unknown): values is Float32Array | Uint32Array =>
  values instanceof Float32Array || values instanceof Uint32Array;

function weightProblem(values: Float32Array | Uint32Array): string | undefined {
  if (values instanceof Uint32Array) return undefined;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return `holds ${values[i]} at place ${i}`;
  }
  return undefined;
}

const corrupt = (reason: string) =>
  new FoldinError('MODEL_CORRUPT', `the model file is damaged: ${reason}`, {
    remedy: 'Copy the file again from where it came from, or train the model again.',
  });

const unfit = (reason: string) =>
  new FoldinError('SHAPE_MISMATCH', `the model cannot be saved: ${reason}`, {
    remedy: 'Save a model with the items, users and histories it was trained on.',
  });

const taken = (name: string) =>
  new FoldinError('CONFIG', `a tensor of a model cannot be named "${name}"`, {
    remedy: 'Use a name that does not start with "items.", "titles.", "users." or "histories.".',
  });

const diverged = (name: string, problem: string) =>
  new FoldinError('DIVERGED', `the model was not saved: its tensor "${name}" ${problem}`, {
    remedy: 'Train again with a lower learning rate, or save the last good weights.',
  });
