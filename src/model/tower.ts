import type { Backend, Tensor } from '../backend/backend.js';
import type { Activation } from '../backend/ops.js';
import { freeAll } from '../backend/sparse.js';
import {
  type DenseLayer,
  denseBackward,
  denseForward,
  denseInputGrad,
  type InputGrad,
  makeInputGrad,
  makeUnits,
  tensorsOfInputGrad,
  tensorsOfUnits,
  type Units,
} from './dense.js';

/** Dense layers over so many rows, from units that somebody else fills to one number a row. */
export class Tower {
  /** What goes in, and what the layers put out but for the last. */
  readonly units: readonly Units[];
  /** f32[capacity, 1] */
  readonly logits: Units;
  #inputGrads: readonly InputGrad[] | undefined;

  constructor(
    private readonly backend: Backend,
    readonly capacity: number,
    /** The last has one output. */
    private readonly layers: readonly DenseLayer[],
    activation: Activation,
  ) {
    this.units = layers.map(({ weights }) => makeUnits(backend, capacity, weights.shape[0], activation));
    this.logits = makeUnits(backend, capacity, 1, 'linear');
  }

  /** Fills `logits`. */
  forward(): void {
    this.layers.forEach((layer, l) => {
      denseForward(this.backend, layer, this.units[l].out, this.units[l + 1] ?? this.logits);
    });
  }

  /**
   * From the gradient for the logits, which stands in them, that for the sums of the first units, f32[capacity, units];
   * fills `grads` of the layers where given.
   */
  backward(grads?: readonly DenseLayer[]): Tensor {
    const { backend, layers, units, capacity } = this;
    this.#inputGrads ??= layers.map(({ weights: { shape } }) =>
      makeInputGrad(backend, capacity, shape[0], shape[1]),
    );
    let outGrad = this.logits.out;
    for (let l = layers.length - 1; l >= 0; l--) {
      const into = this.#inputGrads[l];
      outGrad = grads
        ? denseBackward(backend, layers[l], grads[l], units[l], outGrad, into)
        : denseInputGrad(backend, layers[l], units[l], outGrad, into);
    }
    return outGrad;
  }

  dispose(): void {
    freeAll([...this.units, this.logits].flatMap(tensorsOfUnits));
    freeAll((this.#inputGrads ?? []).flatMap(tensorsOfInputGrad));
  }
}
