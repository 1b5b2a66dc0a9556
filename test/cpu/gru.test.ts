import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/backend/backend.js';
import { createCpuBackend } from '../../src/cpu/backend.js';
import { dot, doubles, expectGradient } from './differences.js';

const backend = createCpuBackend({ precision: 'f64' });

/** Four steps of sequences that begin at steps 0, 0, 2 and 3 and end together; then two that end early. */
const ENDING_TOGETHER = [2, 2, 3, 4];
const ENDING_EARLY = [4, 3, 1];
const hidden = 3;

interface Inputs {
  readonly inputGates: Float64Array;
  readonly weights: Float64Array;
  readonly bias: Float64Array;
}

const made = (counts: readonly number[], by: (tensors: Record<string, Tensor>) => Tensor[]) => {
  const positions = counts.reduce((sum, n) => sum + n, 0);
  return backend.scope(() => {
    const tensors = Object.fromEntries([
      ...['states', 'recurrent', 'previous', 'carried'].map((name) => [
        name,
        backend.zeros('f32', [positions, hidden]),
      ]),
      ...['gates', 'inputGrad', 'recurrentGrad'].map((name) => [
        name,
        backend.zeros('f32', [positions, 3 * hidden]),
      ]),
    ]) as Record<string, Tensor>;
    return by(tensors);
  });
};

const firsts = (counts: readonly number[]): number[] =>
  counts.map((_, t) => counts.slice(0, t).reduce((sum, n) => sum + n, 0));

function forward(
  counts: readonly number[],
  { inputGates, weights, bias }: Inputs,
  all: Record<string, Tensor>,
) {
  const { states, gates, recurrent, previous } = all;
  const [positions] = states.shape;
  const first = firsts(counts);
  counts.forEach((count, t) => {
    backend.gruGatesForward({
      inputGates: backend.tensor(inputGates, [positions, 3 * hidden]),
      weights: backend.tensor(weights, [hidden, 3 * hidden]),
      bias: backend.tensor(bias),
      states,
      gates,
      recurrent,
      previous,
      first: first[t],
      count,
      previousFirst: t === 0 ? 0 : first[t - 1],
      previousCount: t === 0 ? 0 : Math.min(count, counts[t - 1]),
    });
  });
}

describe.each([
  ['sequences that end together', ENDING_TOGETHER],
  ['sequences that begin together', ENDING_EARLY],
])('gated recurrent units: %s', (_, counts) => {
  const positions = counts.reduce((sum, n) => sum + n, 0);
  const inputs: Inputs = {
    inputGates: doubles(positions * 3 * hidden, 1),
    weights: doubles(hidden * 3 * hidden, 2),
    bias: doubles(3 * hidden, 3),
  };
  const outGrad = doubles(positions * hidden, 4);

  const loss = async (changed: Partial<Inputs>): Promise<number> => {
    const [states] = made(counts, (all) => {
      forward(counts, { ...inputs, ...changed }, all);
      return [all.states];
    });
    const found = await backend.read(states);
    states.free();
    return dot(found, outGrad);
  };

  it('through time: the gradients of inputs, weights and biases', async () => {
    const grads = made(counts, (all) => {
      forward(counts, inputs, all);
      const { gates, recurrent, previous, inputGrad, recurrentGrad, carried } = all;
      const weightsT = backend.zeros('f32', [3 * hidden, hidden]);
      backend.transpose({ input: backend.tensor(inputs.weights, [hidden, 3 * hidden]), out: weightsT });
      const first = firsts(counts);
      for (let t = counts.length - 1; t >= 0; t--) {
        const isLast = t === counts.length - 1;
        backend.gruGatesBackward({
          gates,
          recurrent,
          previous,
          outGrad: backend.tensor(outGrad, [positions, hidden]),
          weightsT,
          inputGrad,
          recurrentGrad,
          carried,
          first: first[t],
          count: counts[t],
          nextFirst: isLast ? 0 : first[t + 1],
          nextCount: isLast ? 0 : Math.min(counts[t], counts[t + 1]),
        });
      }
      const [out, sums] = [backend.zeros('f32', [hidden, 3 * hidden]), backend.zeros('f32', [3 * hidden])];
      backend.matmulTN({ a: previous, b: recurrentGrad, out, sums });
      return [inputGrad, out, sums];
    });
    const [ofInputs, ofWeights, ofBias] = await Promise.all(grads.map((tensor) => backend.read(tensor)));
    await expectGradient((x) => loss({ inputGates: x }), inputs.inputGates, ofInputs);
    await expectGradient((x) => loss({ weights: x }), inputs.weights, ofWeights);
    await expectGradient((x) => loss({ bias: x }), inputs.bias, ofBias);
  });
});

