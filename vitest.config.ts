import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { wgslVite } from './scripts/wgsl.mjs';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const { version } = JSON.parse(readFileSync(path('package.json'), 'utf8'));
/** Where a JSON report goes besides the terminal's; scripts/testSummary.mjs counts by it. */
const report = process.env['FOLDIN_TEST_REPORT'];

/** A worker is a file that Node itself loads: the source starts the built one, as dist/planThread.node.js does. */
const builtWorker = {
  name: 'built-worker',
  transform: (code: string, id: string) =>
    id.endsWith('/src/train/planThread.node.ts')
      ? code.replace('./planWorker.node.js', '../../dist/planWorker.node.js')
      : undefined,
};

export default defineConfig({
  plugins: [wgslVite, builtWorker],
  define: { FOLDIN_VERSION: JSON.stringify(version) },
  resolve: {
    alias: {
      '#adapter': path('src/gpu/adapter.node.ts'),
      '#planThread': path('src/train/planThread.node.ts'),
    },
  },
  test: {
    pool: 'forks',
    // What is built runs as it is, without the aliases of the source.
    server: { deps: { external: [/\/dist\//] } },
    // Instead of biome's noFocusedTests, which takes the library's own fit() for a focused test.
    allowOnly: false,
    // By default vitest leaves a core unused. Two are enough: GPU tests and browsers share the one adapter.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/gpu/**', 'test/browser/**', 'test/bench/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'gpu',
          include: ['test/gpu/**/*.test.ts', 'test/bench/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'browser', include: ['test/browser/**/*.test.ts'] },
      },
    ],
  },
});
