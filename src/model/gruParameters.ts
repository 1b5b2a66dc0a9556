import type { Tensor } from '../backend/backend.js';
import { randomUniform, STREAM } from '../backend/random.js';
import type { GruConfig } from './gruConfig.js';
import type { NamedArrays } from './parameters.js';

/** What the units have learned, or its gradients: f32[embedding, 3 hidden], f32[hidden, 3 hidden], f32[3 hidden] twice. */
export interface GruUnits {
  readonly inputWeights: Tensor;
  readonly stateWeights: Tensor;
  readonly inputBias: Tensor;
  readonly stateBias: Tensor;
}
export const UNIT_NAMES = ['inputWeights', 'stateWeights', 'inputBias', 'stateBias'] as const;

export const unitsOf = (named: (name: (typeof UNIT_NAMES)[number]) => Tensor): GruUnits => ({
  inputWeights: named('inputWeights'),
  stateWeights: named('stateWeights'),
  inputBias: named('inputBias'),
  stateBias: named('stateBias'),
});

/** Shapes by name, in the order of memory: weights, then biases. */
export function gruShapes(
  items: number,
  { hidden, embedding, tied }: GruConfig,
): Map<string, readonly number[]> {
  return new Map<string, readonly number[]>([
    ['embedding', [items, embedding]],
    ['inputWeights', [embedding, 3 * hidden]],
    ['stateWeights', [hidden, 3 * hidden]],
    ...(tied ? [] : ([['outputWeights', [hidden, items]]] as const)),
    ['inputBias', [3 * hidden]],
    ['stateBias', [3 * hidden]],
    ['outputBias', [items]],
  ]);
}

/**
 * Fresh parameters: weights of the units uniform in ±1 / sqrt(hidden), embeddings and output in ±1 / sqrt(their length),
 * biases zero.
 */
export function initialGru(items: number, config: GruConfig, seed: number): NamedArrays {
  return new Map(
    [...gruShapes(items, config)].map(([name, shape], place) => {
      const values = new Float32Array(shape.reduce((size, n) => size * n, 1));
      const bound = (name === 'embedding' ? config.embedding : config.hidden) ** -0.5;
      if (shape.length === 2) {
        for (let i = 0; i < values.length; i++) {
          values[i] = (2 * randomUniform(seed, STREAM.weights, place, i) - 1) * bound;
        }
      }
      return [name, { shape, values }];
    }),
  );
}
