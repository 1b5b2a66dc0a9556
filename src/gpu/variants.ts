import type { Family } from './family.js';

/** One way to compute the dense products: what it fixes in the shaders, and the outputs of a workgroup. */
export interface Variant {
  readonly family: Family;
  readonly constants: Readonly<Record<'tile' | 'threads' | 'side4' | 'depth4' | 'block4', number>>;
  readonly rows: number;
  readonly columns: number;
}

/** Tiles of `side` x `side` outputs, blocks of `block` x `block` a thread, `depth` terms staged at a time. */
const tiles = (side: number, block: number, depth: number): Variant => ({
  family: 'tile',
  constants: {
    tile: 1,
    threads: (side / block) ** 2,
    side4: side / 4,
    depth4: depth / 4,
    block4: block / 4,
  },
  rows: side,
  columns: side,
});

/**
 * Every way, by the name under which a model remembers it. Each keeps to the limits that every adapter has:
 * 256 threads and 16 KiB of workgroup memory.
 */
export const VARIANTS = {
  /** 8 threads with 8 x 4 outputs each at a time, no barriers. */
  register: {
    family: 'register',
    constants: { tile: 0, threads: 8, side4: 1, depth4: 1, block4: 1 },
    rows: 8,
    columns: 32,
  },
  'tile-32-4-8': tiles(32, 4, 8),
  'tile-32-4-16': tiles(32, 4, 16),
  'tile-64-8-8': tiles(64, 8, 8),
  'tile-64-4-16': tiles(64, 4, 16),
} satisfies Record<string, Variant>;

export type VariantName = keyof typeof VARIANTS;
export const VARIANT_NAMES = Object.keys(VARIANTS) as readonly VariantName[];

/** What nothing was measured for: 4 x 4 outputs a thread do well on GPUs of every vendor. */
export const DEFAULT_VARIANT: Record<Family, VariantName> = { tile: 'tile-32-4-8', register: 'register' };

/** Sums in flight that keep the device busy: many threads on a GPU, a few workgroups on two cores. */
const BUSY_THREADS: Record<Family, number> = { tile: 8192, register: 1024 };

/** So many workgroups of register blocks keep a few cores busy to the end. */
const BUSY_GROUPS = 16;

/** Workgroups in x and y that cover rows x columns outputs in so many parts, and how many of the rows each of them does. */
export function cover(
  variant: Variant,
  rows: number,
  columns: number,
  parts = 1,
): { workgroups: [number, number]; rowsOfGroup: number } {
  const x = Math.ceil(columns / variant.columns);
  const least = Math.ceil(rows / variant.rows);
  // What a register block has read of the columns serves all rows of its workgroup: the more the better, once every core is busy.
  const y = variant.family === 'tile' ? least : Math.min(least, Math.ceil(BUSY_GROUPS / (x * parts)));
  const rowsOfGroup = variant.rows * Math.ceil(least / y);
  return { workgroups: [x, Math.ceil(rows / rowsOfGroup)], rowsOfGroup };
}

/**
 * Into how many parts a sum over `depth` terms is cut so that rows x columns of them keep the device busy; every
 * part is left at least 64 terms.
 */
export function partsFor(variant: Variant, rows: number, columns: number, depth: number): number {
  const outputsOfThread = (variant.rows * variant.columns) / variant.constants.threads;
  const threads = (Math.ceil(rows / 8) * Math.ceil(columns / 8) * 64) / outputsOfThread;
  const wanted = Math.ceil(BUSY_THREADS[variant.family] / threads);
  return Math.max(1, Math.min(wanted, Math.floor(depth / 64)));
}
