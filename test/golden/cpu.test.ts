import { createCpuBackend } from '../../src/cpu/backend.js';
import { goldenSuite } from './goldenSuite.js';

// The files hold 9 digits, which bounds how closely gradients and weights can be compared in f64.
goldenSuite('golden traces, CPU f64', async () => createCpuBackend({ precision: 'f64' }), {
  loss: 1e-9,
  weights: 1e-5,
  gradients: 1e-7,
});
goldenSuite('golden traces, CPU f32', async () => createCpuBackend(), {
  loss: 2e-5,
  weights: 1e-5,
  gradients: 1e-5,
});
