import { goldenSuite } from '../golden/goldenSuite.js';
import { openGpu } from './backend.js';

goldenSuite('golden traces, GPU', openGpu, { loss: 2e-5, weights: 1e-5, gradients: 1e-5 });
