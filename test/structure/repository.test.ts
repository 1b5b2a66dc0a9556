import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/errors.js';
import { METRIC_NAMES } from '../../src/evaluate/parseMetric.js';
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

/** The names in the first column of the table under a heading of the README. */
function namesUnder(heading: string): string[] {
  const section = read('README.md')
    .split(/^## /m)
    .find((text) => text.startsWith(`${heading}\n`))!;
  return Array.from(section.matchAll(/^\| `([^`]+)` \|/gm), ([, name]) => name);
}

describe('the README is true of what is there', () => {
  it('names every model, and none besides', () => {
    expect(namesUnder('Models').sort()).toEqual([...MODEL_NAMES].sort());
  });

  it('names every metric', () =>
    expect(namesUnder('Measuring')).toEqual(expect.arrayContaining([...METRIC_NAMES])));

  const commands = filesBelow('src/cli')
    .filter((path) => read(path).includes('export const command: CommandSpec'))
    .map((path) => basename(path, '.ts'));
  it.each(commands)('says what foldin %s is for', (name) => {
    expect(read('README.md')).toMatch(new RegExp(`foldin ${name}\\b`));
  });

  it('shows the examples as they are', () => {
    expect(read('README.md')).toContain(`\`\`\`js\n${read('examples/library.mjs')}\`\`\``);
    expect(read('README.md')).toContain(`\`\`\`html\n${read('examples/page.html')}\`\`\``);
  });
});

it('every dependency has its reason in ARCHITECTURE.md', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'));
  const names = Object.keys({ ...dependencies, ...devDependencies });
  const text = read('ARCHITECTURE.md');
  expect(names.filter((name) => !text.includes(`**${name}**`))).toEqual([]);
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
