import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { wgslEsbuild } from '../../scripts/wgsl.mjs';
import { importsOf, read, root, sources } from './repository.js';

/**
 * Who may import whom: the parts of src from the bottom up, each with the parts it knows. A part is a folder or,
 * with its extension, a single file. Parts may name only parts above their own line, so imports point down and
 * no circle can close; `cpu` and `gpu` stand side by side and meet in createBackend.ts alone.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  'events.ts': [],
  'version.ts': [],
  // Lies with the backends because both must agree on it bit by bit; the data's samples and splits draw from it, too.
  'backend/random.ts': [],
  data: ['errors.ts', 'backend/random.ts'],
  backend: ['errors.ts', 'backend/random.ts', 'data'],
  store: ['errors.ts', 'data'],
  cpu: ['errors.ts', 'backend/random.ts', 'backend'],
  gpu: ['errors.ts', 'backend/random.ts', 'backend'],
  'createBackend.ts': ['errors.ts', 'events.ts', 'backend', 'cpu', 'gpu'],
  model: ['errors.ts', 'backend/random.ts', 'data', 'backend'],
  train: ['errors.ts', 'events.ts', 'backend/random.ts', 'data', 'backend', 'store', 'model'],
  evaluate: ['errors.ts', 'backend/random.ts', 'data', 'backend', 'model'],
  recommend: [
    'errors.ts',
    'events.ts',
    'version.ts',
    'data',
    'backend',
    'store',
    'model',
    'train',
    'evaluate',
  ],
  search: [
    'errors.ts',
    'events.ts',
    'backend/random.ts',
    'data',
    'backend',
    'model',
    'train',
    'evaluate',
    'recommend',
  ],
  groups: ['errors.ts', 'backend/random.ts', 'data', 'backend', 'model', 'evaluate', 'recommend'],
  explain: ['errors.ts', 'backend/random.ts', 'data', 'backend', 'model', 'evaluate', 'recommend'],
  report: ['backend/random.ts', 'data', 'store', 'train', 'evaluate', 'recommend', 'groups', 'explain'],
  // Compares a backend with the reference, so it makes one.
  verify: ['errors.ts', 'backend/random.ts', 'data', 'backend', 'cpu'],
  'index.ts': [
    'errors.ts',
    'events.ts',
    'version.ts',
    'data',
    'backend',
    'store',
    'createBackend.ts',
    'model',
    'train',
    'evaluate',
    'recommend',
    'search',
    'groups',
    'explain',
    'report',
    'verify',
  ],
  'node.ts': ['index.ts', 'data', 'store'],
  // The page: main.ts and ui are what is seen, worker.ts and worker what computes. gpu: it says what there is.
  app: [
    'errors.ts',
    'events.ts',
    'version.ts',
    'backend/random.ts',
    'backend',
    'data',
    'store',
    'gpu',
    'createBackend.ts',
    'model',
    'train',
    'evaluate',
    'recommend',
    'groups',
    'explain',
    'report',
    'verify',
  ],
  // gpu: `info` lists adapters and their limits.
  cli: [
    'errors.ts',
    'events.ts',
    'version.ts',
    'data',
    'backend',
    'store',
    'gpu',
    'createBackend.ts',
    'model',
    'train',
    'evaluate',
    'recommend',
    'search',
    'groups',
    'explain',
    'report',
    'verify',
  ],
};

const parts = Object.keys(MAY_IMPORT);

/** The part a path "src/..." (with or without .ts) belongs to. */
function partOf(path: string): string {
  const inside = path.slice('src/'.length).replace(/\.ts$/, '');
  return parts.includes(`${inside}.ts`) ? `${inside}.ts` : inside.split('/')[0];
}

/** Declarations of modules that are no TypeScript; imports nothing and cannot be imported. */
const modules = sources.filter((path) => !path.endsWith('.d.ts'));
const imports = modules.flatMap(importsOf);
const shown = (found: readonly { file: string; specifier: string }[]): string[] =>
  found.map(({ file, specifier }) => `${file} imports ${specifier}`);

const isNodeFile = (file: string): boolean =>
  file === 'src/node.ts' || file.startsWith('src/cli/') || file.endsWith('.node.ts');

