import type { Backend, Tensor } from '../backend/backend.js';
import type { Activation } from '../backend/ops.js';
import { freeAll } from '../backend/sparse.js';
import {
  type DenseLayer,
  denseBackward,
  denseForward,
  denseInputGrad,
  fillUnits,
  type InputGrad,
  makeInputGrad,
  makeUnits,
  tensorsOfInputGrad,
  tensorsOfUnits,
  type Units,
} from './dense.js';

/** The hidden layers of a network over items: the first is sparse and not its business, the others are dense. */
export class HiddenLayers {
  readonly #units = new Map<number, readonly Units[]>();
  /** By batch: on the way to the sums of each hidden layer but the last, whose gradient the output leaves. */
  readonly #inputGrads = new Map<number, readonly InputGrad[]>();

  constructor(
    private readonly backend: Backend,
    private readonly sizes: readonly number[],
    private readonly activation: Activation,
    /** From hidden layer l to l + 1, at place l. */
    private readonly layers: readonly DenseLayer[],
  ) {}

  /** Runs all hidden layers, the first by `first`; the units of the last. */
  forward(batch: number, first: (out: Tensor, activation: Activation) => void): Units {
    const units = this.#workspace(batch);
    fillUnits(this.backend, units[0], first);
    this.layers.forEach((layer, l) => {
      denseForward(this.backend, layer, units[l].out, units[l + 1]);
    });
    return units[units.length - 1];
  }

  /**
   * From the gradient for the sums of the last layer down to that of the first's, which is returned. `grads` lie as the
   * layers do.
   */
  backward(batch: number, grads: readonly DenseLayer[], lastGrad: Tensor): Tensor {
    const units = this.#workspace(batch);
    const inputGrads = this.#backward(batch);
    let outGrad = lastGrad;
    for (let l = this.layers.length - 1; l >= 0; l--) {
      outGrad = denseBackward(this.backend, this.layers[l], grads[l], units[l], outGrad, inputGrads[l]);
    }
    return outGrad;
  }

  /** The same in new tensors, without the gradients of the layers. */
  inputGrad(batch: number, lastGrad: Tensor): Tensor {
    const units = this.#workspace(batch);
    let outGrad = lastGrad;
    for (let l = this.layers.length - 1; l >= 0; l--) {
      outGrad = denseInputGrad(this.backend, this.layers[l], units[l], outGrad);
    }
    return outGrad;
  }

  #workspace(batch: number): readonly Units[] {
    let units = this.#units.get(batch);
    if (!units) {
      units = this.sizes.map((size) => makeUnits(this.backend, batch, size, this.activation));
      this.#units.set(batch, units);
    }
    return units;
  }

  #backward(batch: number): readonly InputGrad[] {
    let grads = this.#inputGrads.get(batch);
    if (!grads) {
      const { sizes } = this;
      grads = this.layers.map((_, l) => makeInputGrad(this.backend, batch, sizes[l], sizes[l + 1]));
      this.#inputGrads.set(batch, grads);
    }
    return grads;
  }

  endTraining(): void {
    for (const grads of this.#inputGrads.values()) freeAll(grads.flatMap(tensorsOfInputGrad));
    this.#inputGrads.clear();
  }

  dispose(): void {
    this.endTraining();
    for (const units of this.#units.values()) freeAll(units.flatMap(tensorsOfUnits));
    this.#units.clear();
  }
}
