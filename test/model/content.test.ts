import { describe, expect, it } from 'vitest';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { csrFromRows, selectColumns } from '../../src/data/csr.js';
import { Content, createContent, initialContent } from '../../src/model/content.js';
import { CONTENT_DEFAULTS } from '../../src/model/contentConfig.js';
import { createModel } from '../../src/model/registry.js';
import { randomCsr } from '../../src/verify/inputs.js';
import { worst } from './dense.js';
import { expectModelGradients } from './modelGradients.js';
import { oneStep } from './oneStep.js';

const backend = createCpuBackend({ precision: 'f64' });
const items = 7;
/** Nobody has the last item. */
const train = selectColumns(
  { ...randomCsr(6, items - 1, (user) => (user === 4 ? 0 : 0.5), 31), columns: items },
  Uint32Array.from({ length: items }, (_, i) => i),
);
const features = randomCsr(items, 5, (item) => (item === 2 ? 0 : 0.6), 33, true);

describe.each([0, 0.4])('gradients of the whole model, dropout %d', (dropout) => {
  it('against central differences', async () => {
    const liveBefore = backend.liveBytes;
    const model = createContent(backend, train, { factors: 3, dropout, features }, 5);
    const step = oneStep(backend, model, train, 1);
    await expectModelGradients(backend, model.parameters, step.loss);
    model.dispose();
    step.free();
    expect(backend.liveBytes).toBe(liveBefore);
  });
});

it('scores by the formula: (b + sum x P f) . Q f, nobody by b alone', async () => {
  const config = { factors: 3, dropout: 0.5, width: 5 };
  const initial = new Map(initialContent(config, 3));
  initial.set('b', { shape: [3], values: Float32Array.of(0.5, -1, 2) });
  const model = new Content(backend, config, features, initial);
  const f = Array.from({ length: items }, (_, item) => {
    const row = new Array<number>(5).fill(0);
    for (let e = features.indptr[item]; e < features.indptr[item + 1]; e++)
      row[features.indices[e]] = features.values![e];
    return row;
  });
  const mapped = (name: string, row: number[]) =>
    [0, 1, 2].map((h) => row.reduce((sum, x, w) => sum + x * initial.get(name)!.values[3 * w + h], 0));
  const histories = csrFromRows([[], [1, 6], [0, 2, 3, 4]], items);
  const expected = [[], [1, 6], [0, 2, 3, 4]].flatMap((history) => {
    const user = [0.5, -1, 2].map(
      (b, h) =>
        b + history.reduce((sum, item) => sum + mapped('P', f[item])[h] / Math.sqrt(history.length), 0),
    );
    return f.map((row) => mapped('Q', row).reduce((sum, q, h) => sum + q * user[h], 0));
  });
  const input = uploadRows(backend, histories, model.inputValues(histories));
  const rows = consecutive(backend, 3);
  const scores = backend.zeros('f32', [3, items]);
  model.score(input, { rows, first: 0, count: 3 }, scores);
  expect(worst(await backend.read(scores), expected)).toBeLessThan(1e-6);
  model.dispose();
});

it('an item that nobody has is not taught to be bad: where it is like another, it is scored like it', async () => {
  const twin = csrFromRows([[0], [1], [0]], 2);
  const model = createContent(
    backend,
    csrFromRows([[0], [0, 1], [1]], 3),
    { ...CONTENT_DEFAULTS, features: twin },
    1,
  );
  const histories = csrFromRows([[1]], 3);
  const input = uploadRows(backend, histories, model.inputValues(histories));
  const rows = consecutive(backend, 1);
  const scores = backend.zeros('f32', [1, 3]);
  model.score(input, { rows, first: 0, count: 1 }, scores);
  const found = await backend.read(scores);
  expect(found[2]).toBe(found[0]);
  model.dispose();
});

it.each([
  ['CONFIG', 'nothing is known', {}],
  ['SHAPE_MISMATCH', '3 items were given for 7', { features: csrFromRows([[0], [1], []], 2) }],
  ['DIVERGED', 'hold NaN', { features: { ...features, values: features.values!.map(() => Number.NaN) } }],
  ['CONFIG', 'factors', { features, factors: 0 }],
  ['CONFIG', 'dropout', { features, dropout: 1 }],
] as const)('%s where features or options make no sense: %s', (code, message, config) => {
  expect(() => createModel('content', backend, { train, config, seed: 1 })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});
