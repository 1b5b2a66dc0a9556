import type { ItemVectors } from '../data/features.js';
import { isNpy, readNpy } from '../data/npy.js';
import { collected, randomAccessTo } from '../data/randomAccess.js';
import { type LogSource, startsWith } from '../data/source.js';
import { chunksOf } from '../data/streams.js';
import { requireNumbers, vectorsError } from '../data/vectorsError.js';
import { FoldinError } from '../errors.js';
import { decodeSafetensors, encodeSafetensors, type SafeFile } from './safetensors.js';
import { loadStrings, storeStrings } from './storedStrings.js';

const PARQUET = [0x50, 0x41, 0x52, 0x31];

/**
 * Vectors of items from a file: NumPy's .npy (rows without ids), Parquet (a column of ids, one of lists), or safetensors
 * (one matrix of floats; with ids where `foldin embed` wrote it). VECTORS_FORMAT for what cannot be used: unequal
 * widths, numbers that are none, ids that stand twice, or another kind of file.
 */
export async function readItemVectors(source: LogSource): Promise<ItemVectors> {
  const { name } = source;
  const access = (await randomAccessTo(source)) ?? (await collected(chunksOf(source.stream())));
  try {
    const head = new Uint8Array(await access.slice(0, Math.min(8, access.byteLength)));
    if (startsWith(head, PARQUET)) {
      const { parquetVectors } = await import('../data/formats/vectorTable.js');
      return checked(name, await parquetVectors(name, access));
    }
    const bytes = new Uint8Array(await access.slice(0, access.byteLength));
    return checked(name, isNpy(bytes) ? readNpy(name, bytes) : fromSafetensors(name, bytes));
  } finally {
    await access.close?.();
  }
}

function checked(name: string, { ids, width, values }: Omit<ItemVectors, 'file'>): ItemVectors {
  requireNumbers(name, values, width);
  if (ids) {
    const seen = new Set<string>();
    const twice = ids.find((id) => seen.size === seen.add(id).size);
    if (twice !== undefined) {
      throw vectorsError(`${name} holds two vectors of "${twice}"`, 'Give every item one vector.');
    }
  }
  return { file: name, ...(ids && { ids }), width, values };
}

function fromSafetensors(name: string, bytes: Uint8Array): Omit<ItemVectors, 'file'> {
  let file: SafeFile;
  try {
    file = decodeSafetensors(bytes);
  } catch (cause) {
    if (!(cause instanceof FoldinError)) throw cause;
    throw vectorsError(
      `${name} is no file of vectors: ${cause.message}`,
      'Give .npy, .parquet with a column of lists, or .safetensors.',
      cause,
    );
  }
  const matrices = [...file.tensors].filter(
    ([, { shape, values }]) =>
      shape.length === 2 && (values instanceof Float32Array || values instanceof Float64Array),
  );
  const [matrix] = matrices.filter(([tensor]) => matrices.length === 1 || tensor === 'vectors');
  if (!matrix || matrix[1].values.length === 0) {
    const names = matrices.map(([tensor]) => `"${tensor}"`).join(', ') || 'none';
    throw vectorsError(
      `${name} should hold one matrix of floats, items x width; its matrices: ${names}`,
      'Call the matrix "vectors", or keep no other.',
    );
  }
  const [, { shape, values }] = matrix;
  const [stored, offsets] = ['ids.bytes', 'ids.offsets'].map((tensor) => file.tensors.get(tensor)?.values);
  const ids =
    stored instanceof Uint8Array && offsets instanceof Uint32Array
      ? loadStrings({ bytes: stored, offsets })
      : undefined;
  if (ids && ids.length !== shape[0]) {
    throw vectorsError(`${name} holds ${shape[0]} vectors and ${ids.length} ids`, 'Make the file again.');
  }
  return { ...(ids && { ids }), width: shape[1], values: Float32Array.from(values as Float32Array) };
}

/** The bytes of a safetensors file with vectors and the ids of their items; `metadata` says where they come from. */
export function encodeItemVectors(
  { ids, width, values }: { ids: readonly string[]; width: number; values: Float32Array },
  metadata: ReadonlyMap<string, string>,
): Uint8Array<ArrayBuffer> {
  const { bytes, offsets } = storeStrings(ids, 'item id');
  return encodeSafetensors({
    metadata,
    tensors: new Map([
      ['vectors', { shape: [ids.length, width], values }],
      ['ids.bytes', { shape: [bytes.length], values: bytes }],
      ['ids.offsets', { shape: [offsets.length], values: offsets }],
    ]),
  });
}
