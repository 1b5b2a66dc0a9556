import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, failure, temporaryFolder } from './helpers.js';

const CPU = ['--device', 'cpu'];
const ITEMS = 12;

let cwd: string;
let remove: () => Promise<void>;
const run = (...args: string[]) => done([...args, ...CPU], { cwd });
const items = async (...args: string[]): Promise<string[]> => {
  const { stdout } = await run('recommend', ...args, '--json', '-k', '3');
  return JSON.parse(stdout)[0].items.map(({ item }: { item: string }) => item);
};

/** 60 users who go round a ring of 12 items, one step at a time, from where they like: what comes next is known. */
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  const rows = Array.from({ length: 60 }, (_, u) =>
    Array.from({ length: 6 }, (_, i) => ({
      user: `u${u}`,
      item: `i${(u + i) % ITEMS}`,
      time: 1.6e9 + 60 * i + u,
    })),
  ).flat();
  const byTime = rows.map(({ user, item, time }) => `${user},${item},${time}`);
  // Backwards, so that only the times tell the order.
  await writeFile(join(cwd, 'times.csv'), `user,item,time\n${[...byTime].reverse().join('\n')}\n`);
  await writeFile(
    join(cwd, 'lines.csv'),
    `user,item\n${rows.map(({ user, item }) => `${user},${item}`).join('\n')}\n`,
  );
});
afterAll(() => remove());

describe('models that go by the order of a history', () => {
  const train = [
    '--split',
    'leaveLastOut',
    '--epochs',
    '25',
    '--hidden',
    '16',
    '--lr',
    '0.02',
    '--patience',
    '0',
  ];

  it('gru finds what comes next, from times and from the lines of a file', async () => {
    await run('train', 'times.csv', '--model', 'gru', '--out', 'times.safetensors', ...train);
    await run(
      'train',
      'lines.csv',
      '--order',
      'file',
      '--model',
      'gru',
      '--out',
      'lines.safetensors',
      ...train,
    );
    for (const model of ['times.safetensors', 'lines.safetensors']) {
      expect((await items(model, '--history', 'i3,i4,i5'))[0]).toBe('i6');
      expect((await items(model, '--history', 'i10,i11,i0'))[0]).toBe('i1');
      // u0 went from i0 to i5.
      expect((await items(model, '--user', 'u0'))[0]).toBe('i6');
    }
    const { stdout } = await run(
      'evaluate',
      'lines.safetensors',
      'lines.csv',
      '--metrics',
      'hitRate@1',
      '--json',
    );
    expect(JSON.parse(stdout).metrics['hitRate@1'].mean).toBeGreaterThan(0.9);
  });

  it('gru with a sampled softmax, which is said', async () => {
    const sampled = ['--softmax', 'sampled', '--softmax-samples', '6'];
    const { stdout, stderr } = await run(
      'train',
      'times.csv',
      '--model',
      'gru',
      '--out',
      's.safetensors',
      ...train,
      ...sampled,
    );
    expect(stderr).toContain('estimated from 6 items drawn a step');
    expect(stdout).toContain('6 items drawn a step');
    expect((await items('s.safetensors', '--history', 'i3,i4,i5'))[0]).toBe('i6');
  });

  it('markov too, and the last of a history counts most', async () => {
    await run(
      'train',
      'times.csv',
      '--model',
      'markov',
      '--window',
      '3',
      '--decay',
      '0.3',
      '--out',
      'm.safetensors',
    );
    expect((await items('m.safetensors', '--history', 'i2,i8'))[0]).toBe('i9');
    expect((await items('m.safetensors', '--history', 'i8,i2'))[0]).toBe('i3');
    // The last place of an item that is given twice is the one that counts.
    expect((await items('m.safetensors', '--history', 'i8,i2,i8'))[0]).toBe('i9');
  });

  it('--decay makes ease look at what was last', async () => {
    const options = ['--model', 'ease', '--l2', '5'];
    await run('train', 'times.csv', ...options, '--decay', '0.1', '--out', 'e.safetensors');
    const [first, last] = [
      await items('e.safetensors', '--history', 'i2,i8'),
      await items('e.safetensors', '--history', 'i8,i2'),
    ];
    expect(first).not.toEqual(last);
    expect(['i7', 'i9']).toContain(first[0]);
    expect(['i1', 'i3']).toContain(last[0]);
  });

  it('a log without times is an error that says what gives an order', async () => {
    for (const options of [
      ['--model', 'gru'],
      ['--model', 'markov'],
      ['--model', 'ease', '--decay', '0.5'],
    ]) {
      const error = await failure(['train', 'lines.csv', ...options, '--out', 'x.safetensors', ...CPU], {
        cwd,
      });
      expect(error).toMatchObject({ exit: 1, code: 'COLUMN_MISSING' });
      expect(error.remedy).toContain('--order file');
    }
  });

  it('options that make no sense are named', async () => {
    const wrong: [string[], string][] = [
      [['--model', 'gru', '--hidden', '64,32'], 'hidden'],
      [['--model', 'gru', '--window', '0'], 'window'],
      [['--model', 'gru', '--embedding', '5'], 'embedding'],
      [['--model', 'gru', '--decay', '0.5'], '--decay'],
      [['--model', 'gru', '--softmax-samples', '0'], 'softmax-samples'],
      [['--model', 'markov', '--softmax', 'full'], '--softmax'],
      [['--model', 'markov', '--decay', '2'], 'decay'],
      [['--model', 'markov', '--epochs', '3'], '--epochs'],
      [['--model', 'mlp', '--window', '5'], '--window'],
      [['--model', 'gru', '--order', 'lines'], 'order'],
    ];
    for (const [options, word] of wrong) {
      const error = await failure(['train', 'times.csv', ...options, '--out', 'x.safetensors', ...CPU], {
        cwd,
      });
      expect(error, options.join(' ')).toMatchObject({ exit: 2, code: 'CONFIG' });
      expect(error.message).toContain(word);
    }
  });
});
