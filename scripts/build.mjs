// Builds dist/: the library (root, ./node), the CLI, what stands behind #adapter and #planThread, the workers, one
// self-contained file for pages, and the page itself (app/). `--quick` leaves the type declarations out.
import { execFileSync } from 'node:child_process';
import { chmod, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildApp } from './buildApp.mjs';
import { wgslEsbuild } from './wgsl.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (path) => `${root}${path}`;
const { version } = JSON.parse(await readFile(at('package.json'), 'utf8'));
const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { FOLDIN_VERSION: JSON.stringify(version) },
  plugins: [wgslEsbuild],
};

await rm(at('dist'), { recursive: true, force: true });
// One build with shared chunks, so that FoldinError is one class in every entry point.
await build({
  ...common,
  platform: 'node',
  splitting: true,
  outdir: at('dist'),
  entryPoints: {
    index: at('src/index.ts'),
    node: at('src/node.ts'),
    cli: at('src/cli/main.ts'),
    'adapter.node': at('src/gpu/adapter.node.ts'),
    'adapter.browser': at('src/gpu/adapter.browser.ts'),
    'planThread.node': at('src/train/planThread.node.ts'),
    'planThread.browser': at('src/train/planThread.browser.ts'),
  },
  chunkNames: 'chunks/[hash]',
  packages: 'external',
  // Resolved where it runs, by the imports of package.json: in Node and by bundlers for pages to different files.
  external: ['#adapter', '#planThread'],
});
await chmod(at('dist/cli.js'), 0o755);
await build({
  ...common,
  platform: 'browser',
  minify: true,
  outfile: at('dist/foldin.browser.js'),
  entryPoints: [at('src/index.ts')],
  alias: {
    '#adapter': at('src/gpu/adapter.browser.ts'),
    '#planThread': at('src/train/planThread.browser.ts'),
  },
});
// Workers are found beside the file that starts them, and need no other.
for (const platform of ['node', 'browser']) {
  await build({
    ...common,
    platform,
    minify: platform === 'browser',
    outfile: at(`dist/planWorker.${platform}.js`),
    entryPoints: [at(`src/train/planWorker.${platform}.ts`)],
  });
}
await buildApp(common, at);
if (!process.argv.includes('--quick')) {
  execFileSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', at('tsconfig.build.json')], {
    stdio: 'inherit',
  });
}
