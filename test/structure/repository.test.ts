import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/errors.js';
import { MODEL_NAMES } from '../../src/model/registry.js';
import { filesBelow, read, root, tracked } from './repository.js';

const codes = Object.keys(ERROR_CODES);
const tests = filesBelow('test').filter(
  (path) => path.endsWith('.ts') && !path.startsWith('test/structure/'),
);

describe('error codes', () => {
  it('are listed in the README, each with what it means', () => {
    const rows = Array.from(
      read('README.md').matchAll(/^\| `([A-Z_]+)` \| (.+?) \|/gm),
      ([, code, meaning]) => [code, meaning],
    );
    expect(Object.fromEntries(rows)).toEqual(ERROR_CODES);
  });

  const words = new Set(tests.flatMap((path) => read(path).split(/\W+/)));
  it.each(codes)('%s is expected by a test', (code) => expect(words.has(code)).toBe(true));
});

it('the README names every model', () => {
  const rows = Array.from(read('README.md').matchAll(/^\| `([a-z]+)` \|/gm), ([, name]) => name);
  expect(rows).toEqual(expect.arrayContaining([...MODEL_NAMES]));
});

it('the README shows examples/library.mjs as it is', () => {
  expect(read('README.md')).toContain(`\`\`\`js\n${read('examples/library.mjs')}\`\`\``);
});

it('files of source, shaders and tests are under 400 lines', () => {
  const long = tracked
    .filter((path) => /^(src|shaders|test|bench|scripts)\/.*\.(ts|mjs|wgsl)$/.test(path))
    .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
    .filter(({ lines }) => lines >= 400);
  expect(long).toEqual([]);
});

it('no file says where on a machine it was written', () => {
  // Put together here, so that this file does not find itself.
  const places = ['/work' + '/', '/tmp/' + 'w', '/home' + '/', '/Users' + '/', '..' + '/shared'];
  const found = tracked
    .filter((path) => path !== '.ci/run' && statSync(root + path).size < 1 << 20)
    .flatMap((path) => {
      const text = readFileSync(root + path, 'utf8');
      return places.filter((place) => text.includes(place)).map((place) => `${path}: ${place}`);
    });
  expect(found).toEqual([]);
});
