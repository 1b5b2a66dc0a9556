import { createCpuBackend } from '../../src/cpu/backend.js';
import { TABLE_LIMIT, tablesSuite } from './tablesSuite.js';

tablesSuite(
  'tables in blocks on the CPU reference',
  async () => createCpuBackend({ maxTensorBytes: TABLE_LIMIT }),
  async () => createCpuBackend(),
);
