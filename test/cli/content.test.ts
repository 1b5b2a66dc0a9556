import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, failure, lines, makeModel, temporaryFolder } from './helpers.js';

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, remove } = await temporaryFolder());
  await makeModel(cwd);
  // Items with an attribute, one of which nobody has had, and one that stands in the log alone.
  const [, ...rows] = lines(await readFile(join(cwd, 'items.csv'), 'utf8'));
  const groups = rows.map((row, i) => `${row},${i % 4},${row.split(',')[0]}`);
  await writeFile(
    join(cwd, 'attributes.csv'),
    `item,title,category,shelf,code\n${groups.slice(1).join('\n')}\n`,
  );
  await appendFile(join(cwd, 'attributes.csv'), 'brandnew,"The Newest Planet",scifi,2,brandnew\n');
});
afterAll(() => remove());

/** Users with attributes, one of whom has done nothing yet; the last of the log is not among them. */
async function writeUsers(): Promise<void> {
  const log = lines(await readFile(join(cwd, 'log.csv'), 'utf8')).slice(1);
  const ids = [...new Set(log.map((row) => row.split(',')[0]))].sort();
  const rows = ids.slice(0, -1).map((id, i) => `${id},${['north', 'south'][i % 2]},${20 + (i % 40)}`);
  await writeFile(join(cwd, 'users.csv'), `user,region,age\n${rows.join('\n')}\nbrandnew,south,33\n`);
}

const TINY = ['--device', 'cpu', '--factors', '8', '--epochs', '4', '--batch', '20'];
const train = (...args: string[]) => ['train', 'log.csv', '--model', 'content', ...args];

