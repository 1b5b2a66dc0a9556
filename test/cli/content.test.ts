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
    const asks = ['importance', 'c.safetensors', '--users', '10', '--json'];
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
