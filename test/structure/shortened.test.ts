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

const WORD = /(?<!\w)[A-Za-z_]\w*/g;

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
  const [shortOf, longOf] = [new Map<string, string>(), new Map<string, string>()];
  for (const { name, source } of found) {
    const file = await readShader(`${root}/shaders/${name}.wgsl`);
    const [short, long] = [source, file.source].map(tokens);
    expect(short.replace(WORD, 'w'), name).toBe(long.replace(WORD, 'w'));
    // One short name for one long one and the other way round, in all shaders, whatever shares a part.
    const shorts = short.match(WORD)!;
    long.match(WORD)!.forEach((word, i) => {
      if (!shortOf.has(word)) shortOf.set(word, shorts[i]);
      if (!longOf.has(shorts[i])) longOf.set(shorts[i], word);
      expect([shorts[i], word], name).toEqual([shortOf.get(word), longOf.get(shorts[i])]);
    });
    expect(source.split('\n').length, name).toBe(file.source.split('\n').length);
    // A ">" that ends a template must not become ">=".
    expect(source.match(/>=/g)?.length, name).toBe(file.source.replace(/\/\/.*$/gm, '').match(/>=/g)?.length);
    whole += source.length;
  }
  expect([...shortOf].filter(([word, short]) => short.length < word.length).length).toBeGreaterThan(100);
  expect(text.length).toBeLessThan(whole);
});
