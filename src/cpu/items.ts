import { NO_ITEM, type Ops, type SparseRows } from '../backend/ops.js';
import { ACTIVATIONS } from './activation.js';
import { keptFactor } from './bag.js';
import { floats, integers } from './tensor.js';

export const bagBlock: Ops['bagBlock'] = (args) => {
  const indptr = integers(args.input.indptr);
  const indices = integers(args.input.indices);
  const values = floats(args.input.values);
  const rows = integers(args.batch.rows);
  const weights = floats(args.weights);
  const bias = floats(args.bias);
  const out = floats(args.out);
  const [items, hidden] = args.weights.shape;
  const activation = ACTIVATIONS[args.isLast ? args.activation : 'linear'];
  const kept = keptFactor(args.dropout);
  const sums = new Float64Array(hidden);

  for (let b = 0; b < args.batch.count; b++) {
    const row = rows[args.batch.first + b];
    sums.set(args.firstItem === 0 ? bias : out.subarray(b * hidden, (b + 1) * hidden));
    for (let e = indptr[row]; e < indptr[row + 1]; e++) {
      const item = indices[e] - args.firstItem;
      if (item < 0 || item >= items) continue;
      const x = values[values.length === 1 ? 0 : e] * kept(b, indices[e]);
      for (let h = 0; h < hidden; h++) sums[h] += x * weights[item * hidden + h];
    }
    for (let h = 0; h < hidden; h++) out[b * hidden + h] = activation(sums[h]);
  }
  out.fill(0, args.batch.count * hidden);
};

/** The targets of a row that are in the block: column of the block and value. */
function* targetsIn(targets: SparseRows, row: number, firstItem: number, items: number) {
  const indptr = integers(targets.indptr);
  const indices = integers(targets.indices);
  const values = floats(targets.values);
  for (let e = indptr[row]; e < indptr[row + 1]; e++) {
    const column = indices[e] - firstItem;
    if (column >= 0 && column < items) yield { column, x: values[values.length === 1 ? 0 : e] };
  }
}

export const softmaxSums: Ops['softmaxSums'] = (args) => {
  const logits = floats(args.logits);
  const sums = floats(args.sums);
  const rows = integers(args.batch.rows);
  const [, items] = args.logits.shape;

  for (let b = 0; b < args.batch.count; b++) {
    const row = logits.subarray(b * items, (b + 1) * items);
    const before = args.firstItem === 0 ? [row[0], 0, 0, 0] : Array.from(sums.subarray(4 * b, 4 * b + 4));
    let [max, sum, total, product] = before;
    for (const z of row) max = Math.max(max, z);
    sum *= Math.exp(before[0] - max);
    for (const z of row) sum += Math.exp(z - max);
    for (const { column, x } of targetsIn(args.targets, rows[args.batch.first + b], args.firstItem, items)) {
      total += x;
      product += x * row[column];
    }
    sums.set([max, sum, total, product], 4 * b);
  }
  sums.fill(0, 4 * args.batch.count);
};

export const softmaxGrad: Ops['softmaxGrad'] = (args) => {
  const logits = floats(args.logits);
  const sums = floats(args.sums);
  const loss = floats(args.loss);
  const rows = integers(args.batch.rows);
  const [batch, items] = args.logits.shape;

  for (let b = 0; b < args.batch.count; b++) {
    const [max, sum, total, product] = sums.subarray(4 * b, 4 * b + 4);
    loss[b] = args.scale * (total * (max + Math.log(sum)) - product);
    const row = Float64Array.from(
      logits.subarray(b * items, (b + 1) * items),
      (z) => (total * Math.exp(z - max)) / sum,
    );
    const place = rows[args.batch.first + b];
    for (const { column, x } of targetsIn(args.targets, place, args.firstItem, items)) row[column] -= x;
    for (let i = 0; i < items; i++) logits[b * items + i] = args.scale * row[i];
  }
  logits.fill(0, args.batch.count * items);
  loss.fill(0, args.batch.count, batch);
};

export const correctLogits: Ops['correctLogits'] = (args) => {
  const logits = floats(args.logits);
  const corrections = floats(args.corrections);
  const rows = integers(args.batch.rows);
  const [, items] = args.logits.shape;

  for (let b = 0; b < args.batch.count; b++) {
    const positives = new Set<number>();
    for (const { column } of targetsIn(args.positives, rows[args.batch.first + b], 0, items)) {
      positives.add(column);
    }
    for (let c = 0; c < items; c++) if (!positives.has(c)) logits[b * items + c] += corrections[c];
  }
};

export const accumulate: Ops['accumulate'] = (args) => {
  const input = floats(args.input);
  const out = floats(args.out);
  for (let i = 0; i < out.length; i++) out[i] += input[i];
};

export const gatherRows: Ops['gatherRows'] = (args) => {
  const input = floats(args.input);
  const items = integers(args.items);
  const out = floats(args.out);
  const [n, width = 1] = args.input.shape;

  for (let e = 0; e < items.length; e++) {
    const row = items[e] - args.firstItem;
    if (items[e] === NO_ITEM) out.fill(0, e * width, (e + 1) * width);
    else if (row >= 0 && row < n) out.set(input.subarray(row * width, (row + 1) * width), e * width);
  }
};

export const adamRows: Ops['adamRows'] = (args) => {
  const param = floats(args.param);
  const grad = floats(args.grad);
  const moment1 = floats(args.moment1);
  const moment2 = floats(args.moment2);
  const items = integers(args.items);
  const { learningRate, beta1, beta2, epsilon, l2, weightDecay } = args;
  const [n, width = 1] = args.param.shape;
  const correction1 = 1 - beta1 ** args.step;
  const correction2 = 1 - beta2 ** args.step;

  for (let e = 0; e < items.length; e++) {
    const row = items[e] - args.firstItem;
    if (row < 0 || row >= n) continue;
    for (let h = 0; h < width; h++) {
      const i = row * width + h;
      const g = grad[e * width + h] + 2 * l2 * param[i];
      const m = beta1 * moment1[i] + (1 - beta1) * g;
      const v = beta2 * moment2[i] + (1 - beta2) * g * g;
      moment1[i] = m;
      moment2[i] = v;
      const step = m / correction1 / (Math.sqrt(v / correction2) + epsilon);
      param[i] -= learningRate * (step + weightDecay * param[i]);
    }
  }
};
