import { createCpuBackend } from '../../src/cpu/backend.js';
import { behaviourSuite } from './suite.js';

behaviourSuite('every model on the CPU', async () => createCpuBackend());
