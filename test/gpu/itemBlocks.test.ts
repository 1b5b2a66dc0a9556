import { BLOCK_LIMIT, blocksSuite } from '../behaviour/blocksSuite.js';
import { openLimited } from './backend.js';

const limits = { maxStorageBufferBindingSize: BLOCK_LIMIT, maxBufferSize: 2 * BLOCK_LIMIT };
blocksSuite('items in blocks on the GPU', () => openLimited(limits));
blocksSuite('items in blocks, the other kernel family', () => openLimited(limits, true));
