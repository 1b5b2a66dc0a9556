import { goldenSuite } from '../golden/goldenSuite.js';
import { openGpu, openOtherFamily } from './backend.js';

goldenSuite('golden traces, GPU', openGpu, { loss: 2e-5, weights: 1e-5, gradients: 1e-5 });
goldenSuite('golden traces, the other kernel family', openOtherFamily, {
  loss: 2e-5,
  weights: 1e-5,
  gradients: 1e-5,
});
