import type { Backend } from '../backend/backend.js';
import { EPSILON, FUNCTION_UNITS, type KernelCase, outputsOf, SUM_UNITS, stale } from './case.js';
import { numbers } from './inputs.js';

/** One launch: rows first .. first + count of so many positions, of which the first ones go on from other rows. */
interface GruShape {
  readonly name: string;
  readonly positions: number;
  readonly hidden: number;
  readonly first: number;
  readonly count: number;
  /** The step before (forward) or after (backward). */
  readonly otherFirst: number;
  readonly otherCount: number;
  /** Inputs far out, where the gates are shut or open. */
  readonly high?: number;
}

const SHAPES: readonly GruShape[] = [
  shape('one row, one unit, from nothing', 1, 1, [0, 1], [0, 0]),
  shape('one row of two, one unit', 2, 1, [1, 1], [0, 1]),
  shape('3 rows, 5 units', 9, 5, [4, 3], [1, 3]),
  shape('5 rows, of which 2 go on, 7 units', 12, 7, [7, 5], [5, 2]),
  shape('7 rows, of which 5 go on, 33 units', 20, 33, [11, 7], [2, 5]),
  shape('16 rows, 64 units', 40, 64, [20, 16], [4, 16]),
  shape('33 rows, 31 of which go on, 128 units', 70, 128, [35, 33], [1, 31]),
  shape('6 rows before those they belong to, 65 units', 20, 65, [3, 6], [10, 6]),
  shape('no row', 5, 8, [2, 0], [1, 1]),
  { ...shape('4 rows, 6 units, inputs in +-40', 9, 6, [4, 4], [0, 4]), high: 40 },
];

function shape(
  name: string,
  positions: number,
  hidden: number,
  [first, count]: readonly [number, number],
  [otherFirst, otherCount]: readonly [number, number],
): GruShape {
  return { name, positions, hidden, first, count, otherFirst, otherCount };
}

const units = (magnitude: number): number => SUM_UNITS * EPSILON * magnitude;
/** What |sigmoid| and |tanh| may be off near 1. */
const ofFunction = FUNCTION_UNITS * EPSILON;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function forward(gru: GruShape): KernelCase {
  const { positions, hidden, first, count, otherFirst, otherCount, high = 2 } = gru;
  const inputs = () => ({
    inputGates: numbers(positions * 3 * hidden, 71, -high, high),
    weights: numbers(hidden * 3 * hidden, 72, -0.5, 0.5),
    bias: numbers(3 * hidden, 73),
    states: numbers(positions * hidden, 74),
  });
  return {
    kernel: 'gruGatesForward',
    name: gru.name,
    run: (backend: Backend) =>
      outputsOf(backend, () => {
        const { inputGates, weights, bias, states } = inputs();
        const outputs = {
          states: backend.tensor(states, [positions, hidden]),
          gates: stale(backend, positions, 3 * hidden),
          recurrent: stale(backend, positions, hidden),
          previous: stale(backend, positions, hidden),
        };
        backend.gruGatesForward({
          ...outputs,
          inputGates: backend.tensor(inputGates, [positions, 3 * hidden]),
          weights: backend.tensor(weights, [hidden, 3 * hidden]),
          bias: backend.tensor(bias),
          first,
          count,
          previousFirst: otherFirst,
          previousCount: otherCount,
        });
        return outputs;
      }),
    bound(reference) {
      const { inputGates, weights, bias, states } = inputs();
      const bounds = {
        states: new Float64Array(positions * hidden),
        gates: new Float64Array(positions * 3 * hidden),
        recurrent: new Float64Array(positions * hidden),
        // Copied.
        previous: 0,
      };
      for (let i = 0; i < count; i++) {
        const h = (k: number) => (i < otherCount ? states[(otherFirst + i) * hidden + k] : 0);
        for (let j = 0; j < hidden; j++) {
          const at = (first + i) * 3 * hidden + j;
          const place = (first + i) * hidden + j;
          // Sum of the terms' magnitudes of h U + b in a gate.
          const size = (gate: number) => {
            let sum = Math.abs(bias[gate * hidden + j]);
            for (let k = 0; k < hidden; k++) sum += Math.abs(h(k) * weights[(k * 3 + gate) * hidden + j]);
            return sum;
          };
          const x = (gate: number) => Math.abs(inputGates[at + gate * hidden]);
          const [r, z, n] = [0, 1, 2].map((gate) => reference.gates[at + gate * hidden]);
          const s = Math.abs(reference.recurrent[place]);
          // sigmoid has a slope of at most 1/4, tanh of 1.
          const rError = units(size(0) + x(0)) / 4 + ofFunction;
          const zError = units(size(1) + x(1)) / 4 + ofFunction;
          const sError = units(size(2));
          const nError = units(x(2) + r * s) + rError * s + r * sError + ofFunction;
          bounds.gates.set([rError], at);
          bounds.gates.set([zError], at + hidden);
          bounds.gates.set([nError], at + 2 * hidden);
          bounds.recurrent[place] = sError;
          bounds.states[place] =
            (1 - z) * nError + zError * Math.abs(h(j) - n) + units(Math.abs(n) + Math.abs(h(j)));
        }
      }
      return bounds;
    },
  };
}

