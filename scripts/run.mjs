// Runs a TypeScript tool of the repository: bundles it, then imports it. `node scripts/run.mjs bench/accuracy.ts --data DIR`
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { wgslEsbuild } from './wgsl.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [, , entry, ...rest] = process.argv;
const name = entry.replace(/[/\\]/g, '-').replace(/\.ts$/, '');
const outdir = `${root}dist/tools`;
const outfile = `${outdir}/${name}.js`;
await build({
  absWorkingDir: root,
  entryPoints: [
    { in: `${root}${entry}`, out: name },
    // Looked for beside the file that starts it.
    { in: `${root}src/train/planWorker.node.ts`, out: 'planWorker.node' },
  ],
  outdir,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'es2022',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
  define: { FOLDIN_VERSION: JSON.stringify('development') },
  alias: {
    '#adapter': `${root}src/gpu/adapter.node.ts`,
    '#planThread': `${root}src/train/planThread.node.ts`,
  },
  plugins: [wgslEsbuild],
});
process.argv = [process.argv[0], outfile, ...rest];
await import(pathToFileURL(outfile).href);
