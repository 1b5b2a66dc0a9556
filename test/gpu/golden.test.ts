import { goldenSuite } from '../golden/goldenSuite.js';
import { openGpu, openOtherFamily, openVariant, UNUSUAL_VARIANTS } from './backend.js';

const BOUNDS = { loss: 2e-5, weights: 1e-5, gradients: 1e-5 };
goldenSuite('golden traces, GPU', openGpu, BOUNDS);
goldenSuite('golden traces, the other kernel family', openOtherFamily, BOUNDS);
for (const name of UNUSUAL_VARIANTS) {
  goldenSuite(`golden traces, products by ${name}`, () => openVariant(name), BOUNDS);
}