function backward(gru: GruShape): KernelCase {
  const { positions, hidden, first, count, otherFirst, otherCount, high = 2 } = gru;
  const inputs = () => ({
    gates: numbers(positions * 3 * hidden, 75, -high, high).map((x, i) =>
      Math.floor(i / hidden) % 3 === 2 ? Math.tanh(x) : sigmoid(x),
    ),
    recurrent: numbers(positions * hidden, 76, -2, 2),
    previous: numbers(positions * hidden, 77),
    outGrad: numbers(positions * hidden, 78),
    weightsT: numbers(3 * hidden * hidden, 79, -0.5, 0.5),
    recurrentGrad: numbers(positions * 3 * hidden, 80),
    carried: numbers(positions * hidden, 81),
  });
  return {
    kernel: 'gruGatesBackward',
    name: gru.name,
    run: (backend: Backend) =>
      outputsOf(backend, () => {
        const given = inputs();
        const narrow = (values: Float32Array) => backend.tensor(values, [positions, hidden]);
        const wide = (values: Float32Array) => backend.tensor(values, [positions, 3 * hidden]);
        const outputs = {
          inputGrad: stale(backend, positions, 3 * hidden),
          recurrentGrad: wide(given.recurrentGrad),
          carried: narrow(given.carried),
        };
        backend.gruGatesBackward({
          ...outputs,
          gates: wide(given.gates),
          recurrent: narrow(given.recurrent),
          previous: narrow(given.previous),
          outGrad: narrow(given.outGrad),
          weightsT: backend.tensor(given.weightsT, [3 * hidden, hidden]),
          first,
          count,
          nextFirst: otherFirst,
          nextCount: otherCount,
        });
        return outputs;
      }),
    bound() {
      const given = inputs();
      const bounds = {
        inputGrad: new Float64Array(positions * 3 * hidden),
        recurrentGrad: new Float64Array(positions * 3 * hidden),
        carried: new Float64Array(positions * hidden),
      };
      for (let i = 0; i < count; i++) {
        const next = otherFirst + i;
        for (let j = 0; j < hidden; j++) {
          const at = (first + i) * 3 * hidden + j;
          const place = (first + i) * hidden + j;
          let dh = Math.abs(given.outGrad[place]);
          if (i < otherCount) {
            dh += Math.abs(given.carried[next * hidden + j]);
            for (let k = 0; k < 3 * hidden; k++) {
              dh += Math.abs(given.recurrentGrad[next * 3 * hidden + k] * given.weightsT[k * hidden + j]);
            }
          }
          const [r, z, n] = [0, 1, 2].map((gate) => given.gates[at + gate * hidden]);
          // The terms of 1 - z, 1 - n n and h - n are added up here, not taken from each other.
          const dn = dh * (1 + z) * (1 + n * n);
          const dz = dh * (Math.abs(given.previous[place]) + Math.abs(n)) * z * (1 + z);
          const dr = dn * Math.abs(given.recurrent[place]) * r * (1 + r);
          [dr, dz, dn].forEach((size, gate) => {
            bounds.inputGrad[at + gate * hidden] = units(size);
            bounds.recurrentGrad[at + gate * hidden] = units(gate === 2 ? size * r : size);
          });
          bounds.carried[place] = units(dh * z);
        }
      }
      return bounds;
    },
  };
}

export const gruCases: readonly KernelCase[] = [...SHAPES.map(forward), ...SHAPES.map(backward)];