describe('who imports whom', () => {
  it('finds the imports it is to judge', () => {
    expect(imports.length).toBeGreaterThan(modules.length);
    expect(shown(imports)).toContain('src/gpu/adapter.node.ts imports webgpu');
    expect(shown(imports)).toContain('src/node.ts imports ./index.js');
    expect(shown(imports)).toContain('src/cli/main.ts imports ./train.js');
  });

  it('knows every part, from the bottom up', () => {
    expect(modules.map(partOf).filter((part) => !parts.includes(part))).toEqual([]);
    for (const [part, known] of Object.entries(MAY_IMPORT)) {
      const below = parts.slice(0, parts.indexOf(part));
      expect(below, `what ${part} may import stands above it`).toEqual(expect.arrayContaining([...known]));
    }
  });

  it('points down', () => {
    const wrong = imports.filter(({ file, path }) => {
      if (!path?.startsWith('src/')) return false;
      const [from, to] = [partOf(file), partOf(path)];
      return from !== to && !MAY_IMPORT[from].includes(to);
    });
    expect(shown(wrong)).toEqual([]);
  });

  it('leaves src for shaders only, and only from gpu', () => {
    const outside = imports.filter(({ path }) => path !== undefined && !path.startsWith('src/'));
    expect(outside.length).toBeGreaterThan(0);
    const wrong = outside.filter(
      ({ file, path }) => !(file.startsWith('src/gpu/') && /^shaders\/\w+\.wgsl$/.test(path!)),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('keeps node:* to node.ts, cli and *.node.ts, which pages never load', () => {
    const wrong = imports.filter(({ file, specifier, path }) => {
      const isNodeOnly = specifier.startsWith('node:') || path?.endsWith('.node');
      return isNodeOnly && !isNodeFile(file);
    });
    expect(shown(wrong)).toEqual([]);
  });

  it('uses each package where it is at home', () => {
    const homes: Readonly<Record<string, RegExp>> = {
      '#adapter': /^src\/gpu\/device\.ts$/,
      '#planThread': /^src\/train\/workerPlanner\.ts$/,
      webgpu: /^src\/gpu\/adapter\.node\.ts$/,
      commander: /^src\/cli\//,
      picocolors: /^src\/cli\//,
      yaml: /^src\/cli\/configFile\.ts$/,
      pg: /^src\/data\/postgres\.node\.ts$/,
      '@duckdb/node-api': /^src\/data\/duckdb(View)?\.node\.ts$/,
      fzstd: /^src\/data\/(unzstd|formats\/parquet)\.ts$/,
      hyparquet: /^src\/data\/formats\/parquet\.ts$/,
      'hyparquet-compressors': /^src\/data\/formats\/parquet\.ts$/,
    };
    const packages = imports.filter(({ specifier }) => !/^(\.|node:)/.test(specifier));
    const packageOf = (specifier: string) => /^(@[^/]+\/)?[^/]+/.exec(specifier)![0];
    const wrong = packages.filter(({ file, specifier }) => !homes[packageOf(specifier)]?.test(file));
    expect(shown(wrong)).toEqual([]);
  });
});

it('prints nothing outside the command line', () => {
  const printers = modules.filter(
    (file) => !file.startsWith('src/cli/') && /\bconsole\s*\.|process\.(stdout|stderr)/.test(read(file)),
  );
  expect(printers).toEqual([]);
});

it('makes one file for pages, with nothing of Node in it', async () => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/index.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    outfile: 'foldin.browser.js',
    define: { FOLDIN_VERSION: '"test"' },
    alias: {
      '#adapter': `${root}src/gpu/adapter.browser.ts`,
      '#planThread': `${root}src/train/planThread.browser.ts`,
    },
    plugins: [wgslEsbuild],
    logLevel: 'silent',
  });
  expect(Object.values(metafile.outputs).flatMap((output) => output.imports)).toEqual([]);
  const inputs = Object.keys(metafile.inputs);
  expect(inputs).toContain('src/gpu/adapter.browser.ts');
  expect(inputs).toContain('src/train/planThread.browser.ts');
  expect(inputs.filter((path) => isNodeFile(path) || path === 'node_modules/hyparquet/src/node.js')).toEqual(
    [],
  );
  const shipped = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : [])),
  );
  const packages = new Set(shipped.flatMap((path) => /^node_modules\/([^/]+)/.exec(path)?.[1] ?? []));
  expect([...packages].sort()).toEqual(['fzstd', 'hyparquet', 'hyparquet-compressors']);
  // Strict pages refuse WebAssembly.
  expect(outputFiles[0].text).not.toContain('WebAssembly');
  expect(outputFiles[0].text).not.toMatch(/["']node:/);
});