describe.concurrent('train --model content', () => {
  it('recommends and scores items that the log does not have', async () => {
    const made = await done(train('--items', 'attributes.csv', '--out', 'c.safetensors', ...TINY), { cwd });
    expect(made.stderr).toMatch(
      /items +attributes\.csv: 48 of 49 items known by title \(text, 256\), category \(category, 6\), shelf \(category, 4\)/,
    );
    expect(made.stderr).toMatch(/not used: code/);
    expect(made.stderr).toMatch(/new items 1 that the log does not have/);
    const scored = await done(['score', 'c.safetensors', '--user', 'u0001', '--item', 'brandnew'], { cwd });
    expect(scored.stdout).toContain('brandnew "The Newest Planet": score');
    // Also in the history of somebody, and with its reasons.
    const asked = ['--history', 'brandnew', '--json'];
    const told = await done(['recommend', 'c.safetensors', ...asked, '-k', '2'], { cwd });
    expect(JSON.parse(told.stdout)[0]).toMatchObject({ source: 'model', unknownItems: [] });
    const why = await done(['explain', 'c.safetensors', '--user', 'u0001', '--item', 'brandnew', '--json'], {
      cwd,
    });
    expect(JSON.parse(why.stdout)).toMatchObject({ method: 'additive', item: 'brandnew' });
    // What it goes by, of its own knowledge.
    const asks = ['importance', 'c.safetensors', '--sample', '10', '--json'];
    const { attributes } = JSON.parse((await done(asks, { cwd })).stdout);
    expect(attributes).toContainEqual(expect.objectContaining({ attribute: 'title' }));
    expect(attributes.some(({ value }: { value?: string }) => value === 'science fiction')).toBe(true);
    // Measured again from the log, which has fewer items than the model.
    const stored = JSON.parse((await done(['evaluate', 'c.safetensors', '--json'], { cwd })).stdout);
    const again = JSON.parse(
      (await done(['evaluate', 'c.safetensors', 'log.csv', '--device', 'cpu', '--json'], { cwd })).stdout,
    );
    expect(again.metrics['ndcg@100']).toEqual(stored.metrics['ndcg@100']);
  });

  it('is compared with models that know the log alone, on the same users', async () => {
    const args = [
      'compare',
      'log.csv',
      '--models',
      'popular,ease,content',
      '--epochs',
      '3',
      '--device',
      'cpu',
    ];
    const { stdout } = await done([...args, '--items', 'attributes.csv', '--json'], { cwd });
    const { models, users } = JSON.parse(stdout);
    const byName = new Map(models.map((made: { model: string }) => [made.model, made]));
    expect(byName.size).toBe(3);
    for (const { metrics, parameters, peakBytes, ms, versusBest } of models) {
      expect(peakBytes).toBeGreaterThan(0);
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(metrics['ndcg@100'].mean).toBeGreaterThan(0);
      if (versusBest) expect(versusBest.users ?? users.scored).toBe(users.scored);
      expect(parameters).toBeGreaterThan(0);
    }
    // Two maps of 256 words, 6 categories and 4 shelves to 64 numbers, and nobody's point: what is known is not learned.
    expect(byName.get('content')).toMatchObject({ parameters: 2 * (256 + 6 + 4) * 64 + 64 });
    // The others as without it, and content as when it is trained alone.
    const plain = JSON.parse(
      (await done(['compare', 'log.csv', '--models', 'popular,ease', '--device', 'cpu', '--json'], { cwd }))
        .stdout,
    );
    for (const { model, metrics } of plain.models) expect(byName.get(model)).toMatchObject({ metrics });
    await done(
      train('--items', 'attributes.csv', '--epochs', '3', '--device', 'cpu', '--out', 'one.safetensors'),
      { cwd },
    );
    const alone = JSON.parse((await done(['evaluate', 'one.safetensors', '--json'], { cwd })).stdout);
    const { metrics } = byName.get('content') as { metrics: Record<string, unknown> };
    expect(metrics['ndcg@100']).toEqual(alone.metrics['ndcg@100']);
    expect(await failure(args, { cwd })).toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/no file says it/),
    });
  });

  it('has its options searched', async () => {
    const args = [
      'compare',
      'log.csv',
      '--models',
      'content',
      '--tune',
      '2',
      '--epochs',
      '2',
      '--device',
      'cpu',
    ];
    const { stdout } = await done([...args, '--items', 'attributes.csv', '--json'], { cwd });
    const [{ tuned }] = JSON.parse(stdout).models;
    expect(tuned).toMatchObject({ trials: 2, failed: 0 });
  });

  it('is a member of a blend', async () => {
    const args = ['--model', 'blend', '--members', 'ease', '--member', 'content --factors 8 --epochs 3'];
    const made = await done(
      ['train', 'log.csv', ...args, '--items', 'attributes.csv', '--device', 'cpu', '--out', 'b.safetensors'],
      { cwd },
    );
    expect(made.stdout).toMatch(/weights +ease \d\.\d\d \+ content \d\.\d\d/);
  });

  it('knows users by what they are like, also those who have done nothing', async () => {
    await writeUsers();
    const known = ['--items', 'attributes.csv', '--users', 'users.csv'];
    const made = await done(train(...known, '--out', 'u.safetensors', ...TINY), { cwd });
    expect(made.stderr).toMatch(
      /users +users\.csv: 120 of 121 users known by region \(category, 2\), age \(number\)/,
    );
    expect(made.stderr).toMatch(/new users 1 that the log does not have; they can be recommended to, too/);
    const json = async (...args: string[]) =>
      JSON.parse((await done([...args, '--device', 'cpu', '--json'], { cwd })).stdout);
    const [newcomer] = await json('recommend', 'u.safetensors', '--user', 'brandnew', '-k', '3');
    expect(newcomer).toMatchObject({ source: 'model', shortfall: 0 });
    const first = newcomer.items[0];
    expect(
      (await json('score', 'u.safetensors', '--user', 'brandnew', '--item', first.item)).score,
    ).toBeCloseTo(first.score, 5);
    // Somebody of the log, by the same history with and without what is known of them.
    const why = await json('explain', 'u.safetensors', '--user', 'u0001', '--item', first.item);
    const ids = why.contributions.map(({ item }: { item: string }) => item).join(',');
    const stranger = await json('explain', 'u.safetensors', '--history', ids, '--item', first.item);
    expect(Math.abs(why.remainder)).toBeLessThan(1e-5);
    expect(why.baseline).not.toBeCloseTo(stranger.baseline, 5);
    expect(why.score - why.baseline).toBeCloseTo(stranger.score - stranger.baseline, 5);
    expect(
      await failure(['explain', 'u.safetensors', '--user', 'brandnew', '--item', first.item], { cwd }),
    ).toMatchObject({
      code: 'NO_HISTORY',
    });
    expect((await json('importance', 'u.safetensors', '--sample', '200')).users).toBe(120);
    expect((await json('groups', 'u.safetensors', '--groups', '3')).groups).toHaveLength(3);
    // Measured again from the log, which knows nothing of its users.
    const stored = JSON.parse((await done(['evaluate', 'u.safetensors', '--json'], { cwd })).stdout);
    const again = await json('evaluate', 'u.safetensors', 'log.csv');
    expect(again.metrics['ndcg@100']).toEqual(stored.metrics['ndcg@100']);
    // It is another model than without the users; and without histories nothing is left of them.
    await done(train('--items', 'attributes.csv', '--out', 'w.safetensors', ...TINY), { cwd });
    const without = JSON.parse((await done(['evaluate', 'w.safetensors', '--json'], { cwd })).stdout);
    expect(without.metrics['ndcg@100']).not.toEqual(stored.metrics['ndcg@100']);
    await done(train(...known, '--no-histories', '--out', 'h.safetensors', ...TINY), { cwd });
    expect((await readFile(join(cwd, 'h.safetensors'))).includes('traits.')).toBe(false);
    const [anyone] = await json('recommend', 'h.safetensors', '--history', 'b0001', '-k', '2');
    expect(anyone.source).toBe('model');
  });

  it('refuses attributes of users that it cannot take', async () => {
    await writeFile(join(cwd, 'strangers.csv'), 'user,region\nx,north\ny,south\n');
    await writeFile(join(cwd, 'idle.csv'), 'user,nickname\nu0001,aa\nu0002,bb\n');
    const ask = (...args: string[]) =>
      failure(train('--items', 'attributes.csv', ...args, '--device', 'cpu', '--out', 'n.safetensors'), {
        cwd,
      });
    expect(await ask('--users', 'strangers.csv')).toMatchObject({
      code: 'LOG_FORMAT',
      message: expect.stringMatching(/knows no user of the log: it has ids such as "x"/),
    });
    expect(await ask('--users', 'idle.csv')).toMatchObject({
      code: 'LOG_FORMAT',
      message: expect.stringMatching(/nothing of the users that could be used/),
    });
    expect(await ask('--users', 'users.csv', '--user-attribute', 'shoe=number')).toMatchObject({
      code: expect.stringMatching(/COLUMN_MISSING|FILE_MISSING/),
    });
    expect(await ask('--users', 'none.csv')).toMatchObject({ code: 'FILE_MISSING' });
    const compared = ['compare', 'log.csv', '--models', 'popular', '--users', 'users.csv', '--device', 'cpu'];
    expect(await failure(compared, { cwd })).toMatchObject({ code: 'USAGE' });
  });

  it('takes what it is told a column holds', async () => {
    const told = ['--attribute', 'shelf=number', '--attribute', 'title=unused'];
    const made = await done(train('--items', 'attributes.csv', ...told, '--out', 'k.safetensors', ...TINY), {
      cwd,
    });
    expect(made.stderr).toMatch(/known by category \(category, 6\), shelf \(number\)/);
    expect(made.stderr).toMatch(/not used: .*title/);
  });

  it.each([
    [['--out', 'n.safetensors'], 'USAGE', /no file says it/],
    [
      ['--items', 'attributes.csv', '--attribute', 'size=number', '--out', 'n.safetensors'],
      'COLUMN_MISSING',
      /"size"/,
    ],
    [
      ['--items', 'attributes.csv', '--attribute', 'size', '--out', 'n.safetensors'],
      'USAGE',
      /--attribute is "size"/,
    ],
  ])('refuses %o', async (args, code, message) => {
    expect(await failure(train(...args, '--device', 'cpu'), { cwd })).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
