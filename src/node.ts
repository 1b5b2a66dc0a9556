/** foldin for Node: everything of the root, and file paths. */

export { type DuckDbOptions, duckDbSource } from './data/duckdb.node.js';
export { fileSource } from './data/files.node.js';
export { postgresSource } from './data/postgres.node.js';
export * from './index.js';
export { readModelFile, writeFileAtomic, writeModelFile } from './store/files.node.js';
