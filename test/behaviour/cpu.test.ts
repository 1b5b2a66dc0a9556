import { createCpuBackend } from '../../src/cpu/backend.js';
import { behaviourSuite } from './suite.js';
import { traitsSuite } from './traitsSuite.js';

behaviourSuite('every model on the CPU', async () => createCpuBackend());
traitsSuite('users known by more than what they did, on the CPU', async () => createCpuBackend());
