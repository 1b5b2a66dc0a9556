import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import type { ItemBlock } from '../backend/blocks.js';
import { type Blocked, type Stored, writeStored } from '../backend/stored.js';
import { FoldinError } from '../errors.js';
import type { ArraySource } from './parameters.js';

/** How a parameter that runs over items is cut: along which dimension, and whether its blocks lie the other way. */
export interface Cut {
  readonly axis: 0 | 1;
  readonly isTurned: boolean;
}

/** Where the parts of a group belong: one name a part, in the order of memory; blocks of one name follow each other. */
export interface PartNames {
  readonly names: readonly string[];
  /** Of the names that lie in blocks: all but their tensors. */
  readonly blocked?: ReadonlyMap<string, Omit<Blocked, 'blocks'>>;
}

/** The parts of a group laid out as `names` says, by name. */
export function byName({ names, blocked }: PartNames, parts: readonly Tensor[]): Map<string, Stored> {
  const stored = new Map<string, Stored>();
  names.forEach((name, i) => {
    const known = stored.get(name) as Blocked | undefined;
    const layout = blocked?.get(name);
    if (!layout) stored.set(name, parts[i]);
    else stored.set(name, { ...layout, blocks: [...(known?.blocks ?? []), parts[i]] });
  });
  return stored;
}

/**
 * All parameters in the order of `shapes`, those of `cuts` in blocks of items, with these values. SHAPE_MISMATCH, with
 * nothing left behind, when one is missing or has another shape.
 */
export function blockedGroup(
  backend: Backend,
  shapes: ReadonlyMap<string, readonly number[]>,
  initial: ArraySource,
  items: readonly ItemBlock[],
  cuts: ReadonlyMap<string, Cut>,
): { readonly values: TensorGroup; readonly layout: PartNames; readonly tensors: Map<string, Stored> } {
  const names: string[] = [];
  const blocked = new Map<string, Omit<Blocked, 'blocks'>>();
  const partShapes: (readonly number[])[] = [];
  for (const [name, shape] of shapes) {
    const cut = cuts.get(name);
    if (!cut) {
      names.push(name);
      partShapes.push(shape);
      continue;
    }
    const size = shape.reduce((product, n) => product * n, 1);
    blocked.set(name, { shape, size, items, ...cut });
    for (const { count } of items) {
      names.push(name);
      partShapes.push(partShape(shape, cut, count));
    }
  }
  const layout = { names, blocked };
  const values = backend.group(partShapes);
  const tensors = byName(layout, values.parts);
  try {
    for (const [name, stored] of tensors) {
      const array = initial.get(name);
      if (array?.shape.join() !== stored.shape.join()) {
        throw new FoldinError(
          'SHAPE_MISMATCH',
          `${name} should be f32[${stored.shape}], got [${array?.shape ?? 'nothing'}]`,
          { remedy: 'Load a model with the configuration it was saved with.' },
        );
      }
      writeStored(backend, stored, array.values);
    }
  } catch (error) {
    values.whole.free();
    throw error;
  }
  return { values, layout, tensors };
}

function partShape(shape: readonly number[], { axis, isTurned }: Cut, count: number): number[] {
  const part = shape.map((n, dimension) => (dimension === axis ? count : n));
  return isTurned ? part.reverse() : part;
}
