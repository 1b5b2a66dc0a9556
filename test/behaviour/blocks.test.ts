import { createCpuBackend } from '../../src/cpu/backend.js';
import { BLOCK_LIMIT, blocksSuite } from './blocksSuite.js';

blocksSuite('items in blocks on the CPU reference', async () =>
  createCpuBackend({ maxTensorBytes: BLOCK_LIMIT }),
);
