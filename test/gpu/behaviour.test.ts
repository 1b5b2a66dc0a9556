import { behaviourSuite } from '../behaviour/suite.js';
import { openGpu } from './backend.js';

behaviourSuite('every model on the GPU', openGpu);
