import type { Backend, Tensor } from '../backend/backend.js';
import type { SparseRows } from '../backend/ops.js';
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
  /** u32[positions]: the entry at each position. */
  readonly rows: Tensor;
  /** u32: 0, 1, 2, ... */
  readonly numbers: Tensor;
  readonly space: GruSpace;
  /** See Gru.tensors. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** How the score of an item changes with what each entry's embedding is multiplied by: out f32[entries] of those there. */
export function multiplierGradients(backend: Backend, units: RunUnits, item: number, out: Tensor): void {
  const { packing, inputs, rows, numbers, space, tensors } = units;
  const [embedding, inputWeights, stateWeights] = ['embedding', 'inputWeights', 'stateWeights'].map(
    (name) => tensors.get(name)!,
  );
  const outputWeights = tensors.get('outputWeights');
  const { positions, steps } = packing;
  const { first: final, count } = steps[steps.length - 1];
  const hidden = stateWeights.shape[0];
  backend.scope(() => {
    const zeros = (columns: number) => backend.zeros('f32', [positions, columns]);
    const back = {
      outGrad: zeros(hidden),
      carried: zeros(hidden),
      inputGrad: zeros(3 * hidden),
      recurrentGrad: zeros(3 * hidden),
      weightsT: backend.zeros('f32', [3 * hidden, hidden]),
    };
    // The last states have the item's output weights as their gradient; the others are not looked at by the score.
    let weights = embedding;
    if (outputWeights) {
      weights = backend.zeros('f32', [embedding.shape[0], hidden]);
      backend.transpose({ input: outputWeights, out: weights });
    }
    backend.bagForward({
      input: {
        indptr: backend.tensor(Uint32Array.from({ length: positions + 1 }, (_, p) => Math.max(0, p - final))),
        indices: backend.tensor(new Uint32Array(count).fill(item)),
        values: backend.tensor([1]),
      },
      batch: { rows: numbers, first: 0, count: positions },
      weights,
      bias: backend.zeros('f32', [hidden]),
      out: back.outGrad,
      activation: 'linear',
      dropout: { rate: 0, seed: 0, step: 0 },
    });
    backThroughTime(backend, packing, stateWeights, space, back);
    const outGrad = zeros(embedding.shape[1]);
    backend.matmulNT({ a: back.inputGrad, b: inputWeights, out: outGrad });
    const batch = { rows, first: 0, count: positions };
    backend.bagInputGrad({ places: inputs, batch, weights: embedding, outGrad, out });
  });
}
