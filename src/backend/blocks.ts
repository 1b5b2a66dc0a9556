import { FoldinError } from '../errors.js';
import type { Backend } from './backend.js';

/** Consecutive items whose numbers lie in one tensor. */
export interface ItemBlock {
  readonly first: number;
  readonly count: number;
}

/** Blocks of items begin at multiples of this many, so that kernels keep to whole vec4s and words of bits. */
export const ITEM_BLOCK = 64;

/**
 * All items in as few blocks as hold f32[count, width] and f32[width, count] in one tensor each, all of the same length
 * but the last. LIMIT_EXCEEDED when not even the smallest block does.
 */
export function itemBlocks(backend: Backend, items: number, width: number): ItemBlock[] {
  const most = backend.mostRows(width);
  const fewest = Math.min(items, ITEM_BLOCK);
  if (most < fewest) {
    throw new FoldinError(
      'LIMIT_EXCEEDED',
      `${fewest} items times ${width} numbers are more than one tensor of this device holds (${backend.maxTensorBytes} bytes)`,
      {
        remedy: 'Use a smaller batch (--batch) or smaller hidden layers (--hidden), or another adapter.',
        details: { items, width, limit: backend.maxTensorBytes },
      },
    );
  }
  if (most >= items) return [{ first: 0, count: items }];
  const blocks = Math.ceil(items / (ITEM_BLOCK * Math.floor(most / ITEM_BLOCK)));
  const count = ITEM_BLOCK * Math.ceil(items / blocks / ITEM_BLOCK);
  return Array.from({ length: Math.ceil(items / count) }, (_, i) => ({
    first: i * count,
    count: Math.min(count, items - i * count),
  }));
}
