import { randomUniform, STREAM } from '../backend/random.js';
import type { ArraySource } from './parameters.js';

/** Shapes by name, in the order of memory: the weights of all layers, then the biases. */
export function networkShapes(items: number, hidden: readonly number[]): Map<string, readonly number[]> {
  const sizes = layerSizes(items, hidden);
  return new Map<string, readonly number[]>([
    ...sizes.map(([inputs, outputs], l): [string, number[]] => [`W${l + 1}`, [inputs, outputs]]),
    ...sizes.map(([, outputs], l): [string, number[]] => [`b${l + 1}`, [outputs]]),
  ]);
}

/** [inputs, outputs] of each layer. */
export function layerSizes(items: number, hidden: readonly number[]): [number, number][] {
  const sizes = [items, ...hidden, items];
  return sizes.slice(1).map((outputs, l) => [sizes[l], outputs]);
}

/**
 * Fresh weights: uniform in ±sqrt(6 / (inputs + outputs)) (Glorot & Bengio 2010, eq. 16), biases zero;
 * all zero for a linear model, whose loss is convex. Each is made when it is asked for: those of a large catalogue take
 * hundreds of megabytes.
 */
export function initialWeights(items: number, hidden: readonly number[], seed: number): ArraySource {
  const shapes = networkShapes(items, hidden);
  return {
    get(name) {
      const shape = shapes.get(name);
      if (!shape) return undefined;
      const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
      if (shape.length === 2 && hidden.length > 0) {
        const bound = Math.sqrt(6 / (shape[0] + shape[1]));
        const layer = Number(name.slice(1)) - 1;
        for (let i = 0; i < values.length; i++) {
          values[i] = (2 * randomUniform(seed, STREAM.weights, layer, i) - 1) * bound;
        }
      }
      return { shape, values };
    },
  };
}
