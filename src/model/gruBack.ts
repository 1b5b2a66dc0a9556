import type { Backend, Tensor } from '../backend/backend.js';
import type { BatchRows, SparseRows } from '../backend/ops.js';
import { type FirstLayer, inputGradients } from './firstLayer.js';
import type { GruUnits } from './gruParameters.js';
import type { GruBackSpace, GruSpace } from './gruSpace.js';
import type { Packing } from './packing.js';

/** What going back through time takes. */
export type TimeBackSpace = Pick<
  GruBackSpace,
  'outGrad' | 'carried' | 'inputGrad' | 'recurrentGrad' | 'weightsT'
>;

/**
 * Through all steps from the last to the first, after the units ran over them from the beginning of `space`: from
 * `outGrad`, the gradient of the states, to `inputGrad` and `recurrentGrad`, see Ops.gruGatesBackward.
 */
export function backThroughTime(
  backend: Backend,
  { steps, positions }: Packing,
  stateWeights: Tensor,
  space: Pick<GruSpace, 'gates' | 'recurrent' | 'previous'>,
  back: TimeBackSpace,
): void {
  const slice = (tensor: Tensor) => backend.slice(tensor, 0, positions);
  backend.transpose({ input: stateWeights, out: back.weightsT });
  const tensors = {
    gates: slice(space.gates),
    recurrent: slice(space.recurrent),
    previous: slice(space.previous),
    outGrad: slice(back.outGrad),
    weightsT: back.weightsT,
    inputGrad: slice(back.inputGrad),
    recurrentGrad: slice(back.recurrentGrad),
    carried: slice(back.carried),
  };
  for (let t = steps.length - 1; t >= 0; t--) {
    const next = t + 1 < steps.length ? steps[t + 1] : { first: 0, count: 0 };
    backend.gruGatesBackward({
      ...tensors,
      ...steps[t],
      nextFirst: next.first,
      nextCount: Math.min(steps[t].count, next.count),
    });
  }
}

/** Units that have run over all positions of `packing`, and what they are made of. */
export interface RunUnits {
  readonly packing: Packing;
  /** A row an entry: where embeddings and their multipliers are. */
  readonly inputs: SparseRows;
  /** All positions: the entry at each. */
  readonly batch: BatchRows;
  /** u32: 0, 1, 2, ... */
  readonly numbers: Tensor;
  readonly space: GruSpace;
  readonly embedding: FirstLayer;
  readonly cells: GruUnits;
}

/** A row of f32[items, hidden]. */
export interface OutputRow {
  readonly rows: Tensor;
  readonly row: number;
}

/**
 * How the score of an item, whose row of the output's weights is given, changes with what each entry's embedding is
 * multiplied by: out f32[entries] of those there.
 */
export function multiplierGradients(backend: Backend, units: RunUnits, output: OutputRow, out: Tensor): void {
  const { packing, inputs, batch, numbers, space, embedding, cells } = units;
  const { positions, steps } = packing;
  const { first: final, count } = steps[steps.length - 1];
  const [width, hidden] = [embedding.bias.size, output.rows.shape[1]];
  backend.scope(() => {
    const zeros = (columns: number) => backend.zeros('f32', [positions, columns]);
    const back = {
      outGrad: zeros(hidden),
      carried: zeros(hidden),
      inputGrad: zeros(3 * hidden),
      recurrentGrad: zeros(3 * hidden),
      weightsT: backend.zeros('f32', [3 * hidden, hidden]),
    };
    // The last states have that row as their gradient; the others are not looked at by the score.
    backend.bagForward({
      input: {
        indptr: backend.tensor(Uint32Array.from({ length: positions + 1 }, (_, p) => Math.max(0, p - final))),
        indices: backend.tensor(new Uint32Array(count).fill(output.row)),
        values: backend.tensor([1]),
      },
      batch: { rows: numbers, first: 0, count: positions },
      weights: output.rows,
      bias: backend.zeros('f32', [hidden]),
      out: back.outGrad,
      activation: 'linear',
      dropout: { rate: 0, seed: 0, step: 0 },
    });
    backThroughTime(backend, packing, cells.stateWeights, space, back);
    const outGrad = zeros(width);
    backend.matmulNT({ a: back.inputGrad, b: cells.inputWeights, out: outGrad });
    inputGradients(backend, embedding, { places: inputs, batch, outGrad, out });
  });
}
