import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { readShader, wgslEsbuild } from '../../scripts/wgsl.mjs';
import { filesBelow, root } from './repository.js';

/** What a compiler sees: no comments, and blanks only where words would run together. */
const tokens = (source: string): string =>
  source
    .replace(/\/\/.*$/gm, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([^\w ]) ?/g, '$1')
    .trim();

it('a minified bundle holds every shader whole, each line where it was, shared parts once', async () => {
  const paths = filesBelow('shaders').filter((path) => /^shaders\/\w+\.wgsl$/.test(path));
  const { outputFiles } = await build({
    stdin: {
      contents: paths.map((path, i) => `export { default as s${i} } from './${path}';`).join('\n'),
      resolveDir: root,
    },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    plugins: [wgslEsbuild],
  });
  const [{ text }] = outputFiles;
  const bundle = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  const found = Object.values(bundle as Record<string, { name: string; source: string }>);
  expect(found).toHaveLength(paths.length);
  let whole = 0;
  for (const { name, source } of found) {
    const file = await readShader(`${root}/shaders/${name}.wgsl`);
    expect(tokens(source), name).toBe(tokens(file.source));
    expect(source.split('\n').length, name).toBe(file.source.split('\n').length);
    // A ">" that ends a template must not become ">=".
    expect(source.match(/>=/g)?.length, name).toBe(file.source.replace(/\/\/.*$/gm, '').match(/>=/g)?.length);
    whole += source.length;
  }
  expect(text.length).toBeLessThan(whole);
});
