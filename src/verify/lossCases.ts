import type { Backend } from '../backend/backend.js';
import type { LossArgs } from '../backend/ops.js';
import { randomBits } from '../backend/random.js';
import { uploadRows } from '../backend/sparse.js';
import { type KernelCase, outputsOf, STALE, stale } from './case.js';
import { type BatchPlace, numbers, orderOf, randomCsr, uploadBatch } from './inputs.js';
import {
  activatedSquaredErrorBound,
  binaryCrossEntropyBound,
  type LossBound,
  type LossRow,
  softmaxNllBound,
  squaredErrorBound,
} from './lossBounds.js';

type Loss = 'softmaxNll' | 'squaredError' | 'activatedSquaredError' | 'binaryCrossEntropy';

interface LossShape extends BatchPlace {
  readonly name: string;
  readonly batch: number;
  readonly items: number;
  readonly share: number | ((user: number) => number);
  readonly valued?: boolean;
  /** random: in [-3, 3). huge: 1e4, -1e4 and numbers near them. equal: one number. */
  readonly logits?: 'random' | 'huge' | 'equal';
}

interface Options {
  readonly negativeWeight?: number;
  readonly output?: 'softmax' | 'sigmoid';
}

const LOSS_REST = 3;

/** 1/7 is no f32: the scale is rounded on its way to a shader, as in training. */
const SCALE = 1 / 7;

const SHAPES: readonly LossShape[] = [
  one('one user, one item, its target', { items: 1, share: 1 }),
  one('one user, no target, 7 items', { items: 7, share: 0 }),
  one('one user, every item a target, 257 items', { items: 257, share: 1, valued: true }),
  many('33 rows, 65 items', 33, 33, { items: 65, share: 0.2 }),
  many('3 of 5 rows, 30 items, valued', 5, 3, { items: 30, share: 0.4, valued: true }),
  many('5 rows, 1000 items, valued', 5, 5, { items: 1000, share: 0.05, valued: true }),
  many('5 rows, logits at +-1e4', 5, 5, { items: 65, share: 0.3, logits: 'huge' }),
  many('5 rows, all logits equal', 5, 5, { items: 257, share: (user) => (user % 2) * 0.3, logits: 'equal' }),
];
const GENERAL = SHAPES[4];

type Rest = Pick<LossShape, 'items' | 'share' | 'valued' | 'logits'>;

function one(name: string, rest: Rest): LossShape {
  return { name, users: 1, first: 0, count: 1, batch: 1, ...rest };
}

function many(name: string, batch: number, count: number, rest: Rest): LossShape {
  return { name, users: batch + 7, first: 5, count, batch, ...rest };
}

const HUGE = [1e4, -1e4, 9999.5, -9999.5, 9990, 0.25];

function logitsOf({ batch, items, count, logits = 'random' }: LossShape): Float32Array {
  const values = numbers(batch * items, 61, -3, 3);
  if (logits === 'equal') values.fill(1.7);
  if (logits === 'huge') values.set(values.map((_, i) => HUGE[randomBits(62, 0, 0, i) % HUGE.length]));
  // What a padding row holds must not matter.
  return values.fill(STALE, count * items);
}

const targetsOf = (shape: LossShape) => randomCsr(shape.users, shape.items, shape.share, 63, shape.valued);

function lossCase(
  kernel: Loss,
  shape: LossShape,
  options: Options,
  bound: (row: LossRow) => LossBound,
): KernelCase {
  const { batch, items } = shape;
  const { negativeWeight = 1, output = 'softmax' } = options;
  const words = [shape.name, options.output, options.negativeWeight && `w ${negativeWeight}`];
  return {
    kernel,
    name: words.filter(Boolean).join(', '),
    run: (backend) =>
      outputsOf(backend, () => {
        const args: LossArgs = {
          logits: backend.tensor(logitsOf(shape), [batch, items]),
          targets: uploadRows(backend, targetsOf(shape)),
          batch: uploadBatch(backend, shape),
          // Longer than the batch: the rest must keep its values.
          loss: stale(backend, batch + LOSS_REST),
          scale: SCALE,
        };
        launch(backend, kernel, args, negativeWeight, output);
        return { loss: args.loss, grad: args.logits };
      }),
    bound() {
      const loss = new Float64Array(batch + LOSS_REST);
      const grad = new Float64Array(batch * items);
      rowsOf(shape, negativeWeight).forEach((row, b) => {
        const allowed = bound(row);
        loss[b] = allowed.loss;
        grad.set(allowed.grad, b * items);
      });
      return { loss, grad };
    },
  };
}

function launch(
  backend: Backend,
  kernel: Loss,
  args: LossArgs,
  negativeWeight: number,
  output: 'softmax' | 'sigmoid',
) {
  if (kernel === 'squaredError') backend.squaredError({ ...args, negativeWeight });
  else if (kernel === 'activatedSquaredError')
    backend.activatedSquaredError({ ...args, negativeWeight, output });
  else backend[kernel](args);
}

/** The rows of the batch, without the padding. */
function rowsOf(shape: LossShape, negativeWeight: number): LossRow[] {
  const { items, first, count } = shape;
  const csr = targetsOf(shape);
  const logits = logitsOf(shape);
  return Array.from(orderOf(shape).subarray(first, first + count), (user, b) => {
    const targets = new Float32Array(items);
    const stored = new Uint8Array(items);
    for (let e = csr.indptr[user]; e < csr.indptr[user + 1]; e++) {
      targets[csr.indices[e]] = csr.values?.[e] ?? 1;
      stored[csr.indices[e]] = 1;
    }
    return {
      logits: logits.subarray(b * items, (b + 1) * items),
      targets,
      stored,
      scale: SCALE,
      negativeWeight,
    };
  });
}

const squared = (shape: LossShape, negativeWeight?: number): KernelCase =>
  lossCase('squaredError', shape, { negativeWeight }, squaredErrorBound);

const activated = (shape: LossShape, output: 'softmax' | 'sigmoid', negativeWeight?: number): KernelCase =>
  lossCase('activatedSquaredError', shape, { output, negativeWeight }, (row) =>
    activatedSquaredErrorBound(row, output),
  );

export const lossCases: readonly KernelCase[] = [
  ...SHAPES.map((shape) => lossCase('softmaxNll', shape, {}, softmaxNllBound)),
  ...SHAPES.map((shape) => squared(shape)),
  squared(GENERAL, 0.3),
  squared(GENERAL, 0.01),
  squared(GENERAL, 4),
  ...SHAPES.map((shape) => activated(shape, 'softmax')),
  ...SHAPES.map((shape) => activated(shape, 'sigmoid')),
  activated(GENERAL, 'softmax', 0.3),
  activated(GENERAL, 'sigmoid', 0.3),
  ...SHAPES.map((shape) => lossCase('binaryCrossEntropy', shape, {}, binaryCrossEntropyBound)),
];
