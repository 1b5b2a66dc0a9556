import type { Backend, Tensor } from '../backend/backend.js';
import type { ItemBlock } from '../backend/blocks.js';
import type { BatchRows, SparseRows } from '../backend/ops.js';
import { freeAll } from '../backend/sparse.js';
import type { NetworkConfig } from './config.js';
import {
  denseBackward,
  denseInputGrad,
  type InputGrad,
  makeInputGrad,
  tensorsOfInputGrad,
  type Units,
} from './dense.js';
import { blockLoss, lossScale, requireBlockLoss, wholeLoss } from './losses.js';

/** From the last units to the items, in blocks of them. */
export interface OutputLayer {
  readonly items: readonly ItemBlock[];
  /** f32[units, count] a block. */
  readonly weights: readonly Tensor[];
  /** f32[count] a block. */
  readonly bias: readonly Tensor[];
}

/** What a step asks of an output layer. */
export interface OutputStep {
  readonly targets: SparseRows;
  readonly batch: BatchRows;
  /** Rows a batch can hold. */
  readonly capacity: number;
  readonly lossParts: Tensor;
}

interface Space {
  /** f32[batch, count] by count: the blocks of one length share one. */
  readonly logits: ReadonlyMap<number, Tensor>;
  readonly inputGrad: InputGrad;
  /** With several blocks only. */
  readonly sums: BlockSums | undefined;
}

/** What is summed over blocks. */
interface BlockSums {
  /** Parts of the gradient of the last units: those of a block, and of all so far. */
  readonly parts: Tensor;
  readonly total: Tensor;
  /** What softmaxSums finds: f32[batch, 4] */
  readonly softmax: Tensor;
}

type Grads = Pick<OutputLayer, 'weights' | 'bias'>;

/** The output layer over all items: exact losses, in one piece or in two passes over blocks of items. */
export class ExactOutput {
  readonly #spaces = new Map<number, Space>();

  constructor(
    private readonly backend: Backend,
    private readonly config: NetworkConfig,
    private readonly layer: OutputLayer,
  ) {}

  /** Scores f32[batch, count] of the block that begins with `firstItem`. */
  score(hidden: Tensor, scores: Tensor, firstItem: number): void {
    const { items, weights, bias } = this.layer;
    const b = items.findIndex(({ first }) => first === firstItem);
    this.backend.matmulNN({ a: hidden, b: weights[b], bias: bias[b], out: scores, activation: 'linear' });
  }

  /** The gradient that the score of one item gives the sums of the last units. */
  unitGrad(item: number, last: Units): Tensor {
    const { backend } = this;
    const { items, weights } = this.layer;
    const block = items.findLastIndex(({ first }) => first <= item);
    const { first, count } = items[block];
    const [rows] = last.out.shape;
    const chosen = new Float32Array(rows * count);
    for (let row = 0; row < rows; row++) chosen[row * count + item - first] = 1;
    const layer = { weights: weights[block], bias: this.layer.bias[block] };
    return denseInputGrad(backend, layer, last, backend.tensor(chosen, [rows, count]));
  }

  /** Loss and gradients of a batch, into `step.lossParts` and `grads`; returns that for the sums of the last units. */
  gradients(step: OutputStep, last: Units, grads: Grads): Tensor {
    const space = this.#space(step.capacity, last.out.shape[1]);
    if (space.sums) this.#byBlocks(step, last, grads, space, space.sums);
    else {
      const { weights, bias } = this.layer;
      const logits = space.logits.get(this.layer.items[0].count)!;
      this.score(last.out, logits, 0);
      wholeLoss(this.backend, this.config, this.#lossArgs(step, logits));
      const layer = { weights: weights[0], bias: bias[0] };
      const into = { weights: grads.weights[0], bias: grads.bias[0] };
      denseBackward(this.backend, layer, into, last, logits, space.inputGrad);
    }
    return space.inputGrad.out;
  }

  /**
   * Block by block. A softmax takes two passes, for the gradient needs the sums over all items: the logits are worked
   * out again in the second, but for those of the last block of the first, which are still there.
   */
  #byBlocks(step: OutputStep, last: Units, grads: Grads, space: Space, sums: BlockSums): void {
    const { backend, config } = this;
    const { items, weights } = this.layer;
    const isSoftmax = config.loss === 'multinomial';
    const logitsOf = (b: number) => space.logits.get(items[b].count)!;
    if (isSoftmax) {
      items.forEach(({ first: firstItem }, b) => {
        this.score(last.out, logitsOf(b), firstItem);
        backend.softmaxSums({ ...this.#lossArgs(step, logitsOf(b)), sums: sums.softmax, firstItem });
      });
    }
    const order = isSoftmax ? [...items.keys()].reverse() : [...items.keys()];
    order.forEach((b, done) => {
      const { first: firstItem } = items[b];
      const logits = logitsOf(b);
      if (!(isSoftmax && done === 0)) this.score(last.out, logits, firstItem);
      const args = { ...this.#lossArgs(step, logits), firstItem };
      if (isSoftmax) backend.softmaxGrad({ ...args, sums: sums.softmax });
      else blockLoss(backend, config, args);
      backend.matmulNT({ a: logits, b: weights[b], out: done === 0 ? sums.total : sums.parts });
      if (done > 0) backend.accumulate({ input: sums.parts, out: sums.total });
      backend.matmulTN({ a: last.out, b: logits, out: grads.weights[b], sums: grads.bias[b] });
    });
    const { saved, activation } = last;
    backend.reduceActivation({ parts: sums.total, saved, out: space.inputGrad.out, activation });
  }

  #lossArgs({ targets, batch, lossParts }: OutputStep, logits: Tensor) {
    const scale = lossScale(this.config, batch.count, this.#items);
    return { logits, targets, batch, loss: lossParts, scale };
  }

  get #items(): number {
    const last = this.layer.items[this.layer.items.length - 1];
    return last.first + last.count;
  }

  /** LIMIT_EXCEEDED where the loss cannot be worked out in as many blocks as there are. */
  requireTrainable(): void {
    const blocks = this.layer.items.length;
    if (blocks > 1) requireBlockLoss(this.config, this.#items, blocks);
  }

  #space(batch: number, units: number): Space {
    let space = this.#spaces.get(batch);
    if (!space) {
      const { backend } = this;
      const { items } = this.layer;
      const counts = new Set(items.map(({ count }) => count));
      const splits = backend.splits(batch, units, items[0].count);
      const parts = () => backend.zeros('f32', [batch * splits, units]);
      space = {
        logits: new Map([...counts].map((count) => [count, backend.zeros('f32', [batch, count])])),
        // That of several blocks has parts of its own.
        inputGrad: makeInputGrad(backend, batch, units, items.length > 1 ? 1 : items[0].count),
        sums:
          items.length > 1
            ? { parts: parts(), total: parts(), softmax: backend.zeros('f32', [batch, 4]) }
            : undefined,
      };
      this.#spaces.set(batch, space);
    }
    return space;
  }

  endTraining(): void {
    for (const { logits, inputGrad, sums } of this.#spaces.values()) {
      freeAll([...logits.values(), ...tensorsOfInputGrad(inputGrad)]);
      if (sums) freeAll([sums.parts, sums.total, sums.softmax]);
    }
    this.#spaces.clear();
  }
}