describe('what goes with them', () => {
  it('a step from nothing is the formula, by hand', async () => {
    const x = [0.3, -0.2, 0.5];
    const b = [0.1, 0.2, -0.4];
    const [states, previous] = made([1], (all) => {
      const { states, gates, recurrent, previous } = all;
      const one = [x, b].map(([r, z, n]) => [r, r, r, z, z, z, n, n, n]);
      backend.gruGatesForward({
        inputGates: backend.tensor(one[0], [1, 9]),
        weights: backend.tensor(doubles(27, 5), [3, 9]),
        bias: backend.tensor(one[1]),
        states,
        gates,
        recurrent,
        previous,
        first: 0,
        count: 1,
        previousFirst: 0,
        previousCount: 0,
      });
      return [states, previous];
    });
    const sigmoid = (y: number) => 1 / (1 + Math.exp(-y));
    const z = sigmoid(x[1] + b[1]);
    const n = Math.tanh(x[2] + sigmoid(x[0] + b[0]) * b[2]);
    for (const h of await backend.read(states)) expect(h).toBeCloseTo((1 - z) * n, 14);
    expect([...(await backend.read(previous))]).toEqual([0, 0, 0]);
  });

  it('dropout leaves out the share it says, scales the rest, and does the same to a gradient', async () => {
    const run = async (values: Float64Array, step: number) => {
      const tensor = backend.tensor(values, [100, 40]);
      backend.dropout({ values: tensor, dropout: { rate: 0.3, seed: 9, step } });
      return backend.read(tensor);
    };
    const ones = new Float64Array(4000).fill(1);
    const kept = await run(ones, 1);
    const share = kept.filter((x) => x === 0).length / 4000;
    // The standard deviation is .007.
    expect(Math.abs(share - 0.3)).toBeLessThan(0.03);
    expect([...new Set(kept)].sort()).toEqual([0, 1 / 0.7]);
    const other = await run(ones, 2);
    expect(other.filter((x, i) => x !== kept[i]).length).toBeGreaterThan(1000);
    const values = doubles(4000, 6);
    expect([...(await run(values, 1))]).toEqual([...values.map((x, i) => x * kept[i])]);
  });

  it('clipNorm leaves a short gradient alone and cuts a long one to its length', async () => {
    const run = async (grad: number[], most: number) => {
      const tensor = backend.tensor(grad);
      const squares = backend.zeros('f32', [32]);
      backend.sumSquares({ input: tensor, sums: squares, slot: 0, factor: 1 });
      backend.clipNorm({ grad: tensor, squares, most });
      return [...(await backend.read(tensor))];
    };
    expect(await run([3, 4], 6)).toEqual([3, 4]);
    const [a, b] = await run([3, 4], 1);
    expect(a).toBeCloseTo(0.6, 6);
    expect(b).toBeCloseTo(0.8, 6);
    expect(await run([0, 0], 1)).toEqual([0, 0]);
  });

  it('a slice shares memory, begins where a binding may, and ends with its tensor', async () => {
    const whole = backend.tensor(
      Float64Array.from({ length: 400 }, (_, i) => i),
      [200, 2],
    );
    const slice = backend.slice(whole, 64, 3);
    expect([...(await backend.read(slice))]).toEqual([128, 129, 130, 131, 132, 133]);
    backend.activate({ input: backend.zeros('f32', [3, 2]), out: slice, activation: 'linear' });
    expect([...(await backend.read(whole))].slice(126, 136)).toEqual([126, 127, 0, 0, 0, 0, 0, 0, 134, 135]);
    for (const [first, count] of [
      [63, 1],
      [64, 137],
      [64, 0],
    ]) {
      expect(() => backend.slice(whole, first, count)).toThrow(
        expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
      );
    }
    whole.free();
    await expect(backend.read(slice)).rejects.toMatchObject({ code: 'FREED' });
  });
});
