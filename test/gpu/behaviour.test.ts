import { behaviourSuite } from '../behaviour/suite.js';
import { traitsSuite } from '../behaviour/traitsSuite.js';
import { openGpu } from './backend.js';

behaviourSuite('every model on the GPU', openGpu);
traitsSuite('users known by more than what they did, on the GPU', openGpu);
