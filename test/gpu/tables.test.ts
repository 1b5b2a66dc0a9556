import { TABLE_LIMIT, tablesSuite } from '../behaviour/tablesSuite.js';
import { openGpu, openLimited, openOtherFamily } from './backend.js';

const limits = { maxStorageBufferBindingSize: TABLE_LIMIT, maxBufferSize: 2 * TABLE_LIMIT };
tablesSuite('tables in blocks on the GPU', () => openLimited(limits), openGpu);
tablesSuite('tables in blocks, the other kernel family', () => openLimited(limits, true), openOtherFamily);
