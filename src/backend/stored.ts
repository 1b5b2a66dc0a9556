import type { Backend, Tensor } from './backend.js';
import type { ItemBlock } from './blocks.js';
import { freeAll } from './sparse.js';

/** A matrix or vector over items that lies in blocks of them, each a tensor of its own. */
export interface Blocked {
  /** Of all of it, as the model file has it. */
  readonly shape: readonly number[];
  readonly size: number;
  /** The dimension that runs over items. */
  readonly axis: 0 | 1;
  /** Each block holds the transpose of its part: f32[count, width] of a matrix f32[width, items]. */
  readonly isTurned: boolean;
  readonly items: readonly ItemBlock[];
  readonly blocks: readonly Tensor[];
}

/** What a model has learned under one name: a tensor, or one in blocks. */
export type Stored = Tensor | Blocked;

type Floats = Float32Array | Float64Array;

/** A matrix of zeros in blocks along one dimension. Nothing is left behind when one of them cannot be had. */
export function zerosInBlocks(
  backend: Backend,
  shape: readonly [number, number],
  axis: 0 | 1,
  items: readonly ItemBlock[],
): Blocked {
  const blocks: Tensor[] = [];
  try {
    for (const { count } of items) {
      blocks.push(backend.zeros('f32', axis === 0 ? [count, shape[1]] : [shape[0], count]));
    }
  } catch (error) {
    freeAll(blocks);
    throw error;
  }
  return { shape, size: shape[0] * shape[1], axis, isTurned: false, items, blocks };
}

/** A matrix in one block as the tensor that it is. */
export const plainWhereWhole = (matrix: Blocked): Stored =>
  matrix.blocks.length === 1 ? matrix.blocks[0] : matrix;

const isBlocked = (stored: Stored): stored is Blocked => 'blocks' in stored;

/** As f32: itself where it is, a copy where it is not. */
export const asFloat32 = (values: Floats | Uint32Array): Float32Array =>
  values instanceof Float32Array ? values : Float32Array.from(values);

/** As a model file holds it: u32 as they are, all others as f32. */
export const asStored = (values: Floats | Uint32Array): Float32Array | Uint32Array =>
  values instanceof Uint32Array ? values : asFloat32(values);

/** All numbers of it, row-major, however it lies. No more than one block is held besides. */
export async function readStored(backend: Backend, stored: Stored): Promise<Floats | Uint32Array> {
  if (!isBlocked(stored)) return backend.read(stored);
  const values = backend.precision === 'f64' ? new Float64Array(stored.size) : new Float32Array(stored.size);
  for (const [b, block] of stored.blocks.entries()) {
    copyPart(stored, stored.items[b], (await backend.read(block)) as Floats, values, 'intoWhole');
  }
  return values;
}

/** Overwrites all of it with row-major numbers. */
export function writeStored(backend: Backend, stored: Stored, values: Floats): void {
  if (!isBlocked(stored)) {
    backend.write(stored, values);
    return;
  }
  stored.blocks.forEach((block, b) => {
    const { first, count } = stored.items[b];
    const width = stored.size / stored.shape[stored.axis];
    if (stored.axis === 0) backend.write(block, values.subarray(first * width, (first + count) * width));
    else {
      const part =
        values instanceof Float64Array ? new Float64Array(block.size) : new Float32Array(block.size);
      copyPart(stored, stored.items[b], part, values, 'intoPart');
      backend.write(block, part);
    }
  });
}

/** Copies between the numbers of a block, as they lie there, and those of the whole. */
function copyPart(
  { axis, shape, isTurned }: Blocked,
  { first, count }: ItemBlock,
  part: Floats,
  whole: Floats,
  direction: 'intoWhole' | 'intoPart',
): void {
  if (axis === 0) {
    const width = part.length / count;
    if (direction === 'intoWhole') whole.set(part, first * width);
    else part.set(whole.subarray(first * width, (first + count) * width));
    return;
  }
  const [rows, items] = shape;
  for (let r = 0; r < rows; r++) {
    const at = r * items + first;
    if (isTurned && direction === 'intoWhole')
      for (let i = 0; i < count; i++) whole[at + i] = part[i * rows + r];
    else if (isTurned) for (let i = 0; i < count; i++) part[i * rows + r] = whole[at + i];
    else if (direction === 'intoWhole') whole.set(part.subarray(r * count, (r + 1) * count), at);
    else part.set(whole.subarray(at, at + count), r * count);
  }
}
