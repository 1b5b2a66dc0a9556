/** foldin for Node: everything of the root, and file paths. */

export { fileSource } from './data/files.node.js';
export * from './index.js';
export { readModelFile, writeFileAtomic, writeModelFile } from './store/files.node.js';
