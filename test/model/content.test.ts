import { describe, expect, it } from 'vitest';
import { consecutive, uploadRows } from '../../src/backend/sparse.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { type Csr, csrFromRows, selectColumns } from '../../src/data/csr.js';
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

/** What is known of the users: nothing of one of them. */
const traits = randomCsr(6, 4, (user) => (user === 1 ? 0 : 0.6), 35, true);

describe.each([
  [0, undefined],
  [0.4, undefined],
  [0, traits],
  [0.4, traits],
])('gradients of the whole model, dropout %d, traits %o', (dropout, known) => {
  it('against central differences', async () => {
    const liveBefore = backend.liveBytes;
    const histories = { ...train, ...(known && { traits: known }) };
    const model = createContent(backend, histories, { factors: 3, dropout, features }, 5);
    expect([...model.parameters.names]).toEqual(known ? ['P', 'Q', 'U', 'b'] : ['P', 'Q', 'b']);
    const step = oneStep(backend, model, histories, 1);
    await expectModelGradients(backend, model.parameters, step.loss);
    model.dispose();
    step.free();
    expect(backend.liveBytes).toBe(liveBefore);
  });
});

it('scores by the formula: (b + sum x P f) . Q f, nobody by b alone', async () => {
  const config = { factors: 3, dropout: 0.5, width: 5, userWidth: 0 };
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

it('adds what is known of somebody, who then need have done nothing', async () => {
  const config = { factors: 3, dropout: 0.5, width: 5, userWidth: 4 };
  const initial = initialContent(config, 3);
  const model = new Content(backend, config, features, initial);
  const scoresOf = async (histories: Csr) => {
    const input = uploadRows(backend, histories, model.inputValues(histories));
    const scores = backend.zeros('f32', [histories.rows, items]);
    const rows = consecutive(backend, histories.rows);
    model.score(input, { rows, first: 0, count: histories.rows }, scores);
    const found = await backend.read(scores);
    for (const made of [input, scores, rows]) made.free();
    return Array.from({ length: histories.rows }, (_, row) => found.slice(row * items, (row + 1) * items));
  };
  const histories = csrFromRows([[], [1, 6], [], [1, 6]], items);
  const known = csrFromRows([[], [], [0, 3], [0, 3]], 4, [[], [], [0.5, -2], [0.5, -2]]);
  const found = await scoresOf({ ...histories, traits: known });
  const plain = await scoresOf(histories);
  expect(found[0]).toEqual(plain[0]);
  expect(found[1]).toEqual(plain[1]);
  const u = initial.get('U')!.values;
  const q = initial.get('Q')!.values;
  for (let item = 0; item < items; item++) {
    let added = 0;
    for (let e = features.indptr[item]; e < features.indptr[item + 1]; e++) {
      for (let h = 0; h < 3; h++) {
        const user = 0.5 * u[h] - 2 * u[3 * 3 + h];
        added += user * features.values![e] * q[features.indices[e] * 3 + h];
      }
    }
    // Nothing is known of some items.
    expect(added === 0).toBe(features.indptr[item] === features.indptr[item + 1]);
    for (const row of [2, 3]) expect(found[row][item] - plain[row][item]).toBeCloseTo(added, 9);
  }
  const unequal = { ...histories, traits: csrFromRows([[], [], [0], [0]], 3) };
  expect(() => model.inputValues(unequal)).toThrow(
    expect.objectContaining({ code: 'SHAPE_MISMATCH', message: expect.stringMatching(/3 numbers.*on 4/) }),
  );
  model.dispose();
});

it.each([
  ['SHAPE_MISMATCH', '3 users were given for 6', csrFromRows([[0], [1], []], 2)],
  ['DIVERGED', 'hold NaN', { ...traits, values: traits.values!.map(() => Number.NaN) }],
] as const)('%s where traits make no sense: %s', (code, message, known) => {
  expect(() =>
    createModel('content', backend, { train: { ...train, traits: known }, config: { features }, seed: 1 }),
  ).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
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
