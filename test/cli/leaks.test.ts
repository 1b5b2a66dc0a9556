import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, failure, lines, makeModel, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
let rows: string[][];
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
  rows = lines(await readFile(join(cwd, 'log.csv'), 'utf8'))
    .slice(1)
    .map((line) => line.split(','));
});
afterAll(() => remove());

const CPU = ['--device', 'cpu'];
const write = (file: string, all: readonly (readonly string[])[]) =>
  writeFile(join(cwd, file), `user,item,time\n${all.map((row) => row.join(',')).join('\n')}\n`);

describe.concurrent('leaks', () => {
  it('of users who are there twice stop a training, by their ids, unless that is allowed', async () => {
    await write('twice.csv', [...rows, ...rows.map(([user, ...rest]) => [`${user}x`, ...rest])]);
    const train = ['train', 'twice.csv', '--model', 'ease', '--out', 'twice.safetensors', ...CPU];
    const error = await failure(train, { cwd });
    expect(error).toMatchObject({ exit: 1, code: 'LEAKAGE' });
    expect(error.message).toMatch(/near-duplicates.*user "u\d+x?" and user "u\d+x?"/);
    const { stderr, stdout } = await done([...train, '--allow-leak'], { cwd });
    expect(stderr).toContain('LEAK: heldOutUsers split');
    expect(stdout).toContain('LEAKS were allowed: worth nothing');
    const { protocol } = JSON.parse(
      (await done(['evaluate', 'twice.safetensors', 'twice.csv', '--allow-leak', '--json', ...CPU], { cwd }))
        .stdout,
    );
    expect(protocol.leaks.map(({ kind }: { kind: string }) => kind)).toContain('twins');
  });

  it('of what is shown and to be found stop an evaluation, unless that is allowed', async () => {
    const [[user, item]] = rows;
    const others = rows.filter((row) => row[0] === user && row[1] !== item).slice(0, 3);
    await write(
      'foldin.csv',
      [...others, rows[0]].map(([, ...rest]) => ['new', ...rest]),
    );
    await write('heldout.csv', [['new', ...rows[0].slice(1)]]);
    const evaluate = ['evaluate', 'model.safetensors', '--foldin', 'foldin.csv', '--heldout', 'heldout.csv'];
    const error = await failure([...evaluate, ...CPU], { cwd });
    expect(error).toMatchObject({ exit: 1, code: 'LEAKAGE' });
    expect(error.message).toContain(`user "new", item "${item}"`);
    expect(error.remedy).toContain('--allow-leak');
    expect((await done([...evaluate, '--allow-leak', ...CPU], { cwd })).stderr).toContain('LEAK: ');
  });

  it('of another log can be looked at', async () => {
    const other = ['evaluate', 'model.safetensors', 'log.csv', '--min-user', '9', ...CPU];
    expect(await failure(other, { cwd })).toMatchObject({ exit: 1, code: 'LEAKAGE' });
    expect((await done([...other, '--allow-leak'], { cwd })).stderr).toContain('this is not the log');
  });

  it('of an item column counted over the whole log are told, and refused to a model that goes by it', async () => {
    const sold = new Map<string, number>();
    for (const [, item] of rows) sold.set(item, (sold.get(item) ?? 0) + 1);
    const table = [...sold].map(([item, n], i) => `${item},title of ${item},${n},${(i * 37) % 23}`);
    await writeFile(join(cwd, 'sold.csv'), `item,title,sold,price\n${table.join('\n')}\n`);
    const { stderr } = await done(
      ['train', 'log.csv', '--items', 'sold.csv', '--model', 'popular', '--out', 's.safetensors', ...CPU],
      { cwd },
    );
    expect(stderr).toContain('item column "sold"');
    expect(stderr).not.toContain('"price"');

    // A model that goes by the column must not have it.
    const content = [
      'train',
      'log.csv',
      '--items',
      'sold.csv',
      '--model',
      'content',
      '--out',
      'c.safetensors',
    ];
    const quick = [...content, '--epochs', '1', ...CPU];
    expect(await failure(quick, { cwd })).toMatchObject({
      code: 'LEAKAGE',
      exit: 1,
      message: expect.stringContaining('item column "sold"'),
      remedy: expect.stringContaining('--attribute sold=unused'),
    });
    expect((await done([...quick, '--allow-leak'], { cwd })).stderr).toContain('LEAK: ');
    const left = await done([...quick, '--attribute', 'sold=unused'], { cwd });
    expect(left.stderr).toContain('does not look at it');
  });
});

describe.concurrent('evaluate', () => {
  it.each(['history', 'group'])('breaks figures down by %s', async (by) => {
    const args = ['evaluate', 'model.safetensors', 'log.csv', '--metrics', 'ndcg@10,mrr', '--by', by, ...CPU];
    const { parts, users, metrics } = JSON.parse((await done([...args, '--json'], { cwd })).stdout);
    expect(parts.by).toBe(by);
    const total = parts.model.reduce((sum: number, part: { users: number }) => sum + part.users, 0);
    expect(total).toBe(users.scored);
    const mean = parts.model.reduce(
      (sum: number, part: { users: number; metrics: Record<string, { mean: number }> }) =>
        sum + (part.users / total) * part.metrics['ndcg@10'].mean,
      0,
    );
    expect(mean).toBeCloseTo(metrics['ndcg@10'].mean, 10);
    const { stdout } = await done(args, { cwd });
    expect(stdout).toMatch(/users +ndcg@10 +95% interval +popular +95% interval/);
  });

  it('gives errors of ratings beside means', async () => {
    const rated = rows.map(([user, item], i) => `${user},${item},${1 + ((item.charCodeAt(4) + i) % 5)}`);
    await writeFile(join(cwd, 'rated.csv'), `user,item,rating\n${rated.join('\n')}\n`);
    const train = ['train', 'rated.csv', '--model', 'ease', '--out', 'rated.safetensors', ...CPU];
    await done([...train, '--weight', 'value'], { cwd });
    const args = ['evaluate', 'rated.safetensors', 'rated.csv', '--metrics', 'mrr', '--ratings', ...CPU];
    const { ratings } = JSON.parse((await done([...args, '--threshold', '4', '--json'], { cwd })).stdout);
    expect(ratings.mean.rmse).toBeGreaterThan(ratings.mean.mae);
    // Ratings are 1 to 5, so the mean is less than 2 away on average.
    expect(ratings.mean.mae).toBeLessThan(2);
    expect(ratings.calibrated.rmse).toBeLessThan(ratings.model.rmse);
    expect(ratings.itemMean.decisions.accuracy).toBeGreaterThan(0);
    expect((await done(args, { cwd })).stdout).toMatch(/^rating +mae +rmse$/m);
    expect(
      await failure(['evaluate', 'model.safetensors', 'log.csv', '--ratings', ...CPU], { cwd }),
    ).toMatchObject({ exit: 2, code: 'CONFIG' });
    expect(await failure(['evaluate', 'model.safetensors', '--ratings'], { cwd })).toMatchObject({ exit: 2 });
  });
});
