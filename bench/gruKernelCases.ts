import type { Tensor } from '../src/backend/backend.js';
import type { GpuBackend } from '../src/gpu/backend.js';
import type { KernelCase } from './kernelCases.js';

const HIDDEN = 64;

/** A time step of `batch` recurrent units of 64, forward and backward. Their tensors live until the backend goes. */
export function gruKernelCases(
  backend: GpuBackend,
  batch: number,
  random: (...shape: number[]) => Tensor,
): KernelCase[] {
  const gates = 3 * HIDDEN;
  // Two steps: one to go on from, and the one that is timed.
  const positions = 2 * batch;
  const wide = () => random(positions, gates);
  const narrow = () => random(positions, HIDDEN);
  const forward = {
    inputGates: wide(),
    weights: random(HIDDEN, gates),
    bias: random(gates),
    states: narrow(),
    gates: wide(),
    recurrent: narrow(),
    previous: narrow(),
  };
  const backward = {
    gates: forward.gates,
    recurrent: forward.recurrent,
    previous: forward.previous,
    outGrad: narrow(),
    weightsT: random(gates, HIDDEN),
    inputGrad: wide(),
    recurrentGrad: wide(),
    carried: narrow(),
  };
  const flops = 2 * batch * HIDDEN * gates;
  return [
    {
      kernel: `gruGatesForward ${HIDDEN}`,
      flops,
      // Read: the inputs, the states before, the weights; written: the gates, the states, and two for the way back.
      bytes: 4 * (2 * batch * gates + 4 * batch * HIDDEN + HIDDEN * gates),
      run: () =>
        backend.gruGatesForward({
          ...forward,
          first: batch,
          count: batch,
          previousFirst: 0,
          previousCount: batch,
        }),
    },
    {
      kernel: `gruGatesBackward ${HIDDEN}`,
      flops,
      // Read: gates and the next step's gradient, four of the units, the weights; written: two gradients and one to carry.
      bytes: 4 * (4 * batch * gates + 5 * batch * HIDDEN + HIDDEN * gates),
      run: () =>
        backend.gruGatesBackward({
          ...backward,
          first: 0,
          count: batch,
          nextFirst: batch,
          nextCount: batch,
        }),
    },
  ];
}
