import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../src/store/safetensors.js';
import { failure, makeModel, run, TINY, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
  const model = await readFile(join(cwd, 'model.safetensors'));
  const write = (file: string, content: string | Uint8Array) => writeFile(join(cwd, file), content);
  await write('empty.csv', '');
  await write('header.csv', 'user,item\n');
  await write('short.safetensors', model.subarray(0, model.length - 100));
  const flipped = Uint8Array.from(model);
  flipped[flipped.length - 50] ^= 1;
  await write('flipped.safetensors', flipped);
  await write('picture.png', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...new Uint8Array(40)));
  const tensors = new Map([['w', { shape: [1], values: Float32Array.of(1) }]]);
  await write('foreign.safetensors', encodeSafetensors({ metadata: new Map(), tensors }));
  await write('other-items.csv', 'item,title\nx1,One\nx2,Two\n');
  await mkdir(join(cwd, 'folder'));
});
afterAll(() => remove());

const CPU = ['--device', 'cpu'];
const train = (...args: string[]) => ['train', ...TINY, ...args];
const recommend = (...args: string[]) => ['recommend', ...args, ...CPU];

describe.concurrent('bad input is a named error', () => {
  it.each<[string, number, string, string[]]>([
    ['a missing log', 1, 'FILE_MISSING', ['inspect', 'nix.csv']],
    ['a missing log, in training', 1, 'FILE_MISSING', train('nix.csv', '--out', 'x.safetensors')],
    [
      'a missing item file',
      1,
      'FILE_MISSING',
      train('log.csv', '--items', 'nix.csv', '--out', 'x.safetensors'),
    ],
    [
      'an item file of other items',
      1,
      'LOG_FORMAT',
      train('log.csv', '--items', 'other-items.csv', '--out', 'x.safetensors'),
    ],
    ['a column that is not there', 1, 'COLUMN_MISSING', ['inspect', 'log.csv', '--user', 'customer']],
    ['an empty log', 1, 'LOG_EMPTY', ['inspect', 'empty.csv']],
    ['a log of a header', 1, 'LOG_EMPTY', train('header.csv', '--out', 'x.safetensors')],
    [
      'a minimum that leaves nothing',
      1,
      'LOG_EMPTY',
      train('log.csv', '--min-user', '999', '--out', 'x.safetensors'),
    ],
    ['a missing output folder', 1, 'FILE_WRITE', train('log.csv', '--out', 'no/where/x.safetensors')],
    ['a folder as output', 1, 'FILE_WRITE', train('log.csv', '--out', 'folder')],
    ['a missing output folder of the sample', 1, 'FILE_WRITE', ['sample', '--out', 'no/where.csv']],
    [
      'a missing output folder of --all',
      1,
      'FILE_WRITE',
      recommend('model.safetensors', '--all', '--out', 'no/a.csv'),
    ],
    ['a name that says no format', 2, 'USAGE', recommend('model.safetensors', '--all', '--out', 'a.xlsx')],
    [
      'an adapter that is no hardware',
      1,
      'NO_ADAPTER',
      ['train', 'log.csv', '--out', 'x.safetensors', '--device', 'gpu', '--adapter', 'swiftshader'],
    ],
    ['an adapter for the CPU', 2, 'CONFIG', ['info', '--device', 'cpu', '--adapter', 'any']],
    ['too few epochs', 2, 'CONFIG', train('log.csv', '--out', 'x.safetensors', '--epochs', '0')],
    [
      'an output that does not fit the loss',
      2,
      'CONFIG',
      train('log.csv', '--out', 'x.safetensors', '--loss', 'bce', '--output', 'linear'),
    ],
    [
      'an option of another model',
      2,
      'CONFIG',
      ['train', 'log.csv', '--out', 'x.safetensors', '--model', 'popular', '--lr', '1'],
    ],
    [
      'shares of more than all',
      2,
      'CONFIG',
      train('log.csv', '--out', 'x.safetensors', '--validation', '0.6', '--test', '0.5'),
    ],
    [
      'half of the validation files',
      2,
      'USAGE',
      train('log.csv', '--out', 'x.safetensors', '--validation-foldin', 'log.csv'),
    ],
    [
      'a checkpoint that is none',
      1,
      'MODEL_FORMAT',
      train('log.csv', '--out', 'x.safetensors', '--resume', 'model.safetensors'),
    ],
    ['a missing model', 1, 'FILE_MISSING', recommend('nix.safetensors', '--user', 'u0001')],
    ['a truncated model', 1, 'MODEL_CORRUPT', recommend('short.safetensors', '--user', 'u0001')],
    ['a model with a flipped bit', 1, 'MODEL_CORRUPT', recommend('flipped.safetensors', '--user', 'u0001')],
    ['a picture', 1, 'MODEL_FORMAT', recommend('picture.png', '--user', 'u0001')],
    ["somebody else's safetensors", 1, 'MODEL_FORMAT', ['evaluate', 'foreign.safetensors']],
    ['an unknown user', 1, 'UNKNOWN_ID', recommend('model.safetensors', '--user', 'U0001')],
    [
      'an unknown item to score',
      1,
      'UNKNOWN_ID',
      ['score', 'model.safetensors', '--user', 'u0001', '--item', 'nix', ...CPU],
    ],
    ['k = 0', 2, 'CONFIG', recommend('model.safetensors', '--user', 'u0001', '-k', '0')],
    ['k < 0', 2, 'CONFIG', recommend('model.safetensors', '--user', 'u0001', '-k=-3')],
    ['k = 2.5', 2, 'CONFIG', recommend('model.safetensors', '--user', 'u0001', '-k', '2.5')],
    [
      'an unknown metric',
      2,
      'CONFIG',
      ['evaluate', 'model.safetensors', 'log.csv', '--metrics', 'ncdg@10', ...CPU],
    ],
    ['a figure that was not taken', 2, 'CONFIG', ['evaluate', 'model.safetensors', '-k', '7']],
    ['another log', 1, 'LEAKAGE', ['evaluate', 'model.safetensors', 'log.csv', '--min-user', '9', ...CPU]],
    [
      'what was trained on as to be found',
      1,
      'LEAKAGE',
      ['evaluate', 'model.safetensors', '--foldin', 'items-of-all.csv', '--heldout', 'log.csv', ...CPU],
    ],
  ])('%s', async (name, exit, code, args) => {
    if (name.startsWith('what was trained on')) {
      const [first] = (await readFile(join(cwd, 'items.csv'), 'utf8')).split('\n').slice(1);
      const rows = Array.from({ length: 5 }, (_, u) => `u000${u + 1},${first.split(',')[0]}`);
      await writeFile(join(cwd, 'items-of-all.csv'), `user,item\n${rows.join('\n')}\n`);
    }
    const error = await failure(args, { cwd });
    expect(error).toMatchObject({ exit, code });
    expect(error.message).toMatch(/\w/);
    expect(existsSync(join(cwd, 'x.safetensors'))).toBe(false);
  });

  it('leaves what was there as it was', async () => {
    await writeFile(join(cwd, 'kept.safetensors'), 'precious');
    await writeFile(join(cwd, 'kept.csv'), 'precious');
    const bad = await run(train('header.csv', '--out', 'kept.safetensors'), { cwd });
    const worse = await run(recommend('model.safetensors', '--all', '--out', 'kept.csv', '-k', '0'), { cwd });
    const diverged = await run(
      train('log.csv', '--out', 'kept.safetensors', '--optimizer', 'sgd', '--lr', '1e6', '--l2', '1'),
      { cwd },
    );
    expect([bad.code, worse.code, diverged.code]).toEqual([1, 2, 1]);
    expect(diverged.stderr).toContain('error DIVERGED');
    for (const file of ['kept.safetensors', 'kept.csv']) {
      expect(await readFile(join(cwd, file), 'utf8')).toBe('precious');
    }
    expect((await readdir(cwd)).filter((file) => file.includes('.tmp'))).toEqual([]);
  });

  it('says how many rows are bad, and where the first is', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `u${i},a,${i % 2 ? 'x' : 1}`).join('\n');
    const error = await failure(['inspect', '-'], { cwd, input: `user,item,count\n${rows}\n` });
    expect(error).toMatchObject({ exit: 1, code: 'LOG_FORMAT' });
    expect(error.message).toMatch(/^20 of 40 rows are unusable.*line 3/);
    const strict = await failure(['inspect', '-', '--strict'], {
      cwd,
      input: 'user,item,count\nu,a,1\nv,a,x\n',
    });
    expect(strict.message).toContain('line 3');
  });
});
