// Runs a TypeScript tool of the repository: bundles it, then imports it. `node scripts/run.mjs bench/accuracy.ts --data DIR`
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { wgslEsbuild } from './wgsl.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [, , entry, ...rest] = process.argv;
const outfile = `${root}dist/tools/${entry.replace(/[/\\]/g, '-').replace(/\.ts$/, '.mjs')}`;
await build({
  absWorkingDir: root,
  entryPoints: [`${root}${entry}`],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'es2022',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
  define: { FOLDIN_VERSION: JSON.stringify('development') },
  alias: { '#adapter': `${root}src/gpu/adapter.node.ts` },
  plugins: [wgslEsbuild],
});
process.argv = [process.argv[0], outfile, ...rest];
await import(pathToFileURL(outfile).href);
