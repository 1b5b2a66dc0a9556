import { explainSuite } from '../explain/suite.js';
import { openGpu } from './backend.js';

explainSuite('explanations on the GPU', openGpu);
