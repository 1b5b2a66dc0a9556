import type { Backend, Tensor, TensorGroup } from '../backend/backend.js';
import { FoldinError } from '../errors.js';

export interface NamedArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array | Float64Array;
}

/** Numbers by name, as the model file holds them. */
export type NamedArrays = ReadonlyMap<string, NamedArray>;

/** Where the first numbers of parameters come from: a model file, or a rule that makes them when they are asked for. */
export interface ArraySource {
  get(name: string): NamedArray | undefined;
}

/**
 * All parameters in one piece of memory, in the order of `shapes`, with these values. SHAPE_MISMATCH, with nothing left
 * behind, when one is missing or has another shape.
 */
export function parameterGroup(
  backend: Backend,
  shapes: ReadonlyMap<string, readonly number[]>,
  initial: ArraySource,
): { readonly values: TensorGroup; readonly tensors: Map<string, Tensor> } {
  const values = backend.group([...shapes.values()]);
  const tensors = new Map<string, Tensor>();
  try {
    [...shapes].forEach(([name, shape], i) => {
      const array = initial.get(name);
      if (array?.shape.join() !== shape.join()) {
        throw new FoldinError(
          'SHAPE_MISMATCH',
          `${name} should be f32[${shape}], got [${array?.shape ?? 'nothing'}]`,
          { remedy: 'Load a model with the configuration it was saved with.' },
        );
      }
      backend.write(values.parts[i], array.values);
      tensors.set(name, values.parts[i]);
    });
  } catch (error) {
    values.whole.free();
    throw error;
  }
  return { values, tensors };
}
